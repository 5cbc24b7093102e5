-- The longer the silence, the stronger the offer: a rung that gives no more than the one before teaches to wait.
with

rungs as (
    select
        rung_id,
        offer_level,
        lag(offer_level) over (order by from_days) as level_before
    from {{ ref('lapsed_ladder') }}
)

select
    rung_id,
    offer_level,
    level_before
from rungs
where offer_level <= level_before or offer_level < 1
