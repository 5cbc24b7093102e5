-- When a device needs service or has reached its expected life, a subscription renews and a trial ends.
with

purchases as (
    select * from {{ ref('int_campaigns__category_purchases') }}
    where device_key is not null
),

care as (
    select * from {{ ref('product_care') }}
),

readings as (
    select * from {{ ref('stg_feedback__usage_readings') }}
),

subscriptions as (
    select * from {{ ref('stg_shop__subscriptions') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
    where lookup_type = 'account'
),

device_readings as (
    select
        purchases.customer_key,
        purchases.category,
        min(readings.read_at) as first_read_at,
        max(readings.read_at) as last_read_at,
        min(readings.usage) as first_usage,
        max(readings.usage) as last_usage
    from readings
    inner join customer_keys on readings.account_key = customer_keys.lookup_key
    inner join purchases
        on customer_keys.customer_key = purchases.customer_key and readings.product_key = purchases.device_key
    where {{ local_date('readings.read_at') }} >= purchases.last_bought_on
    group by purchases.customer_key, purchases.category
),

devices as (
    select
        purchases.customer_key,
        purchases.category,
        purchases.device_key,
        purchases.last_bought_on,
        care.lifetime_days,
        care.service_interval_days,
        care.service_interval_usage,
        device_readings.last_read_at,
        cast(device_readings.last_usage as double) as last_usage,
        -- One reading counts from the purchase, when nothing was used yet.
        case
            when device_readings.first_read_at < device_readings.last_read_at
                then
                    cast(device_readings.last_usage - device_readings.first_usage as double)
                    / ({{ days_between('device_readings.first_read_at', 'device_readings.last_read_at') }})
            else
                cast(device_readings.last_usage as double)
                / nullif({{ days_between('purchases.last_bought_on', 'device_readings.last_read_at') }}, 0)
        end as usage_per_day
    from purchases
    inner join care on purchases.category = care.category
    left join device_readings
        on purchases.customer_key = device_readings.customer_key and purchases.category = device_readings.category
),

-- The service to come, or one that came due in the last two weeks. A reading may be old, and use has gone on since.
numbered as (
    select
        *,
        {{ days_between('last_bought_on', last_day() ~ ' - 14') }} / service_interval_days as intervals,
        (last_usage + usage_per_day * {{ days_between(local_date('last_read_at'), last_day() ~ ' - 14') }})
        / service_interval_usage as usage_intervals
    from devices
),

forecasts as (
    select
        *,
        last_bought_on + cast(greatest(1, ceil(intervals)) * service_interval_days as integer) as due_by_date,
        case
            when usage_per_day > 0
                then {{ local_date('last_read_at') }} + cast(ceil(
                    (greatest(1, ceil(usage_intervals)) * service_interval_usage - last_usage) / usage_per_day
                ) as integer)
        end as due_by_usage
    from numbered
)

select
    customer_key,
    'service' as service_type,
    category as item,
    device_key as product_key,
    last_bought_on as since,
    due_by_date,
    due_by_usage,
    least(coalesce(due_by_date, due_by_usage), coalesce(due_by_usage, due_by_date)) as due_on
from forecasts
where due_by_date is not null or due_by_usage is not null
union all
select
    customer_key,
    'trade_in' as service_type,
    category as item,
    device_key as product_key,
    last_bought_on as since,
    last_bought_on + lifetime_days as due_by_date,
    cast(null as date) as due_by_usage,
    last_bought_on + lifetime_days as due_on
from devices
where lifetime_days is not null
union all
select
    customer_keys.customer_key,
    case when subscriptions.is_trial then 'trial_end' else 'renewal' end as service_type,
    subscriptions.subscription_key as item,
    subscriptions.product_key,
    {{ local_date('subscriptions.started_at') }} as since,
    {{ local_date('subscriptions.renews_at') }} as due_by_date,
    cast(null as date) as due_by_usage,
    {{ local_date('subscriptions.renews_at') }} as due_on
from subscriptions
inner join customer_keys on subscriptions.account_key = customer_keys.lookup_key
where
    subscriptions.renews_at is not null
    and (subscriptions.ended_at is null or subscriptions.ended_at >= {{ as_of() }})
