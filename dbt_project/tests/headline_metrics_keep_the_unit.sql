-- A headline is written in the unit its metric is defined in; a share is a ratio.
select
    headlines.metric,
    headlines.unit,
    definitions.unit as defined_unit
from {{ ref('headline_metrics') }} as headlines
inner join {{ ref('kpi_definitions') }} as definitions on headlines.metric = definitions.metric
where case headlines.unit when 'share' then 'ratio' else headlines.unit end <> definitions.unit
