"""What is loaded day by day, whatever happened to orders in between, equals what one load at the end brings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from include.demo.apis.places import padded
from include.demo.apis.retailcrm import RetailcrmApi
from include.demo.apis.shopify import Shopify
from include.demo.apis.woocommerce import WooCommerceApi
from include.sources.vendors import retailcrm, woocommerce
from tests.contracts.test_woocommerce_shop import load, present
from tests.contracts.vendors import connect
from tests.unit.sources.bench import plain_settings
from tests.unit.sources.vendors import retailcrm_records as crm_records
from tests.unit.sources.vendors import shopify_records as shopify
from tests.unit.sources.vendors import woocommerce_records as woo_records

pytestmark = pytest.mark.slow
DAYS = 6
FIRST = datetime(2026, 1, 1)  # noqa: DTZ001 - UTC


class Woo:
    """What happens to the orders of a WooCommerce shop."""

    columns: ClassVar = {
        "orders": "order_number, status, gross_amount",
        "order_lines": "line_number, product_id, quantity",
        "refunds": "refund_id, amount",
        "coupon_redemptions": "redemption_id, coupon_code",
    }
    options: ClassVar = {"requests_per_second": 10_000}

    def __init__(self) -> None:
        self.api = WooCommerceApi()
        self.live: set[int] = set()
        self.trashed: set[int] = set()

    def write(self, number: int, at: datetime, rng: random.Random) -> None:
        lines = [woo_records.line(product, 1, "10", "2", "10", "2") for product in range(1, rng.randint(2, 4))]
        coupons = [woo_records.coupon(number * 10 + place, "A") for place in range(rng.randint(0, 2))]
        refunds = [number * 10 + place for place in range(rng.randint(0, 2))]
        changes = {"line_items": lines, "coupon_lines": coupons, "status": rng.choice(["pending", "completed"])}
        listed = {"refunds": [{"id": one, "reason": "", "total": "-1.00"} for one in refunds]}
        for place in range(2):
            self.api.store.remove("refunds", padded(number * 10 + place, number))
        for one in refunds:
            self.api.put("refunds", woo_records.refund(one, "1.00"), parent=number)
        self.api.put(
            "orders", woo_records.order(number, date_modified_gmt=f"{at:%Y-%m-%dT%H:%M:%S}", **changes, **listed)
        )
        self.live.add(number)

    def happen(self, at: datetime, rng: random.Random) -> None:
        what = rng.random()
        if what < 0.5 or len(self.live) < 3:
            return self.write(max(self.live | self.trashed, default=0) + 1, at, rng)
        if what < 0.75:
            return self.write(rng.choice(sorted(self.live)), at, rng)
        if what < 0.9 or not self.trashed:
            number = rng.choice(sorted(self.live))
            self.live.remove(number)
            self.trashed.add(number)
            return self.api.trash("orders", number, f"{at:%Y-%m-%dT%H:%M:%S}")
        number = rng.choice(sorted(self.trashed))
        self.trashed.remove(number)
        self.api.delete("orders/trash", number)
        return self.write(number, at, rng)


class Crm:
    """What happens to the orders of a retailCRM account."""

    columns: ClassVar = {
        "orders": "order_number, status, gross_amount",
        "order_lines": "line_number, product_id, quantity",
    }

    options: ClassVar = {}

    def __init__(self) -> None:
        self.api = RetailcrmApi()
        self.live: set[int] = set()
        self.last = 0

    def happen(self, at: datetime, rng: random.Random) -> None:
        local = f"{at + timedelta(hours=3):%Y-%m-%d %H:%M:%S}"
        what = rng.random()
        if what < 0.8 or not self.live:
            self.last += 1
            number = self.last if what < 0.5 or not self.live else rng.choice(sorted(self.live))
            items = [crm_records.item(offer, 1, 10) for offer in range(1, rng.randint(1, 4))]
            self.api.put(
                "orders", crm_records.order(number, items=items, status=rng.choice(["new", "complete"])), local
            )
            self.live.add(number)
        else:
            number = rng.choice(sorted(self.live))
            self.live.remove(number)
            self.api.delete("orders", number, local)


class ShopifyShop:
    """What happens to the orders of a Shopify shop: days come in pages, all at once in a bulk operation."""

    columns: ClassVar = {
        "orders": "order_number, status, gross_amount",
        "order_lines": "line_number, product_id, quantity",
        "refunds": "refund_id, amount",
        "coupon_redemptions": "redemption_id, coupon_code",
    }
    options: ClassVar = {"bulk_above": 10, "poll_seconds": 0.01}

    def __init__(self) -> None:
        self.api = Shopify("a token")
        self.api.key, self.api.secret = self.api.client
        self.live: set[int] = set()
        self.last = 0

    def happen(self, at: datetime, rng: random.Random) -> None:
        what = rng.random()
        if what < 0.8 or not self.live:
            self.last += what < 0.5 or not self.live
            number = self.last if what < 0.5 or not self.live else rng.choice(sorted(self.live))
            return self.write(number, at, rng)
        number = rng.choice(sorted(self.live))
        self.live.remove(number)
        return self.api.shop.delete("orders", shopify.gid("Order", number), at)

    def write(self, number: int, at: datetime, rng: random.Random) -> None:
        ten, nothing = shopify.money("10.00"), shopify.money("0.00")
        lines = [shopify.line(10 * number + place, 2, ten) for place in range(rng.randint(1, 3))]
        back = shopify.refund_line(number, 10 * number, 1, ten, nothing)
        # A unit removed before it was paid, or one paid back.
        refunds = [shopify.refund(number, rng.choice([ten, nothing]), back)] if rng.random() < 0.5 else []
        changes = {"discountCodes": rng.choice([[], ["A"]]), "cancelledAt": rng.choice([None, "2026-01-01T00:00:00Z"])}
        changed = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        self.api.shop.put("orders", shopify.order(number, *lines, updatedAt=changed, refunds=refunds, **changes))
        self.live.add(number)


@pytest.fixture
def loaders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(woocommerce, "PER_PAGE", 4)
    monkeypatch.setattr(retailcrm, "LIMIT", 20)
    monkeypatch.setattr(retailcrm, "PER_SECOND", ())
    started = []

    def loader(shop: Any, vendor: str, name: str) -> Any:
        if shop.api not in started:
            shop.api.start()
            started.append(shop.api)
        login = {"login": getattr(shop.api, "key", ""), "password": getattr(shop.api, "secret", shop.api.key)}
        connect(monkeypatch, "the_shop", host=shop.api.url, **login)
        path = tmp_path / f"{name}.yml"
        content = {"source": "shop", "vendor": vendor, "connection": "the_shop", "time_zone": "Europe/Moscow"}
        path.write_text(yaml.safe_dump(content | {"options": shop.options}))
        settings = plain_settings(tmp_path / name)
        return settings, lambda end: load(settings, path, tuple(shop.columns), f"{end:%Y-%m-%dT%H:%M:%S}")

    yield loader
    for api in started:
        api.stop()


def live_through(loader: Any, shop: Any, seed: int) -> Any:
    """Let things happen and load each day; return the settings of the lake."""
    settings, load_day = loader
    rng = random.Random(seed)
    for day in range(DAYS):
        for second in sorted(rng.randrange(86_400) for _ in range(8)):
            shop.happen(FIRST + timedelta(days=day, seconds=second), rng)
        load_day(FIRST + timedelta(days=day + 1))
    return settings


@pytest.mark.parametrize(("make", "vendor"), [(Woo, "woocommerce"), (Crm, "retailcrm"), (ShopifyShop, "shopify")])
@pytest.mark.parametrize("seed", [2, 4])
def test_days_add_up(loaders: Any, make: Any, vendor: str, seed: int) -> None:
    shop = make()
    daily = live_through(loaders(shop, vendor, "daily"), shop, seed)
    at_once, load_all = loaders(shop, vendor, "at_once")
    load_all(FIRST + timedelta(days=DAYS))
    for stream, columns in shop.columns.items():
        found = present(daily, stream, columns)
        assert found == present(at_once, stream, columns), stream
        assert found
    assert {int(row[1]) for row in present(daily, "orders", "status")} == shop.live


def test_a_day_left_out_is_seen(loaders: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case that the test before would not notice if it compared nothing: deletions are not read."""
    monkeypatch.setattr(woocommerce, "_trashed", lambda *args: ())
    shop = Woo()
    daily = live_through(loaders(shop, "woocommerce", "daily"), shop, 4)
    assert shop.trashed
    assert {int(row[1]) for row in present(daily, "orders", "status")} > shop.live
