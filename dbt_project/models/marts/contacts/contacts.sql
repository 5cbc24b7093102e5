-- How a customer is reached. Promoted to a file of its own: the live warehouse that BI opens has none of this.
with

contact_points as (
    select * from {{ ref('int_customers__contact_points') }}
)

select
    customer_key,
    max_by(email, cast(seen_at as varchar) || email) filter (where email is not null) as email,
    max_by(phone, cast(seen_at as varchar) || phone) filter (where phone is not null) as phone,
    max_by(first_name, cast(seen_at as varchar) || first_name) filter (where first_name is not null) as first_name,
    max_by(last_name, cast(seen_at as varchar) || last_name) filter (where last_name is not null) as last_name
from contact_points
group by customer_key
