-- E-mail audience: overdue by their own rhythm. Consent is applied here, last.
with

segments as (
    select * from {{ ref('customer_segments') }}
    where segment_id = 'lapsed'
),

consents as (
    select * from {{ ref('customer_consents') }}
    where channel = 'email' and is_granted
)

select
    segments.customer_key,
    segments.segment_id,
    segments.stage,
    segments.entered_at
from segments
inner join consents on segments.customer_key = consents.customer_key
