with

owned as (
    select
        customer_key,
        category
    from {{ ref('customer_categories') }}
    where category is not null
),

parameters as (
    select
        max(value) filter (where parameter = 'gap_min_support') as min_support,
        max(value) filter (where parameter = 'gap_min_lift') as min_lift,
        max(value) filter (where parameter = 'gap_max_categories') as max_categories
    from {{ ref('segment_parameters') }}
),

-- Customers of one set of categories miss the same ones: everything is worked out once per set, for there are few.
customer_sets as (
    select
        customer_key,
        {{ sorted_list('category') }} as categories
    from owned
    group by customer_key
),

sets as (
    select
        categories,
        min(customer_key) as set_key,
        count(*) as customers
    from customer_sets
    group by categories
),

set_categories as (
    select
        sets.set_key,
        sets.customers,
        owned.category
    from sets
    inner join owned on sets.set_key = owned.customer_key
),

buyers as (
    select sum(customers) as customers from sets
),

sizes as (
    select
        category,
        sum(customers) as customers
    from set_categories
    group by category
),

together as (
    select
        bought.category as bought_category,
        other.category as missing_category,
        sum(bought.customers) as customers
    from set_categories as bought
    inner join set_categories as other on bought.set_key = other.set_key
    where bought.category <> other.category
    group by bought.category, other.category
),

pairs as (
    select
        together.bought_category,
        together.missing_category,
        together.bought_category || '|' || together.missing_category as pair_id,
        together.customers / cast(bought.customers as double) as share_of_buyers,
        (together.customers / cast(bought.customers as double))
        / (missing.customers / cast(buyers.customers as double)) as lift
    from together
    inner join sizes as bought on together.bought_category = bought.category
    inner join sizes as missing on together.missing_category = missing.category
    cross join buyers
    cross join parameters
    where
        together.customers >= parameters.min_support * buyers.customers
        and together.customers * cast(buyers.customers as double)
        >= parameters.min_lift * bought.customers * missing.customers
),

-- One number per pair, best first, so that a customer's best pair for a category is a minimum.
numbered as (
    select
        *,
        row_number() over (order by share_of_buyers desc, lift desc, pair_id asc) as pair_number
    from pairs
),

missing as (
    select
        bought.set_key,
        numbered.missing_category,
        min(numbered.pair_number) as pair_number
    from set_categories as bought
    inner join numbered on bought.category = numbered.bought_category
    left join set_categories as own
        on bought.set_key = own.set_key and numbered.missing_category = own.category
    where own.category is null
    group by bought.set_key, numbered.missing_category
),

ranked as (
    select
        set_key,
        pair_number,
        row_number() over (partition by set_key order by pair_number) as gap_rank
    from missing
)

select
    customer_sets.customer_key,
    numbered.missing_category,
    cast(ranked.gap_rank as integer) as gap_rank,
    numbered.bought_category,
    numbered.share_of_buyers,
    numbered.lift,
    'bought ' || numbered.bought_category || ' and never ' || numbered.missing_category as reason
from customer_sets
inner join sets on customer_sets.categories = sets.categories
inner join ranked on sets.set_key = ranked.set_key
inner join numbered on ranked.pair_number = numbered.pair_number
cross join parameters
where ranked.gap_rank <= parameters.max_categories
