-- A missing parameter would empty the models that read it; a factor of 0 cannot be divided by.
with

parameters as (
    select
        count(*) as found,
        min(value) as smallest
    from {{ ref('kpi_parameters') }}
    where parameter in (
        'loyal_from_orders', 'years_kept_max', 'target_value_to_cost', 'costed_share_min', 'ledger_min_units'
    )
)

select * from parameters
where found <> 5 or smallest <= 0
