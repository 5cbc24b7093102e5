with

customer_values as (
    select * from {{ ref('kpi_customer_value') }}
),

clv as (
    select
        customer_key,
        historic_value + expected_value as predicted_value
    from {{ ref('customer_clv') }}
    where expected_value is not null
),

customers as (
    select * from {{ ref('dim_customers') }}
),

segments as (
    select * from {{ ref('customer_segments') }}
),

predicted as (
    select
        'all' as dimension,
        'all' as dimension_value,
        avg(clv.predicted_value) as predicted_value
    from clv
    union all
    select
        'acquisition_channel' as dimension,
        customers.acquisition_channel as dimension_value,
        avg(clv.predicted_value) as predicted_value
    from clv
    inner join customers on clv.customer_key = customers.customer_key
    group by customers.acquisition_channel
    union all
    select
        'segment' as dimension,
        segments.segment_id as dimension_value,
        avg(clv.predicted_value) as predicted_value
    from clv
    inner join segments on clv.customer_key = segments.customer_key
    group by segments.segment_id
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
    union all
    {%- endfor %}
    select
        predicted.dimension,
        predicted.dimension_value,
        'clv_predicted' as method,
        cast(predicted.predicted_value as decimal(18, 4)) as customer_value,
        customer_values.cac,
        '{{ var("reporting_currency") }}' as currency
    from predicted
    inner join customer_values
        on
            predicted.dimension = customer_values.dimension
            and predicted.dimension_value = customer_values.dimension_value
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
