{# The members of a segment who may be contacted on a channel. Consent is applied here, last.
   segment_id: as in the seed segments; channel: email, sms, push or ads. #}
{% macro audience(segment_id, channel) -%}
with

segments as (
    select * from {{ ref('customer_segments') }}
    where segment_id = '{{ segment_id }}'
),

consents as (
    select * from {{ ref('customer_consents') }}
    where channel = '{{ channel }}' and is_granted
)

select
    segments.customer_key,
    segments.segment_id,
    segments.stage,
    segments.entered_at
from segments
inner join consents on segments.customer_key = consents.customer_key
{%- endmacro %}
