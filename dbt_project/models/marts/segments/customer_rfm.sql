-- A score is the share of the customers with a strictly worse value, in fifths: equal values cannot be told apart, so
-- they get equal scores. ntile would split them by chance.
with

customers as (
    select
        customer_key,
        net_revenue,
        orders_count,
        cast({{ days_between(local_date('last_order_at'), last_day()) }} as integer) as recency_days
    from {{ ref('dim_customers') }}
    where orders_count > 0
),

digits as (
    {%- for digit in range(1, 6) %}
    select {{ digit }} as digit
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

-- One row per pair of scores, so that customers meet their group by equality.
cells as (
    select
        recency.digit as recency_score,
        frequency.digit as frequency_score,
        rfm_groups.group_id
    from digits as recency
    cross join digits as frequency
    inner join {{ ref('rfm_groups') }} as rfm_groups
        on
            recency.digit between rfm_groups.min_recency and rfm_groups.max_recency
            and frequency.digit between rfm_groups.min_frequency and rfm_groups.max_frequency
),

ranked as (
    select
        *,
        count(*) over () as customers_count,
        rank() over (order by recency_days desc) - 1 as worse_recency,
        rank() over (order by orders_count) - 1 as worse_frequency,
        rank() over (order by net_revenue) - 1 as worse_monetary
    from customers
),

scored as (
    select
        *,
        cast(1 + floor(5 * worse_recency / customers_count) as integer) as recency_score,
        cast(1 + floor(5 * worse_frequency / customers_count) as integer) as frequency_score,
        cast(1 + floor(5 * worse_monetary / customers_count) as integer) as monetary_score
    from ranked
)

select
    scored.customer_key,
    scored.recency_days,
    scored.orders_count as frequency,
    scored.net_revenue as monetary,
    '{{ var("reporting_currency") }}' as currency,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    cells.group_id
from scored
left join cells
    on scored.recency_score = cells.recency_score and scored.frequency_score = cells.frequency_score
