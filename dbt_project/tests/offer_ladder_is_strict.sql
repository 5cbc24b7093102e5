-- Every rung has an end, perks cost no money and come first, and of two offers of money the higher one is worth more.
with

offers as (
    select * from {{ ref('offer_ladder') }}
)

select
    offers.offer_id,
    higher.offer_id as other_offer_id
from offers
left join offers as higher
    on
        offers.offer_id <> higher.offer_id
        and offers.level <= higher.level
        and (offers.kind <> 'perk' or higher.kind <> 'perk')
where
    offers.valid_days < 1
    or offers.level < 1
    or offers.expected_cost < 0
    or (offers.kind = 'perk') <> (offers.value_percent = 0)
    or offers.value_percent < 0
    or offers.value_percent >= 100
    or offers.level = higher.level
    or offers.value_percent >= higher.value_percent
