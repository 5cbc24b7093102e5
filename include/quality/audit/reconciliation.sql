-- What is in the lake, in staging and in the marts must be the same: counted and added up from the files themselves,
-- without the models' own code. Amounts are in the reporting currency.
create or replace table audit.reconciliation as
with

rates as (
    select
        from_currency as currency,
        cast(rate as decimal(18, 8)) as rate,
        valid_from,
        lead(valid_from, 1, date '9999-12-31') over (partition by from_currency order by valid_from) as valid_to
    from read_csv($fx_rates)
    where to_currency = $currency and from_currency <> $currency
    union all
    select $currency, 1, date '0001-01-01', date '9999-12-31'
),

raw_orders as (
    select _source, order_id, customer_id, currency, ordered_at
    from read_parquet($lake || '/*/orders/load_date=*/*.parquet', union_by_name = true, hive_partitioning = false)
    where ordered_at < $as_of
    qualify row_number() over (partition by _source, order_id order by _loaded_at desc, _load_id desc, _row desc) = 1
),

raw_lines as (
    select *
    from read_parquet($lake || '/*/order_lines/load_date=*/*.parquet', union_by_name = true, hive_partitioning = false)
    qualify row_number() over (
        partition by _source, order_id, line_number order by _loaded_at desc, _load_id desc, _row desc
    ) = 1
),

raw_customers as (
    select distinct _source, customer_id
    from read_parquet($lake || '/*/customers/load_date=*/*.parquet', union_by_name = true, hive_partitioning = false)
    where registered_at < $as_of or registered_at is null
    union
    select distinct _source, customer_id from raw_orders where customer_id is not null
),

raw_refunds as (
    select _source, refund_id, refunded_at
    from read_parquet($lake || '/*/refunds/load_date=*/*.parquet', union_by_name = true, hive_partitioning = false)
    where refunded_at < $as_of
    qualify row_number() over (partition by _source, refund_id order by _loaded_at desc, _load_id desc, _row desc) = 1
),

raw_ads as (
    select *
    from read_parquet($lake || '/*/ad_performance/load_date=*/*.parquet', union_by_name = true, hive_partitioning = false)
    where date < $as_of
    qualify row_number() over (
        partition by _source, date, platform, campaign_id, ad_set_id, ad_id
        order by _loaded_at desc, _load_id desc, _row desc
    ) = 1
),

raw_amounts as (
    select
        _source,
        order_id,
        cast(coalesce(gross_amount, quantity * unit_price, 0) as decimal(18, 4)) as gross_amount
    from raw_lines
),

raw_priced_lines as (
    select
        case
            when raw_orders.currency = $currency then raw_amounts.gross_amount
            -- Without the cast DuckDB would cut the whole column to the scale of the rounded branch.
            else cast(round(raw_amounts.gross_amount * rates.rate, $minor_units) as decimal(18, 4))
        end as gross_amount
    from raw_amounts
    inner join raw_orders using (_source, order_id)
    inner join rates
        on
            raw_orders.currency = rates.currency
            and cast(timezone($time_zone, timezone('UTC', raw_orders.ordered_at)) as date) >= rates.valid_from
            and cast(timezone($time_zone, timezone('UTC', raw_orders.ordered_at)) as date) < rates.valid_to
)

select
    'orders' as measure,
    cast((select count(*) from raw_orders) as decimal(38, 4)) as raw_value,
    cast((select count(*) from staging.stg_shop__orders) as decimal(38, 4)) as staging_value,
    cast((select count(*) from marts.fct_orders) as decimal(38, 4)) as mart_value
union all
select
    'order lines',
    (select count(*) from raw_lines semi join raw_orders using (_source, order_id)),
    (select count(*) from staging.stg_shop__order_lines semi join staging.stg_shop__orders using (order_key)),
    (select count(*) from marts.fct_order_lines)
union all
select
    'gross amount of the order lines',
    (select coalesce(sum(gross_amount), 0) from raw_priced_lines),
    (
        select coalesce(sum(
            case
                when orders.currency = $currency then lines.gross_amount
                else round(lines.gross_amount * rates.rate, $minor_units)
            end
        ), 0)
        from staging.stg_shop__order_lines as lines
        inner join staging.stg_shop__orders as orders using (order_key)
        inner join rates
            on
                orders.currency = rates.currency
                and orders.order_date >= rates.valid_from
                and orders.order_date < rates.valid_to
    ),
    (select coalesce(sum(gross_amount), 0) from marts.fct_order_lines)
union all
select
    'refunds',
    (select count(*) from raw_refunds),
    (select count(*) from staging.stg_shop__refunds),
    (select count(*) from marts.fct_refunds)
union all
select
    'customer accounts',
    (select count(*) from raw_customers),
    (
        select count(*) from (
            select account_key from staging.stg_shop__customers
            union
            select account_key from staging.stg_shop__orders where account_key is not null
        )
    ),
    (select coalesce(sum(accounts_count), 0) from marts.dim_customers)
union all
select
    'ad spend',
    (
        select coalesce(sum(case when currency = $currency then spend else round(spend * rate, $minor_units) end), 0)
        from raw_ads inner join rates using (currency)
        where raw_ads.date >= rates.valid_from and raw_ads.date < rates.valid_to
    ),
    (
        select coalesce(sum(case when currency = $currency then spend else round(spend * rate, $minor_units) end), 0)
        from staging.stg_ads__ad_performance as ads inner join rates using (currency)
        where ads.date >= rates.valid_from and ads.date < rates.valid_to
    ),
    (select coalesce(sum(spend), 0) from marts.fct_ad_performance)
union all
select
    'e-mail events',
    (
        select count(distinct (_source, event_id))
        from read_parquet($lake || '/*/email_events/load_date=*/*.parquet', union_by_name = true, hive_partitioning = false)
        where event_at < $as_of
    ),
    (select count(*) from staging.stg_email__events),
    (select count(*) from marts.fct_email_events)
union all
select
    'sessions',
    (
        select count(distinct (_source, session_id))
        from read_parquet($lake || '/*/sessions/load_date=*/*.parquet', union_by_name = true, hive_partitioning = false)
        where started_at < $as_of
    ),
    (select count(*) from staging.stg_web__sessions),
    (select count(*) from marts.fct_sessions);

comment on table audit.reconciliation is 'One row per measure: what is in the lake, in staging and in the marts, each counted or added up from the rows themselves.'
