-- What counts as an engagement differs by platform: rows of kpi_engagement_formulas. Followers are kept as changes,
-- which add up to the number there is, whatever the days reports exist for.
{%- set actions = ['reactions', 'comments', 'shares', 'likes'] %}
with

engagement as (
    select * from {{ ref('stg_feedback__social_engagement') }}
),

formulas as (
    select * from {{ ref('kpi_engagement_formulas') }}
),

actions as (
    {%- for action in actions %}
    select
        social_engagement_key,
        platform,
        '{{ action }}' as action,
        {{ action }} as value
    from engagement
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

engagements as (
    select
        actions.social_engagement_key,
        sum(actions.value) as engagements
    from actions
    inner join formulas on actions.platform = formulas.platform and actions.action = formulas.action
    group by actions.social_engagement_key
),

reports as (
    select
        *,
        lag(followers) over (partition by social_account_key order by date) as followers_before
    from engagement
    where followers is not null
),

changes as (
    select
        social_engagement_key,
        followers - coalesce(followers_before, 0) as followers_change
    from reports
)

select
    engagement.date,
    engagement.platform,
    coalesce(sum(engagements.engagements), 0) as engagements,
    coalesce(sum(changes.followers_change), 0) as followers_change
from engagement
-- A platform without a formula has followers whose engagement is not known: neither may count.
inner join engagements on engagement.social_engagement_key = engagements.social_engagement_key
left join changes on engagement.social_engagement_key = changes.social_engagement_key
group by engagement.date, engagement.platform
