-- One missing parameter would turn every verdict into "not enough data", or empty the touchpoint map.
with

given as (
    select
        count(distinct parameter) as parameters,
        min(value) as smallest,
        max(value) filter (where parameter = 'sample_ratio_alpha') as alpha,
        max(value) filter (where parameter = 'lift_min_units') as min_units
    from {{ ref('campaign_parameters') }}
)

select * from given
where parameters <> 5 or smallest <= 0 or alpha >= 1 or min_units < 2
