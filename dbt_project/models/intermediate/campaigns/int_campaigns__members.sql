-- What an account says of a customer that a trigger needs: the birthday nearest to the run, and membership.
with

accounts as (
    select * from {{ ref('stg_shop__customers') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
    where lookup_type = 'account'
),

people as (
    select
        customer_keys.customer_key,
        -- Two accounts with different dates: the elder date, so that a rebuild says the same.
        min(accounts.birth_date) as birth_date,
        count(accounts.loyalty_id) > 0 as is_member
    from accounts
    inner join customer_keys on accounts.account_key = customer_keys.lookup_key
    where accounts.birth_date is not null or accounts.loyalty_id is not null
    group by customer_keys.customer_key
),

years as (
    select extract(year from {{ last_day() }}) - 1 as number
    union all
    select extract(year from {{ last_day() }}) as number
    union all
    select extract(year from {{ last_day() }}) + 1 as number
),

birthdays as (
    select
        people.customer_key,
        case
            when extract(month from people.birth_date) = 2 and extract(day from people.birth_date) = 29
                then make_date(cast(years.number as integer), 3, 1) - 1
            else make_date(
                cast(years.number as integer),
                cast(extract(month from people.birth_date) as integer),
                cast(extract(day from people.birth_date) as integer)
            )
        end as birthday
    from people
    cross join years
    where people.birth_date is not null
),

near_birthdays as (
    select
        customer_key,
        min(birthday) as birthday
    from birthdays
    where birthday between {{ last_day() }} - 31 and {{ last_day() }} + 31
    group by customer_key
)

select
    people.customer_key,
    people.is_member,
    near_birthdays.birthday
from people
left join near_birthdays on people.customer_key = near_birthdays.customer_key
