"""A build warehouse of three orders, made by hand: what gate 2 reads, and no more.

order  customer  gross  refunded  net
o1     c1        10.00  2.00       8.00
o2     c1        20.00            20.00
o3     c2         5.00             5.00
                 35.00            33.00
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from include.lake.layout import Lake
from include.settings import Settings
from tests.unit.sources.bench import plain_settings

AS_OF = datetime(2024, 6, 1)  # noqa: DTZ001 - UTC, without an offset
MONEY = "decimal(18, 2)"

BUILD = f"""
create schema staging; create schema marts; create schema contacts; create schema publish; create schema seeds;

create table staging.stg_shop__orders as
    select * from (values ('o1', 'c1', 'EUR', date '2024-05-01'), ('o2', 'c1', 'EUR', date '2024-05-02'),
    ('o3', 'c2', 'EUR', date '2024-05-03')) as t(order_key, account_key, currency, order_date);
create table staging.stg_shop__order_lines as
    select order_key, gross_amount::{MONEY} as gross_amount
    from (values ('o1', 10), ('o2', 20), ('o3', 5)) as t(order_key, gross_amount);
create table staging.stg_shop__refunds as select 'r1' as refund_key;
create table staging.stg_shop__customers as select unnest(['c1', 'c2']) as account_key;
create table staging.stg_ads__ad_performance as
    select date '2024-05-01' as date, 'EUR' as currency, 7.00::{MONEY} as spend;
create table staging.stg_email__events as
    select 'e1' as event_key, 'c1' as customer_key, 'mail' as source, 'hello-1' as campaign_id,
    'Who we are' as campaign_name, 'sent' as event_type, timestamp '2024-05-20' as event_at;
create table staging.stg_web__sessions as select 's1' as session_key;

create table marts.fct_orders as
    select order_key, customer_key, gross_amount::{MONEY} as gross_amount, net_revenue::{MONEY} as net_revenue
    from (values ('o1', 'c1', 10, 8), ('o2', 'c1', 20, 20), ('o3', 'c2', 5, 5))
    as t(order_key, customer_key, gross_amount, net_revenue);
create table marts.fct_order_lines as select * from staging.stg_shop__order_lines;
create table marts.fct_refunds as
    select 'r1' as refund_key, 'o1' as order_key, 'c1' as customer_key, 2.00::{MONEY} as refunded_amount,
    0.00::{MONEY} as refunded_tax_amount;
create table marts.dim_customers as
    select customer_key, 1 as accounts_count, net_revenue::{MONEY} as net_revenue,
    timestamp '2024-05-01' as first_order_at, timestamp '2024-05-02' as last_order_at,
    timestamp '2024-04-01' as first_seen_at, null::timestamp as registered_at, false as is_held_out
    from (values ('c1', 28), ('c2', 5)) as t(customer_key, net_revenue);
create table marts.fct_ad_performance as select date, spend from staging.stg_ads__ad_performance;
create table marts.fct_email_events as select * from staging.stg_email__events;
create table marts.fct_sessions as select * from staging.stg_web__sessions;
create table marts.cohort_retention as
    select 'first_order' as cohort_event, period_type, 'all' as dimension, date '2024-05-01' as cohort_month,
    33.00::{MONEY} as net_revenue_so_far from (values ('month'), ('week')) as t(period_type);
create table marts.kpi_daily as
    select 'net_revenue' as metric, 'all' as dimension, 33.00::{MONEY} as numerator;
create table marts.customer_stage_history as
    select * from (values
    ('c1', 'rf7', 'new', timestamp '2024-04-01', timestamp '2024-05-01'),
    ('c1', 'rf7', 'dormant', timestamp '2024-05-01', null),
    ('c2', 'rf7', 'loyal', timestamp '2024-04-01', null)) as t(customer_key, model_id, stage, valid_from, valid_to);
create table marts.customer_segments as
    select 'loyal' as segment_id, 'c' || i as customer_key from range(1, 3) as t(i);
create table marts.customer_consents as
    select * from (values ('c1', 'email', true), ('c2', 'email', false)) as t(customer_key, channel, is_granted);
create table marts.campaign_triggers as
    select * from (values
    ('t1', 'c1', 'away', 'bonus', timestamp '2024-06-15', true, 'treatment'),
    ('t2', 'c1', 'gone', 'more', timestamp '2024-06-15', false, 'treatment'),
    ('t3', 'c2', 'away', null, null, true, 'treatment'))
    as t(trigger_key, customer_key, trigger_id, offer_id, offer_expires_at, is_selected, arm);
