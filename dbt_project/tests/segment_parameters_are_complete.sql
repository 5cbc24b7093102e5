-- A missing number would empty a mart without a word; one out of its range would mean nothing.
with

ranges as (
    {%- for parameter, lowest, highest in [
        ('rhythm_prior_gaps', 0, 1000),
        ('churn_horizon_days', 1, 3650),
        ('clv_horizon_days', 1, 3650),
        ('clv_sample_customers', 100, 10000000),
        ('clv_min_repeat_customers', 2, 1000000),
        ('clv_holdout_days', 1, 3650),
        ('clv_simple_years', 0.01, 100),
        ('pareto_top_share', 0, 1),
        ('loyalty_days', 1, 3650),
        ('gap_min_support', 0, 1),
        ('gap_min_lift', 0, 1000),
        ('gap_max_categories', 1, 1000),
        ('ideal_best_share', 0, 1),
        ('ideal_min_customers', 1, 1000000),
        ('ideal_min_share', 0, 1),
    ] %}
    select '{{ parameter }}' as parameter, {{ lowest }} as lowest, {{ highest }} as highest
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

select
    ranges.parameter,
    parameters.value
from ranges
left join {{ ref('segment_parameters') }} as parameters on ranges.parameter = parameters.parameter
where parameters.value is null or parameters.value < ranges.lowest or parameters.value > ranges.highest
