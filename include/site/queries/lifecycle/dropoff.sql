select
    model_id,
    stage,
    dropoff_rate,
    dropoff_benchmark,
    dropoff_goal,
    goal_gap,
    severity,
    entered_customers,
    dropped_customers,
    horizon_days,
    benchmark_source
from marts.stage_dropoff
order by model_id, stage_order
