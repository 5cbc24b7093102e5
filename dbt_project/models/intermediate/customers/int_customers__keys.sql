-- One row per thing another table may know a customer by: an account key or an e-mail key.
with

identities as (
    select * from {{ ref('int_customers__identities') }}
),

accounts as (
    select
        identity_key as lookup_key,
        'account' as lookup_type,
        customer_key
    from identities
    where identity_type = 'account'
),

emails as (
    select
        email_key as lookup_key,
        'email' as lookup_type,
        min(customer_key) as customer_key
    from identities
    where email_key is not null
    group by email_key
)

select
    lookup_key,
    lookup_type,
    customer_key
from accounts
union all
select
    lookup_key,
    lookup_type,
    customer_key
from emails
