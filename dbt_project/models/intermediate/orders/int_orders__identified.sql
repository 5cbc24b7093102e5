-- Whose an order is, which of theirs, and at what rate: narrow, because every line of an order asks for it.
with

orders as (
    select * from {{ ref('stg_shop__orders') }}
),

rates as (
    select * from {{ ref('int_fx__rates') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
),

identified as (
    select
        orders.order_key,
        orders.ordered_at,
        orders.order_date,
        orders.status = 'completed' as is_completed,
        rates.rate,
        rates.is_reporting_currency,
        coalesce(accounts.customer_key, emails.customer_key) as customer_key
    from orders
    inner join rates
        on
            orders.currency = rates.currency
            and orders.order_date >= rates.valid_from
            and orders.order_date < rates.valid_to
    left join customer_keys as accounts
        on orders.account_key = accounts.lookup_key and accounts.lookup_type = 'account'
    left join customer_keys as emails
        on orders.email_key = emails.lookup_key and emails.lookup_type = 'email'
)

select
    order_key,
    customer_key,
    case
        when is_completed and customer_key is not null
            then row_number() over (partition by customer_key, is_completed order by ordered_at, order_key)
    end as order_sequence,
    order_date,
    is_completed,
    rate,
    is_reporting_currency
from identified
