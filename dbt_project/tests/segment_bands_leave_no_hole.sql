-- Each band begins where the one before ends, the first at the start of its axis, and the last has no end. A row is a
-- band that does not.
with

bands as (
    {%- for axis, seed, band, start, finish, starts_at in [
        ('lapsed_ladder', 'lapsed_ladder', 'rung_id', 'from_days', 'to_days', 'null'),
        ('pareto', 'pareto_classes', 'class_id', 'from_share', 'to_share', '0'),
        ('profit', 'profitability_bands', 'band_id', 'from_profit', 'to_profit', 'null'),
        ('churn', 'churn_bands', 'band_id', 'from_probability', 'to_probability', '0'),
    ] %}
    select
        '{{ axis }}' as axis,
        {{ band }} as band_id,
        {{ start }} as from_value,
        {{ finish }} as to_value,
        {{ starts_at }} as starts_at
    from {{ ref(seed) }}
    union all
    {%- endfor %}
    select
        axis,
        band_id,
        from_value,
        to_value,
        case axis when 'recency' then 0 when 'frequency' then 1 end as starts_at
    from {{ ref('active_grid') }}
),

neighbours as (
    select
        *,
        lag(band_id) over in_order as band_before,
        lag(to_value) over in_order as end_before,
        lead(band_id) over in_order as band_after
    from bands
    -- An empty start is the lowest.
    window in_order as (partition by axis order by coalesce(from_value, -99999999999999), band_id)
)

select
    axis,
    band_id,
    from_value,
    to_value
from neighbours
where
    (band_before is null and axis <> 'lapsed_ladder' and from_value is distinct from starts_at)
    or (band_before is not null and from_value is distinct from end_before)
    or (band_after is null and to_value is not null)
    or to_value <= from_value
