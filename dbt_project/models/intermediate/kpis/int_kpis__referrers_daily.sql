-- A customer counts as a referrer on the day of their first referral of the period, as in int_kpis__customers_daily.
{%- set period_types = ['day', 'week', 'month', 'quarter', 'year'] %}
with

referrals as (
    select * from {{ ref('int_referrals__identified') }}
    where referrer_customer_key is not null
),

acquired as (
    select * from {{ ref('int_customers__acquired') }}
),

dated as (
    select
        referrer_customer_key,
        referral_key,
        {{ local_date('referred_at') }} as date,
        lag({{ local_date('referred_at') }}) over (
            partition by referrer_customer_key order by referred_at, referral_key
        ) as previous_date
    from referrals
),

by_period_type as (
    {%- for period_type in period_types %}
    select
        dated.date,
        coalesce(acquired.acquisition_channel, 'unknown') as channel,
        '{{ period_type }}' as period_type,
        count(*) filter (
            where dated.previous_date is null or dated.previous_date < {{ period_start(period_type, 'dated.date') }}
        ) as referrers
    from dated
    left join acquired on dated.referrer_customer_key = acquired.customer_key
    group by dated.date, coalesce(acquired.acquisition_channel, 'unknown')
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

{{ as_measures('by_period_type', ['referrers']) }}
