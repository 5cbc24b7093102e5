"""The shop's and the site's streams of one chunk, with the columns of the entity contracts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.demo.simulator.channels import utm_columns
from include.demo.simulator.clock import END
from include.demo.simulator.columns import identifiers, money, numbers, pick, timestamps, visitor_ids
from include.demo.simulator.history import CURRENCIES, History
from include.demo.simulator.orders import CHANNELS, COUPONS, REASONS, SOURCE_STATUSES, STATUSES
from include.demo.simulator.parameters import COUNTRIES
from include.demo.simulator.visits import DEVICES


def customers(s: History, rng: np.random.Generator) -> pa.Table:
    """Return the customers stream."""
    known = np.flatnonzero(np.append(~s.people.guest_only, np.ones(len(s.accounts.person) - len(s.people), bool)))
    person, registered = s.accounts.person[known], s.accounts.registered_at[known]
    buyer = np.zeros(len(s.people), bool)
    buyer[s.orders.person] = True
    loyal = (rng.random(len(known)) < 0.25) & buyer[person] & (known < len(s.people))
    changed = registered + (rng.random(len(known)) ** 3 * (END - 1 - registered)).astype(np.int64)
    birth = pa.array(s.people.birth_day[person].astype(np.int32), mask=~s.people.has_birth_day[person])
    return pa.table(
        {
            "customer_id": s.accounts.ids.take(pa.array(known)),
            "email": s.accounts.email.take(pa.array(known)),
            "phone": s.accounts.phone.take(pa.array(known)),
            "first_name": s.accounts.first_name.take(pa.array(known)),
            "last_name": s.accounts.last_name.take(pa.array(known)),
            "loyalty_id": pick(identifiers("L", s.people.numbers + 1, 8), np.where(loyal, person, -1)),
            "country": pa.array(COUNTRIES).take(pa.array(s.people.country[person])),
            "birth_date": birth.cast(pa.date32()),
            "registered_at": timestamps(registered),
            "updated_at": timestamps(changed),
        }
    )


def orders(s: History, session: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """Return the orders stream; session is the session of each order, -1 = none was tracked."""
    o = s.orders
    british = s.people.british[o.person]
    guest = o.account < 0
    email = s.accounts.email.take(pa.array(np.where(guest, o.person, o.account)))
    # Guests type their address anew, some in capitals.
    email = pc.if_else(pa.array(guest & (rng.random(len(o)) < 0.5)), pc.utf8_upper(email), email)
    return pa.table(
        {
            "order_id": s.order_ids,
            "order_number": s.ids("#", len(o)),
            "customer_id": pick(s.accounts.ids, o.account),
            "email": email,
            "ordered_at": timestamps(o.at),
            "status": pa.array(STATUSES).take(pa.array(o.status)),
            "source_status": pa.array(SOURCE_STATUSES).take(pa.array(o.status)),
            "currency": s.order_currency,
            "gross_amount": money(s.lines.order_gross),
            "discount_amount": money(s.lines.order_discount),
            "tax_amount": money(s.lines.order_tax),
            "taxes_included": pa.array(~british),
            "shipping_amount": money(s.lines.order_shipping),
            "channel": pa.array(CHANNELS).take(pa.array(o.channel)),
            "store_id": pa.array(["shop-eu", "shop-uk"]).take(pa.array(british.astype(np.int64))),
            "coupon_code": pick(pa.array(COUPONS), o.coupon),
            "session_id": pick(s.ids("s", len(s.visits)), session),
        }
    )


def order_lines(s: History) -> pa.Table:
    """Return the order_lines stream."""
    return pa.table(
        {
            "order_id": s.order_ids.take(pa.array(s.lines.order)),
            "line_number": numbers(s.lines.number.astype(np.int32)),
            "product_id": s.product_ids.take(pa.array(s.lines.product)),
            "line_type": pa.repeat(pa.scalar("product"), len(s.lines.order)),
            "quantity": numbers(s.lines.quantity.astype(np.int32)),
            "unit_price": money(s.lines.unit_price),
            "gross_amount": money(s.lines.gross),
            "discount_amount": money(s.lines.discount),
            "tax_amount": money(s.lines.tax),
        }
    )


def refunds(s: History) -> pa.Table:
    """Return the refunds stream."""
    r = s.refunds
    by_line = r.line >= 0
    return pa.table(
        {
            "refund_id": s.ids("R", len(r.order)),
            "order_id": s.order_ids.take(pa.array(r.order)),
            "customer_id": pick(s.accounts.ids, s.orders.account[r.order]),
            "product_id": pick(s.product_ids, np.where(by_line, s.lines.product[r.line], -1)),
            "quantity": numbers(r.quantity.astype(np.int32), by_line),
            "refunded_at": timestamps(r.at),
            "amount": money(r.amount),
            "tax_amount": money(r.tax),
            "currency": s.order_currency.take(pa.array(r.order)),
            "reason": pa.array(REASONS).take(pa.array(r.reason)),
        }
    )


def coupon_redemptions(s: History) -> pa.Table:
    """Return the coupon_redemptions stream."""
    used = np.flatnonzero(s.orders.coupon >= 0)
    return pa.table(
        {
            "redemption_id": s.ids("K", len(used)),
            "customer_id": pick(s.accounts.ids, s.orders.account[used]),
            "campaign_id": pick(s.campaign_ids, s.orders.coupon_campaign[used]),
            "coupon_code": pa.array(COUPONS).take(pa.array(s.orders.coupon[used])),
            "order_id": s.order_ids.take(pa.array(used)),
            "redeemed_at": timestamps(s.orders.at[used]),
        }
    )


def carts(s: History, session: np.ndarray) -> pa.Table:
    """Return the carts stream; session is the session of each cart, -1 = none was tracked."""
    c = s.carts
    by_time = np.lexsort((c.person, c.at))
    british = s.people.british[c.person[by_time]].astype(np.int64)
    return pa.table(
        {
            "cart_id": s.ids("B", len(c.at)),
            "customer_id": pick(s.accounts.ids, c.account[by_time]),
            "session_id": pick(s.ids("s", len(s.visits)), session[by_time]),
            "created_at": timestamps(c.at[by_time]),
            "checkout_started_at": timestamps(c.checkout_at[by_time], c.checkout_at[by_time] > 0),
            "order_id": pick(s.order_ids, c.order[by_time]),
            "items_count": numbers(c.units[by_time].astype(np.int32)),
            "amount": money(c.amount[by_time]),
            "currency": CURRENCIES.take(pa.array(british)),
        }
    )


def sessions(s: History, visitor: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """Return the sessions stream; visitor is the number of each visit's cookie. Visits are tracked and in order."""
    v = s.visits
    count = len(v)
    looked = v.adds + rng.poisson(1.2, count)
    pages = 1 + looked + rng.poisson(1.5, count) + 2 * v.checkouts
    device = np.where(rng.random(count) < 0.9, visitor % 4 % 3, rng.integers(0, 3, count))
    return pa.table(
        {
            "session_id": s.ids("s", count),
            "visitor_id": visitor_ids(visitor),
            "customer_id": pick(s.accounts.ids, v.account),
            "started_at": timestamps(v.at),
            **{name: values.take(pa.array(v.channel)) for name, values in utm_columns().items()},
            "device": pa.array(DEVICES).take(pa.array(device)),
            "page_views": numbers(pages.astype(np.int32)),
            "product_views": numbers(looked.astype(np.int32)),
            "cart_adds": numbers(v.adds.astype(np.int32)),
            "checkout_starts": numbers(v.checkouts.astype(np.int32)),
        }
    )
