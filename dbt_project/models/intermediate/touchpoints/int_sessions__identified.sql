with

sessions as (
    select * from {{ ref('stg_web__sessions') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
),

channel_rules as (
    select * from {{ ref('channel_rules') }}
),

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
),

accounts as (
    select
        lookup_key as account_key,
        customer_key
    from customer_keys
    where lookup_type = 'account'
),

-- A device that several customers logged in on says nothing about who an anonymous visit was.
visitors as (
    select
        sessions.visitor_key,
        min(accounts.customer_key) as customer_key
    from sessions
    inner join accounts on sessions.account_key = accounts.account_key
    group by sessions.visitor_key
    having min(accounts.customer_key) = max(accounts.customer_key)
),

origins as (
    select distinct
        coalesce(utm_source, '') as utm_source,
        coalesce(utm_medium, '') as utm_medium,
        coalesce(referrer, '') as referrer
    from sessions
),

matching_rules as (
    select
        origins.*,
        channel_rules.channel,
        row_number() over (
            partition by origins.utm_source, origins.utm_medium, origins.referrer
            order by channel_rules.priority
        ) as precedence
    from origins
    inner join channel_rules
        on
            origins.utm_source like coalesce(channel_rules.source_like, '')
            and origins.utm_medium like coalesce(channel_rules.medium_like, '')
            and origins.referrer like coalesce(channel_rules.referrer_like, '')
),

orders_of_session as (
    select
        session_key,
        count(*) as orders_count
    from orders
    where is_completed and session_key is not null
    group by session_key
)

select
    sessions.session_key,
    sessions.visitor_key,
    sessions.source,
    coalesce(accounts.customer_key, visitors.customer_key) as customer_key,
    sessions.started_at,
    sessions.session_date,
    coalesce(matching_rules.channel, 'other') as channel,
    sessions.utm_source,
    sessions.utm_medium,
    sessions.utm_campaign,
    sessions.referrer,
    sessions.device,
    sessions.page_views,
    sessions.product_views,
    sessions.cart_adds,
    sessions.checkout_starts,
    coalesce(orders_of_session.orders_count, 0) as orders_count
from sessions
left join accounts on sessions.account_key = accounts.account_key
left join visitors on sessions.visitor_key = visitors.visitor_key
left join matching_rules
    on
        coalesce(sessions.utm_source, '') = matching_rules.utm_source
        and coalesce(sessions.utm_medium, '') = matching_rules.utm_medium
        and coalesce(sessions.referrer, '') = matching_rules.referrer
        and matching_rules.precedence = 1
left join orders_of_session on sessions.session_key = orders_of_session.session_key
