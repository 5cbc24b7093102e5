with

ad_performance as (
    select * from {{ ref('int_ad_performance__converted') }}
),

sales_costs as (
    select * from {{ ref('int_kpis__sales_costs') }}
),

email_events as (
    select * from {{ ref('int_email_events__identified') }}
),

social as (
    select * from {{ ref('int_kpis__social_daily') }}
),

ads_daily as (
    select
        date,
        channel,
        'every' as period_type,
        sum(spend) as ad_spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from ad_performance
    group by date, channel
),

sales_costs_daily as (
    select
        date,
        channel,
        'every' as period_type,
        sum(amount) as sales_costs
    from sales_costs
    group by date, channel
),

-- The mail program of one customer opens a mail several times: once a day and campaign is what counts.
openings as (
    select distinct
        event_date,
        source,
        campaign_id,
        coalesce(customer_key, email_event_key) as reader
    from email_events
    where event_type = 'opened'
),

openings_daily as (
    select
        event_date,
        count(*) as emails_opened
    from openings
    group by event_date
),

emails_counted as (
    select
        event_date,
        count(*) filter (where event_type = 'sent') as emails_sent,
        count(*) filter (where event_type = 'bounced') as emails_bounced,
        count(*) filter (where event_type = 'clicked') as emails_clicked,
        count(*) filter (where event_type = 'unsubscribed') as emails_unsubscribed
    from email_events
    group by event_date
),

emails_daily as (
    select
        emails_counted.event_date as date,
        'email' as channel,
        'every' as period_type,
        emails_counted.emails_sent,
        emails_counted.emails_bounced,
        emails_counted.emails_sent - emails_counted.emails_bounced as emails_delivered,
        coalesce(openings_daily.emails_opened, 0) as emails_opened,
        emails_counted.emails_sent - emails_counted.emails_bounced - coalesce(openings_daily.emails_opened, 0)
            as emails_unopened,
        emails_counted.emails_clicked,
        emails_counted.emails_unsubscribed
    from emails_counted
    left join openings_daily on emails_counted.event_date = openings_daily.event_date
),

social_daily as (
    select
        date,
        'organic_social' as channel,
        'every' as period_type,
        sum(engagements) as engagements,
        sum(followers_change) as followers
    from social
    group by date
)

{{ as_measures('ads_daily', ['ad_spend', 'impressions', 'clicks']) }}
union all
{{ as_measures('sales_costs_daily', ['sales_costs']) }}
union all
{{ as_measures('emails_daily', [
    'emails_sent', 'emails_bounced', 'emails_delivered', 'emails_opened', 'emails_unopened', 'emails_clicked',
    'emails_unsubscribed',
]) }}
union all
{{ as_measures('social_daily', ['engagements', 'followers']) }}
