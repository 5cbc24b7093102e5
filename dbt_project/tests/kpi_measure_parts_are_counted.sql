-- A part that is itself made of parts would be found in no day, and a unique count added to a flow means nothing.
with

parts as (
    select * from {{ ref('kpi_measure_parts') }}
),

measures as (
    select * from {{ ref('kpi_measures') }}
)

select
    parts.measure,
    parts.part
from parts
inner join measures as whole on parts.measure = whole.measure
inner join measures as piece on parts.part = piece.measure
where
    parts.part in (select made.measure from parts as made)
    or whole.kind <> piece.kind
