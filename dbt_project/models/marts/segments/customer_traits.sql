with

customers as (
    select * from {{ ref('dim_customers') }}
),

habits as (
    select * from {{ ref('int_segments__order_habits') }}
),

categories as (
    select * from {{ ref('customer_categories') }}
),

rules as (
    select * from {{ ref('trait_rules') }}
),

life_events as (
    select * from {{ ref('life_events') }}
),

referrers as (
    select distinct referrer_customer_key as customer_key
    from {{ ref('fct_referrals') }}
    where referrer_customer_key is not null
),

favourites as (
    select
        customer_key,
        count(category) as categories_count,
        max(goods_revenue) filter (where category is not null) / nullif(sum(goods_revenue), 0) as favourite_share
    from categories
    group by customer_key
),

measured as (
    select
        customers.customer_key,
        customers.orders_count,
        coalesce(habits.items_count / nullif(habits.orders_count, 0), 0) as items_per_order,
        coalesce(habits.discounted_orders_count * 1.0 / nullif(habits.orders_count, 0), 0) as discounted_share,
        coalesce(habits.recent_net_revenue, 0) as recent_net_revenue,
        coalesce(favourites.categories_count, 0) as categories_count,
        coalesce(favourites.favourite_share, 0) as favourite_share,
        referrers.customer_key is not null as has_referred
    from customers
    left join habits on customers.customer_key = habits.customer_key
    left join favourites on customers.customer_key = favourites.customer_key
    left join referrers on customers.customer_key = referrers.customer_key
),

-- The first rule that holds gives the trait; an empty condition always holds.
chosen as (
    select
        measured.customer_key,
        rules.trait,
        min(rules.priority) as priority
    from measured
    cross join rules
    where
        measured.orders_count >= rules.min_orders
        and (rules.max_orders is null or measured.orders_count <= rules.max_orders)
        and (rules.min_items_per_order is null or measured.items_per_order >= rules.min_items_per_order)
        and (rules.min_discounted_share is null or measured.discounted_share >= rules.min_discounted_share)
        and (rules.min_categories is null or measured.categories_count >= rules.min_categories)
        and (rules.min_favourite_share is null or measured.favourite_share >= rules.min_favourite_share)
        and (rules.min_recent_net_revenue is null or measured.recent_net_revenue >= rules.min_recent_net_revenue)
        and (rules.has_referred is null or measured.has_referred = rules.has_referred)
    group by measured.customer_key, rules.trait
),

-- A department is entered with the first of its categories.
started as (
    select
        categories.customer_key,
        life_events.event_id,
        {{ start_of_local_day('min(categories.first_ordered_on)') }} as entered_at,
        sum(categories.units) as units
    from categories
    inner join life_events
        on life_events.value = case life_events.level
            when 'category' then categories.category
            when 'department' then categories.department
        end
    group by categories.customer_key, life_events.event_id
)

select
    chosen.customer_key,
    chosen.trait,
    rules.value,
    rules.rule_id,
    cast(null as timestamp) as entered_at,
    cast(null as timestamp) as leaves_at,
    rules.description as reason
from chosen
inner join rules on chosen.trait = rules.trait and chosen.priority = rules.priority
union all
select
    started.customer_key,
    'life_event' as trait,
    life_events.event_id as value,
    life_events.event_id as rule_id,
    started.entered_at,
    {{ plus_days('started.entered_at', 'life_events.within_days') }} as leaves_at,
    life_events.description as reason
from started
inner join life_events on started.event_id = life_events.event_id
where
    started.units >= life_events.min_units
    and {{ plus_days('started.entered_at', 'life_events.within_days') }} > {{ as_of() }}
