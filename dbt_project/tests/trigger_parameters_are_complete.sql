-- A missing number would make every comparison with it NULL: nobody held out, or nothing sent.
with

parameters as (
    select
        max(value) filter (where parameter = 'hold_out_salt') as hold_out_salt,
        max(value) filter (where parameter = 'global_hold_out_share') as global_hold_out_share,
        max(value) filter (where parameter = 'offer_budget') as offer_budget,
        max(value) filter (where parameter = 'rhythm_min_orders') as rhythm_min_orders,
        max(value) filter (where parameter = 'replenish_min_rebuys') as replenish_min_rebuys,
        max(value) filter (where parameter = 'replenish_min_customers') as replenish_min_customers
    from {{ ref('trigger_parameters') }}
)

select *
from parameters
where
    hold_out_salt is null
    or coalesce(global_hold_out_share, -1) < 0
    or global_hold_out_share >= 1
    or coalesce(offer_budget, -1) < 0
    -- A gap takes two orders, an interval of one's own at least one rebuy, a median somebody.
    or coalesce(rhythm_min_orders, 0) < 2
    or coalesce(replenish_min_rebuys, 0) < 1
    or coalesce(replenish_min_customers, 0) < 1
