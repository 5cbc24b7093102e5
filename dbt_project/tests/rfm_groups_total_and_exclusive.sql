-- Every pair of scores has exactly one group. A row is a pair with none or several.
with

digits as (
    {%- for digit in range(1, 6) %}
    select {{ digit }} as digit
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

select
    recency.digit as recency_score,
    frequency.digit as frequency_score,
    count(rfm_groups.group_id) as groups
from digits as recency
cross join digits as frequency
left join {{ ref('rfm_groups') }} as rfm_groups
    on
        recency.digit between rfm_groups.min_recency and rfm_groups.max_recency
        and frequency.digit between rfm_groups.min_frequency and rfm_groups.max_frequency
group by recency.digit, frequency.digit
having count(rfm_groups.group_id) <> 1
