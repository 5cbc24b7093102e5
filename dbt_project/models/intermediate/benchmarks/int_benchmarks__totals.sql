-- What each claim about visits, carts and revenue says, summed over everything this shop knows.
with

claims as (
    select * from {{ ref('benchmark_claims') }}
),

buyers as (
    select * from {{ ref('int_kpis__buyer_totals') }}
),

measures as (
    select * from {{ ref('int_kpis__visits_daily') }}
    union all
    select * from {{ ref('int_kpis__sales_daily') }}
),

ranked as (
    select
        net_revenue,
        row_number() over (order by net_revenue desc, customer_key asc) as place,
        count(*) over () as customers
    from buyers
),

revenue as (
    select
        sum(net_revenue) filter (where place <= round(0.2 * customers)) as numerator,
        sum(net_revenue) as denominator
    from ranked
),

totals as (
    select
        {%- for measure in [
            'abandoned_checkouts', 'checkouts', 'repeat_cart_adds', 'repeat_sessions', 'new_cart_adds', 'new_sessions',
            'repeat_converted_sessions', 'new_converted_sessions', 'repeat_revenue', 'repeat_orders', 'new_revenue',
            'new_customers',
        ] %}
        sum(value) filter (where measure = '{{ measure }}') as {{ measure }},
        {%- endfor %}
        count(*) as rows_counted
    from measures
)

select
    claims.claim_id,
    case claims.counted
        when 'revenue of the best fifth' then revenue.numerator
        when 'opened checkouts' then totals.abandoned_checkouts
        when 'items added' then totals.repeat_cart_adds
        when 'conversion' then totals.repeat_converted_sessions
        when 'basket' then totals.repeat_revenue
    end as numerator,
    case claims.counted
        when 'revenue of the best fifth' then revenue.denominator
        when 'opened checkouts' then totals.checkouts
        when 'basket' then totals.repeat_orders
        when 'items added' then totals.repeat_sessions
        when 'conversion' then totals.repeat_sessions
    end as denominator,
    case claims.counted
        when 'items added' then totals.new_cart_adds
        when 'conversion' then totals.new_converted_sessions
        when 'basket' then totals.new_revenue
    end as base_numerator,
    case claims.counted
        when 'items added' then totals.new_sessions
        when 'conversion' then totals.new_sessions
        when 'basket' then totals.new_customers
    end as base_denominator
from claims
cross join revenue
cross join totals
where claims.counted in ('revenue of the best fifth', 'opened checkouts', 'items added', 'conversion', 'basket')
