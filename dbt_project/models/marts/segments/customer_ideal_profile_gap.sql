with

members as (
    select
        customer_key,
        group_id,
        row_number() over (partition by group_id order by monetary desc, customer_key asc) as best_rank,
        count(*) over (partition by group_id) as customers_count
    from {{ ref('customer_rfm') }}
),

owned as (
    select
        customer_key,
        category,
        goods_revenue
    from {{ ref('customer_categories') }}
    where category is not null
),

parameters as (
    select
        max(value) filter (where parameter = 'ideal_best_share') as best_share,
        max(value) filter (where parameter = 'ideal_min_customers') as min_customers,
        max(value) filter (where parameter = 'ideal_min_share') as min_share
    from {{ ref('segment_parameters') }}
),

best as (
    select
        members.customer_key,
        members.group_id
    from members
    cross join parameters
    where members.best_rank <= ceil(members.customers_count * parameters.best_share)
),

best_sizes as (
    select
        group_id,
        count(*) as customers
    from best
    group by group_id
),

sold_to_best as (
    select
        best.group_id,
        owned.category,
        count(*) as customers,
        sum(owned.goods_revenue) as goods_revenue
    from best
    inner join owned on best.customer_key = owned.customer_key
    group by best.group_id, owned.category
),

profile as (
    select
        sold_to_best.group_id,
        sold_to_best.category,
        sold_to_best.customers / cast(best_sizes.customers as double) as share_of_best,
        cast(sold_to_best.goods_revenue / sold_to_best.customers as decimal(18, 4)) as potential_revenue
    from sold_to_best
    inner join best_sizes on sold_to_best.group_id = best_sizes.group_id
    cross join parameters
    where
        best_sizes.customers >= parameters.min_customers
        and sold_to_best.customers >= parameters.min_share * best_sizes.customers
)

select
    members.customer_key,
    profile.category as missing_category,
    members.group_id,
    profile.share_of_best,
    profile.potential_revenue,
    '{{ var("reporting_currency") }}' as currency
from members
inner join profile on members.group_id = profile.group_id
left join owned on members.customer_key = owned.customer_key and profile.category = owned.category
where owned.category is null
