-- What holds lies within what is weaker, the quoted value holds by definition, and a claim of days has its horizon.
with

claims as (
    select
        *,
        coalesce(holds_from, -1) as holds_low,
        coalesce(holds_to, 1e9) as holds_high,
        coalesce(weaker_from, -1) as weaker_low,
        coalesce(weaker_to, 1e9) as weaker_high
    from {{ ref('benchmark_claims') }}
    where shape <> 'survey'
)

select claim_id from claims
where
    quoted_value not between holds_low and holds_high
    or holds_low < weaker_low
    or holds_high > weaker_high
    or (counted like '% after %' and horizon_days is null)
    or (counted in ('first order after registration', 'order after silence') and (from_days is null or to_days is null))
    or (counted = 'second order after return' and (from_days is null or to_days is null))
    or (counted = 'order by size after first order' and from_items is null)
    or to_days > horizon_days + coalesce(from_days, 0)
