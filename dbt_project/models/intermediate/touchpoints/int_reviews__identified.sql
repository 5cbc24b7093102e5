with

reviews as (
    select * from {{ ref('stg_feedback__reviews') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
)

select
    reviews.review_key,
    reviews.source,
    customer_keys.customer_key,
    reviews.product_key,
    reviews.rating,
    reviews.reviewed_at
from reviews
left join customer_keys
    on reviews.account_key = customer_keys.lookup_key and customer_keys.lookup_type = 'account'
