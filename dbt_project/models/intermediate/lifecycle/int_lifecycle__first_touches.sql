-- The first time a customer did each of the things that can be a milestone, other than ordering.
with

sessions as (
    select * from {{ ref('int_sessions__identified') }}
    where customer_key is not null
),

carts as (
    select * from {{ ref('int_carts__identified') }}
    where customer_key is not null
),

email_events as (
    select * from {{ ref('int_email_events__identified') }}
    where customer_key is not null and event_type = 'clicked'
),

consents as (
    select * from {{ ref('int_consents__changes') }}
    where channel = 'email' and status = 'granted'
),

referrals as (
    select
        referrer_customer_key as customer_key,
        referred_at
    from {{ ref('int_referrals__identified') }}
    where referrer_customer_key is not null
),

reviews as (
    select * from {{ ref('int_reviews__identified') }}
    where customer_key is not null
),

-- A trial is a subscription: the customer has signed up for one.
subscriptions as (
    select * from {{ ref('int_subscriptions__identified') }}
    where customer_key is not null
),

milestones as (
    select distinct event_type
    from {{ ref('stage_milestones') }}
),

first_of_sessions as (
    select
        customer_key,
        min(started_at) as first_session_at,
        min(started_at) filter (where product_views > 0) as product_viewed_at
    from sessions
    group by customer_key
),

-- Of two visits that start in the same second only one counts: which, nobody could say.
second_sessions as (
    select
        sessions.customer_key,
        min(sessions.started_at) as second_session_at
    from sessions
    inner join first_of_sessions
        on
            sessions.customer_key = first_of_sessions.customer_key
            and sessions.started_at > first_of_sessions.first_session_at
    group by sessions.customer_key
),

touches as (
    {%- for event_type, relation, moment in [
        ('first_session', 'first_of_sessions', 'first_session_at'),
        ('product_viewed', 'first_of_sessions', 'product_viewed_at'),
        ('second_session', 'second_sessions', 'second_session_at'),
        ('cart_created', 'carts', 'created_at'),
        ('checkout_started', 'carts', 'checkout_started_at'),
        ('email_clicked', 'email_events', 'event_at'),
        ('newsletter_joined', 'consents', 'changed_at'),
        ('referral_made', 'referrals', 'referred_at'),
        ('review_written', 'reviews', 'reviewed_at'),
        ('subscription_started', 'subscriptions', 'started_at'),
    ] %}
    select
        customer_key,
        '{{ event_type }}' as event_type,
        min({{ moment }}) as event_at
    from {{ relation }}
    group by customer_key
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

select
    touches.customer_key,
    touches.event_type,
    touches.event_at
from touches
left join milestones on touches.event_type = milestones.event_type
where
    touches.event_at is not null
    and (touches.event_type = 'first_session' or milestones.event_type is not null)
