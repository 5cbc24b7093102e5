-- A campaign without a row would have no window and vanish from conversions and lift.
with

problems as (
    select 'no last row fits every campaign' as problem
    from {{ ref('campaign_map') }}
    having count(*) filter (where campaign_like = '%') <> 1
    union all
    select 'a row stands behind the one that fits every campaign' as problem
    from {{ ref('campaign_map') }}
    having max(priority) <> max(priority) filter (where campaign_like = '%')
    union all
    select 'a window is not of 1 to 365 days' as problem
    from {{ ref('campaign_map') }}
    where conversion_window_days not between 1 and 365
    union all
    select 'a hold-out share is not between 0 and 1' as problem
    from {{ ref('campaign_map') }}
    where hold_out_share <= 0 or hold_out_share >= 1
    union all
    select 'a pattern is not in lower case and never fits' as problem
    from {{ ref('campaign_map') }}
    where campaign_like <> lower(campaign_like)
)

select * from problems
