-- Who must not be contacted on a channel, and why. The publisher removes them even while a run is blocked.
with

consents as (
    select * from {{ ref('customer_consents') }}
    where not is_granted
),

held_out as (
    select * from {{ ref('dim_customers') }}
    where is_held_out
),

channels as (
    {%- for channel in ['email', 'sms', 'push', 'ads'] %}
    select '{{ channel }}' as channel
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

suppressed as (
    select
        customer_key,
        channel,
        'consent' as kind,
        reason
    from consents
    union all
    -- A word of their own outlasts the experiment: it is told as such.
    select
        held_out.customer_key,
        channels.channel,
        'hold_out' as kind,
        'held out of all marketing to measure what it does' as reason
    from held_out
    cross join channels
    left join consents on held_out.customer_key = consents.customer_key and channels.channel = consents.channel
    where consents.customer_key is null
)

select
    customer_key,
    channel,
    kind,
    reason
from suppressed