create table publish.pub_loyal as select 'c1' as customer_key;
create table publish.pub_messages as select 'c1' as customer_key;
create table publish.pub_tasks as select 'c2' as customer_key;
create table publish.pub_suppressions as select 'c2' as customer_key, 'email' as channel;
create table seeds.stage_models as select 'rf7' as model_id;
create table seeds.offer_ladder as
    select * from (values ('gift', 'perk', 1, 0, 1.00), ('bonus', 'discount', 2, 10, 3.00),
    ('more', 'discount', 3, 20, 6.00)) as t(offer_id, kind, level, value_percent, expected_cost);
create table seeds.offer_policies as
    select * from (values ('rf7', 'dormant', 2), ('rf7', 'loyal', 1)) as t(model_id, stage, max_level);
create table seeds.campaign_playbook as
    select * from (values ('hello', 'registered', null, null, 0, 14, 7, null, 'email', 0.1),
    ('away', 'last_order', 'v', 'lapsed', 90, 10, null, 'bonus', 'manager_task', 0.1),
    ('gone', 'last_order', 'v', 'lapsed', 180, 10, null, 'more', 'email', 0.1))
    as t(trigger_id, occasion, model_id, stage, due_from_days, conversion_window_days, failed_after_days, offer_id,
    action, hold_out_share);
create table seeds.campaign_map as
    select * from (values (1, 'hello-%', 'hello', null::varchar), (9, '%', 'other', null))
    as t(priority, campaign_like, trigger_id, offer_id);
create table seeds.trigger_parameters as select 'offer_budget' as parameter, 3.0 as value;
create table seeds.segments as select 'loyal' as segment_id;
create table contacts.contacts as select 'c1' as customer_key, 'ann@example.org' as email;
comment on table marts.fct_orders is 'Orders, net of refunds: the shop''s own';
comment on column marts.fct_orders.net_revenue is 'What remained, in EUR';
"""

LANDED = {
    "orders": [
        {"order_id": f"o{n}", "customer_id": c, "ordered_at": f"2024-05-0{n}", "currency": "EUR"}
        for n, c in ((1, "c1"), (2, "c1"), (3, "c2"))
    ],
    "order_lines": [
        {"order_id": "o1", "line_number": 1, "quantity": 2, "unit_price": 5},
        {"order_id": "o2", "line_number": 1, "quantity": 1, "gross_amount": 20},
        {"order_id": "o3", "line_number": 1, "quantity": 1, "gross_amount": 5},
    ],
    "customers": [{"customer_id": "c1", "email": "ann@example.org"}, {"customer_id": "c2"}],
    "refunds": [{"refund_id": "r1", "order_id": "o1", "refunded_at": "2024-05-10", "amount": 2, "currency": "EUR"}],
    "ad_performance": [
        {"date": "2024-05-01", "platform": "x", "campaign_id": "1", "ad_set_id": "1", "ad_id": "1", "spend": 7}
        | {"currency": "EUR"}
    ],
    "email_events": [{"event_id": "e1", "event_at": "2024-05-01"}],
    "sessions": [{"session_id": "s1", "started_at": "2024-05-01"}],
}


def world(folder: Path) -> Settings:
    """A lake and the build warehouse that dbt would have made of it."""
    settings = plain_settings(folder / "data")
    lake = Lake(settings)
    lake.write_contracts()
    with duckdb.connect() as con:
        for stream, rows in LANDED.items():
            empty = lake.root / "_contract" / stream / "load_date=0001-01-01" / "empty.parquet"
            target = lake.landed("shop", stream) / "load_date=2024-06-01" / "a1.parquet"
            target.parent.mkdir(parents=True)
            con.execute(f"create or replace table t as from read_parquet('{empty}', hive_partitioning = false)")
            for number, row in enumerate(rows, start=1):
                row = row | {"_source": "shop", "_file": "f", "_row": number, "_load_id": "a1"}
                row |= {"_loaded_at": "2024-06-01"}
                con.execute(
                    f"insert into t by name select {', '.join(f'? as {name}' for name in row)}", [*row.values()]
                )
            con.execute(f"copy t to '{target}' (format parquet)")
    settings.build_warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.build_warehouse)) as con:
        con.execute(BUILD)
    return settings


def passed(settings: Settings, build_id: str) -> None:
    """Mark the build as gate 2 does, without asking Great Expectations, and stamp its id into every mart."""
    with duckdb.connect(str(settings.build_warehouse)) as con:
        con.execute("create schema if not exists meta; create schema if not exists audit")
        con.execute("create or replace table meta.build as select ? as build_id, now() as as_of", [build_id])
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where schema_name in ('marts', 'publish', 'contacts')"
        ).fetchall()
        for (table,) in tables:
            con.execute(f"alter table {table} add column if not exists stamp varchar")
            con.execute(f"update {table} set stamp = ?", [build_id])
