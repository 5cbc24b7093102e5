with

reviews as (
    select * from {{ ref('int_reviews__identified') }}
)

select
    review_key,
    customer_key,
    product_key,
    source,
    rating,
    reviewed_at
from reviews
