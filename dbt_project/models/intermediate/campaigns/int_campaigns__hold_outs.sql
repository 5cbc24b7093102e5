-- Who a message was kept from on purpose: by account before address, as messages find their customer.
with

hold_outs as (
    select * from {{ ref('stg_email__campaign_hold_outs') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
)

select
    hold_outs.hold_out_key,
    hold_outs.source,
    hold_outs.campaign_id,
    coalesce(accounts.customer_key, emails.customer_key) as customer_key,
    hold_outs.held_out_at
from hold_outs
left join customer_keys as accounts
    on hold_outs.account_key = accounts.lookup_key and accounts.lookup_type = 'account'
left join customer_keys as emails
    on hold_outs.email_key = emails.lookup_key and emails.lookup_type = 'email'
where accounts.customer_key is not null or emails.customer_key is not null
