with

customer_values as (
    select * from {{ ref('kpi_customer_value') }}
),

parameters as (
    select value as target_value_to_cost
    from {{ ref('kpi_parameters') }}
    where parameter = 'target_value_to_cost'
),

methods as (
    {%- for method in ['clv_simple', 'clv_arpu', 'clv_historic', 'lifetime_profit'] %}
    select
        dimension,
        dimension_value,
        '{{ method }}' as method,
        {{ method }} as customer_value,
        cac,
        currency
    from customer_values
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    methods.dimension,
    methods.dimension_value,
    methods.method,
    methods.customer_value,
    parameters.target_value_to_cost,
    cast(
        cast(methods.customer_value as double) / cast(parameters.target_value_to_cost as double) as decimal(18, 4)
    ) as allowable_cac,
    methods.cac,
    methods.cac * parameters.target_value_to_cost > methods.customer_value as is_above_allowable,
    methods.cac > methods.customer_value as is_above_value,
    methods.currency
from methods
cross join parameters
