-- How long before as_of the newest record of each stream lies.
with newest as (
    select 'orders' as stream, max(ordered_at) as newest_at from marts.fct_orders
    union all
    select 'refunds', max(refunded_at) from marts.fct_refunds
    union all
    select 'sessions', max(started_at) from marts.fct_sessions
    union all
    select 'carts', max(created_at) from marts.fct_carts
    union all
    select 'e-mail events', max(event_at) from marts.fct_email_events
    union all
    select 'ad performance', max(cast(date as timestamp) + interval 1 day) from marts.fct_ad_performance
    union all
    select 'reviews', max(reviewed_at) from marts.fct_reviews
)

select
    newest.stream,
    newest.newest_at,
    date_diff('second', newest.newest_at, build.as_of) / 86400.0 as days_old
from newest
cross join meta.build as build
where newest.newest_at is not null
order by days_old desc, newest.stream
