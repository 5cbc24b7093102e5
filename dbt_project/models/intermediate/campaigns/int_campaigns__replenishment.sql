-- When what a customer bought of a category is used up: by their own interval, else the category's, else the care rule.
with

purchases as (
    select * from {{ ref('int_campaigns__category_purchases') }}
),

care as (
    select * from {{ ref('product_care') }}
    where replenish_days is not null
),

parameters as (
    select
        max(value) filter (where parameter = 'replenish_min_rebuys') as min_rebuys,
        max(value) filter (where parameter = 'replenish_min_customers') as min_customers
    from {{ ref('trigger_parameters') }}
),

rebuys as (
    select
        purchases.customer_key,
        purchases.category,
        purchases.last_bought_on,
        purchases.purchase_days - 1 as rebuys_count,
        care.replenish_days as care_days,
        {{ days_between('purchases.first_bought_on', 'purchases.last_bought_on') }}
        / nullif(purchases.purchase_days - 1, 0) as own_days
    from purchases
    inner join care on purchases.category = care.category
),

categories as (
    select
        category,
        median(own_days) as median_days,
        count(own_days) as rebuying_customers
    from rebuys
    group by category
),

intervals as (
    select
        rebuys.customer_key,
        rebuys.category,
        rebuys.last_bought_on,
        rebuys.rebuys_count,
        case
            when rebuys.rebuys_count >= parameters.min_rebuys then 'personal'
            when categories.rebuying_customers >= parameters.min_customers then 'category_median'
            else 'product_life'
        end as interval_source,
        rebuys.own_days,
        categories.median_days,
        rebuys.care_days
    from rebuys
    inner join categories on rebuys.category = categories.category
    cross join parameters
),

chosen as (
    select
        *,
        -- Half a day more than a whole number is the next day, on every engine.
        cast(floor(case
            when interval_source = 'personal' then own_days
            when interval_source = 'category_median' then median_days
            else care_days
        end + 0.5) as integer) as interval_days
    from intervals
)

select
    customer_key,
    category,
    last_bought_on,
    rebuys_count,
    interval_days,
    interval_source,
    last_bought_on + interval_days as due_on
from chosen
