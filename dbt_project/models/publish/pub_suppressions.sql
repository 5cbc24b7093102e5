-- Who must not be contacted on a channel any more, and why. The publisher removes them even while a run is blocked.
with

consents as (
    select * from {{ ref('customer_consents') }}
)

select
    customer_key,
    channel,
    reason
from consents
where not is_granted
