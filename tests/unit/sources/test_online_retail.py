"""The shipped mapping of UCI Online Retail: which of its lines become what.

PERENNIAL_REAL_DATA names the folder that holds the real file, online_retail.parquet, for the last test.
"""

from __future__ import annotations

import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.settings import PROJECT_ROOT
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from tests.unit.sources.bench import Bench

MAPPING = read_mapping(PROJECT_ROOT / "include" / "sources" / "mappings" / "online_retail.yml")

#  invoice, stock code, description, quantity, date, price, customer
EXCERPT = """
    ('536365', '85123A', 'WHITE HANGING HEART', 6, '2010-12-01 08:26', 2.55, 17850),
    ('536365', '71053', 'WHITE METAL LANTERN', 6, '2010-12-01 08:26', 3.39, 17850),
    ('536365', '71053', 'WHITE METAL LANTERN', 1, '2010-12-01 08:26', 3.39, 17850),
    ('536365', 'POST', 'POSTAGE', 1, '2010-12-01 08:26', 18.00, 17850),
    ('C536379', 'D', 'Discount', -1, '2010-12-01 09:41', 27.50, 14527),
    ('C536391', '22556', 'PLASTERS IN TIN', -12, '2011-07-01 10:24', 1.65, 17548),
    ('C536391', '21984', 'PACK OF 12', -24, '2011-07-01 10:24', 0.29, 17548),
    ('536414', '22139', NULL, 56, '2010-12-01 11:52', 0.00, NULL),
    ('536544', '21773', 'DECORATIVE ROSE', 1, '2010-12-01 14:32', 2.51, NULL),
    ('536544', 'DOT', 'DOTCOM POSTAGE', 1, '2010-12-01 14:32', 569.77, NULL),
    ('536544', 'gift_0001_20', 'Dotcomgiftshop Gift Voucher', 1, '2010-12-01 14:32', 16.67, NULL),
    ('536589', '21777', 'lost', -10, '2010-12-01 16:50', 0.00, NULL),
    ('A563185', 'B', 'Adjust bad debt', 1, '2011-08-12 14:50', 11062.06, NULL),
    ('581587', 'M', 'Manual', 2, '2011-12-09 12:50', 1.25, 12680),
    ('581587', 'DCGS0003', 'BOXED GLASS', 1, '2011-12-09 12:50', 2.10, 12680),
    ('581587', 'AMAZONFEE', 'AMAZON FEE', 1, '2011-12-09 12:50', 7.00, 12680),
    ('581587', '71053', 'METAL LANTERN, WHITE', 1, '2011-12-09 12:50', 3.75, 12680)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    bench = Bench(tmp_path_factory.mktemp("online_retail"))
    folder = bench.settings.data_dir / "sources" / "online_retail"
    folder.mkdir(parents=True)
    duckdb.connect().execute(
        "copy (select InvoiceNo, StockCode, Description, Quantity::bigint as Quantity, InvoiceDate::timestamp as"
        " InvoiceDate, UnitPrice::double as UnitPrice, CustomerID::double as CustomerID, 'United Kingdom' as Country"
        f" from (values {EXCERPT}) as t(InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,"
        f" CustomerID)) to '{folder / 'excerpt.parquet'}' (format parquet)"
    )
    for stream in MAPPING.streams:
        extract(bench.settings, MAPPING, stream)
    return bench


def rows(shop: Bench, stream: str, columns: str) -> list[tuple[Any, ...]]:
    files = shop.lake.incoming("online_retail", stream) / "*.parquet"
    return duckdb.connect().execute(f"select {columns} from read_parquet('{files}') order by all").fetchall()


def test_no_value_of_the_file_is_lost_on_the_way_to_its_type(shop: Bench) -> None:
    assert all(rows(shop, name, "count(_problem), count(_superseded_by)") == [(0, 0)] for name in MAPPING.streams)


def test_customers_are_those_with_a_number(shop: Bench) -> None:
    assert rows(shop, "customers", "customer_id, country") == [
        ("12680", "United Kingdom"),
        ("14527", "United Kingdom"),
        ("17548", "United Kingdom"),
        ("17850", "United Kingdom"),
    ]


def test_products_are_numbered_articles_with_a_price_under_their_latest_name(shop: Bench) -> None:
    assert rows(shop, "products", "product_id, name, unit_price") == [
        ("21773", "DECORATIVE ROSE", Decimal("2.5100")),
        ("21984", "PACK OF 12", Decimal("0.2900")),
        ("22556", "PLASTERS IN TIN", Decimal("1.6500")),
        ("71053", "METAL LANTERN, WHITE", Decimal("3.7500")),
        ("85123A", "WHITE HANGING HEART", Decimal("2.5500")),
    ]


def test_orders_are_invoices_and_only_sales_are_completed(shop: Bench) -> None:
    assert rows(shop, "orders", "order_id, customer_id, status, source_status, currency") == [
        ("536365", "17850", "completed", "invoice", "GBP"),
        ("536414", None, "cancelled", "stock correction", "GBP"),
        ("536544", None, "completed", "invoice", "GBP"),
        ("536589", None, "cancelled", "stock correction", "GBP"),
        ("581587", "12680", "completed", "invoice", "GBP"),
        ("A563185", None, "cancelled", "adjustment", "GBP"),
    ]


def test_times_are_those_of_london(shop: Bench) -> None:
    winter = rows(shop, "orders", "order_id, ordered_at")[0]
    assert winter == ("536365", datetime.fromisoformat("2010-12-01 08:26"))
    summer = rows(shop, "refunds", "refund_id, refunded_at")[1]
    assert summer == ("C536391-1", datetime.fromisoformat("2011-07-01 09:24"))


def test_lines_keep_their_order_and_say_whether_they_are_products(shop: Bench) -> None:
    assert rows(shop, "order_lines", "order_id, line_number, product_id, line_type, quantity, unit_price") == [
        ("536365", 1, "85123A", "product", Decimal(6), Decimal("2.55")),
        ("536365", 2, "71053", "product", Decimal(6), Decimal("3.39")),
        ("536365", 3, "71053", "product", Decimal(1), Decimal("3.39")),
        ("536365", 4, "POST", "shipping", Decimal(1), Decimal(18)),
        ("536414", 1, "22139", "product", Decimal(56), Decimal(0)),
        ("536544", 1, "21773", "product", Decimal(1), Decimal("2.51")),
        ("536544", 2, "DOT", "shipping", Decimal(1), Decimal("569.77")),
        ("536544", 3, "gift_0001_20", "gift_card", Decimal(1), Decimal("16.67")),
        ("536589", 1, "21777", "product", Decimal(-10), Decimal(0)),
        ("581587", 1, "M", "adjustment", Decimal(2), Decimal("1.25")),
        ("581587", 2, "DCGS0003", "product", Decimal(1), Decimal("2.10")),
        ("581587", 3, "AMAZONFEE", "fee", Decimal(1), Decimal(7)),
        ("581587", 4, "71053", "product", Decimal(1), Decimal("3.75")),
        ("A563185", 1, "B", "adjustment", Decimal(1), Decimal("11062.06")),
    ]


def test_lines_of_a_cancellation_are_refunds_of_their_product(shop: Bench) -> None:
    assert rows(shop, "refunds", "refund_id, order_id, customer_id, product_id, quantity, amount, currency") == [
        ("C536379-1", None, "14527", "D", Decimal(1), Decimal("27.50"), "GBP"),
        ("C536391-1", None, "17548", "22556", Decimal(12), Decimal("19.80"), "GBP"),
        ("C536391-2", None, "17548", "21984", Decimal(24), Decimal("6.96"), "GBP"),
    ]


def test_the_real_file_adds_up(tmp_path: Path) -> None:
    folder = os.environ.get("PERENNIAL_REAL_DATA", "")
    if not (Path(folder) / "online_retail.parquet").is_file() or not folder:
        pytest.skip("PERENNIAL_REAL_DATA names no folder with online_retail.parquet")
    bench = Bench(tmp_path)
    mapping = MAPPING.model_copy(update={"base": folder})
    for stream in ("customers", "orders", "order_lines", "refunds"):
        extract(bench.settings, mapping, stream)
    (customers,) = rows(bench, "customers", "count(*)")
    (orders,) = rows(bench, "orders", "count(*)")
    (lines,) = rows(bench, "order_lines", "count(*), sum(quantity * unit_price)")
    (refunds,) = rows(bench, "refunds", "count(*), sum(amount), count(distinct split_part(refund_id, '-', 1))")
    assert customers[0] == 4_372
    assert orders[0] == 22_064
    assert lines[0] == 532_621
    assert refunds[0] == 9_288
    assert orders[0] + refunds[2] == 25_900
    assert (lines[1] - refunds[1]).quantize(Decimal("0.01")) == Decimal("9747747.93")
    assert rows(bench, "orders", "count(_problem), count(_superseded_by)") == [(0, 0)]
