-- A customer counts as a referrer on the day of their first referral of the period, as in int_kpis__customers_daily.
{%- set period_types = ['day', 'week', 'month', 'quarter', 'year'] %}
with

referrals as (
    select * from {{ ref('int_referrals__identified') }}
    where referrer_customer_key is not null
),

buyers as (
    select * from {{ ref('int_kpis__buyers') }}
),

-- Who has not bought yet is not among the customers that referrers are a share of.
dated as (
    select
        buyers.acquisition_channel as channel,
        {{ local_date('referrals.referred_at') }} as date,
        lag({{ local_date('referrals.referred_at') }}) over (
            partition by referrals.referrer_customer_key order by referrals.referred_at, referrals.referral_key
        ) as previous_date
    from referrals
    inner join buyers
        on
            referrals.referrer_customer_key = buyers.customer_key
            and {{ local_date('referrals.referred_at') }} >= buyers.first_order_date
),

by_period_type as (
    {%- for period_type in period_types %}
    select
        date,
        channel,
        '{{ period_type }}' as period_type,
        count(*) filter (
            where previous_date is null or previous_date < {{ period_start(period_type, 'date') }}
        ) as referrers
    from dated
    group by date, channel
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

{{ as_measures('by_period_type', ['referrers']) }}
