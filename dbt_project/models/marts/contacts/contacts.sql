-- How a customer is reached. Promoted to a file of its own: the live warehouse that BI opens has none of this.
with

golden as (
    select * from {{ ref('int_customers__golden') }}
)

select
    customer_key,
    email,
    email_source,
    email_seen_at,
    phone,
    phone_source,
    phone_seen_at,
    first_name,
    first_name_source,
    first_name_seen_at,
    last_name,
    last_name_source,
    last_name_seen_at,
    birth_date,
    birth_date_source,
    birth_date_seen_at
from golden
