-- Customers who bought lately and never from a category that goes with what they have, is to be tried, or for members.
with

customers as (
    select * from {{ ref('int_campaigns__customers') }}
),

purchases as (
    select * from {{ ref('int_campaigns__category_purchases') }}
),

members as (
    select * from {{ ref('int_campaigns__members') }}
),

care as (
    select * from {{ ref('product_care') }}
),

products as (
    select * from {{ ref('stg_shop__products') }}
),

-- The care rules may know categories that the shop does not carry.
carried as (
    select distinct category
    from products
),

horizon as (
    select max(due_until_days) as days
    from {{ ref('campaign_playbook') }}
    where is_active and occasion in ('accessory_gap', 'trial_gap', 'members_gap')
),

recent as (
    select customers.*
    from customers
    cross join horizon
    where {{ plus_days('customers.last_order_at', 'horizon.days') }} > {{ as_of() }}
),

wanted as (
    select
        recent.customer_key,
        'accessory_gap' as occasion,
        care.accessory_category as category
    from recent
    inner join purchases on recent.customer_key = purchases.customer_key
    inner join care on purchases.category = care.category
    where care.accessory_category is not null
    union all
    select
        recent.customer_key,
        'trial_gap' as occasion,
        care.category
    from recent
    cross join care
    where care.has_trial
    union all
    select
        recent.customer_key,
        'members_gap' as occasion,
        care.category
    from recent
    inner join members on recent.customer_key = members.customer_key
    cross join care
    where members.is_member and care.members_only
)

select
    wanted.customer_key,
    wanted.occasion,
    min(wanted.category) as category
from wanted
inner join carried on wanted.category = carried.category
left join purchases on wanted.customer_key = purchases.customer_key and wanted.category = purchases.category
where purchases.customer_key is null
group by wanted.customer_key, wanted.occasion
