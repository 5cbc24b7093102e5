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

logged_in as (
    select
        sessions.session_key,
        sessions.visitor_key,
        customer_keys.customer_key
    from sessions
    inner join customer_keys
        on sessions.account_key = customer_keys.lookup_key and customer_keys.lookup_type = 'account'
),

-- A device that several customers logged in on says nothing about who an anonymous visit was.
visitors as (
    select
        visitor_key,
        min(customer_key) as customer_key
    from logged_in
    group by visitor_key
    having count(distinct customer_key) = 1
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
    sessions.*,
    coalesce(logged_in.customer_key, visitors.customer_key) as customer_key,
    coalesce(matching_rules.channel, 'other') as channel,
    coalesce(orders_of_session.orders_count, 0) as orders_count
from sessions
left join logged_in on sessions.session_key = logged_in.session_key
left join visitors on sessions.visitor_key = visitors.visitor_key
left join matching_rules
    on
        coalesce(sessions.utm_source, '') = matching_rules.utm_source
        and coalesce(sessions.utm_medium, '') = matching_rules.utm_medium
        and coalesce(sessions.referrer, '') = matching_rules.referrer
        and matching_rules.precedence = 1
left join orders_of_session on sessions.session_key = orders_of_session.session_key
