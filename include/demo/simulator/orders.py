"""Orders, their lines and refunds, in whole cents so that every sum is exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.demo.simulator.campaigns import WELCOME, WIN_BACK
from include.demo.simulator.catalogue import Catalogue
from include.demo.simulator.clock import DAY, END
from include.demo.simulator.emails import Mail
from include.demo.simulator.parameters import TAX_PERCENT, Parameters
from include.demo.simulator.people import People

COMPLETED, PENDING, CANCELLED = range(3)
STATUSES = ("completed", "pending", "cancelled")
SOURCE_STATUSES = ("fulfilled", "payment_pending", "voided")
WEB, POS, PHONE = range(3)
CHANNELS = ("web", "pos", "phone")
COUPONS = ("WELCOME10", "COMEBACK15", "NEWS5", "SALE20")
_COUPON_PERCENT = np.array([10, 15, 5, 20])
REASONS = ("damaged", "wrong item", "changed mind", "arrived late")


@dataclass(frozen=True)
class Orders:
    """One row per order of a chunk, sorted by moment."""

    person: np.ndarray
    account: np.ndarray  # -1 = bought as a guest
    at: np.ndarray
    extra: np.ndarray  # number of the e-mail-caused order, -1 = none
    is_first: np.ndarray
    status: np.ndarray
    channel: np.ndarray
    coupon: np.ndarray  # -1 = none
    coupon_campaign: np.ndarray  # e-mail campaign that handed it out, -1 = none

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class Lines:
    """Order lines in the order's currency, and their sums per order."""

    order: np.ndarray
    number: np.ndarray
    product: np.ndarray
    quantity: np.ndarray
    unit_price: np.ndarray
    gross: np.ndarray
    discount: np.ndarray
    tax: np.ndarray
    start: np.ndarray  # first line of each order
    order_gross: np.ndarray
    order_discount: np.ndarray
    order_tax: np.ndarray
    order_shipping: np.ndarray
    order_units: np.ndarray


@dataclass(frozen=True)
class Refunds:
    """Refunds; line -1 and quantity 0 mean the whole order."""

    order: np.ndarray
    line: np.ndarray
    quantity: np.ndarray
    at: np.ndarray
    amount: np.ndarray
    tax: np.ndarray
    reason: np.ndarray


def second_accounts(
    rng: np.random.Generator, people: People, person: np.ndarray, at: np.ndarray, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Let some buyers open a second account minutes before one of their repeat orders.

    Args:
        rng: Randomness of this part.
        people: The persons.
        person: Person of each order, ascending.
        at: Moment of each order, ascending within the person.
        parameters: Share of persons with two accounts.

    Returns:
        Person and registration of each second account, and the account of every order: the number of the person for
        his first account, len(people) + i for second account i.
    """
    placed = np.bincount(person, minlength=len(people))
    able = np.flatnonzero((placed >= 2) & ~people.guest_only)
    probability = min(1.0, parameters.two_accounts * len(people) / max(len(able), 1))
    owner = able[rng.random(len(able)) < probability]
    begin = np.cumsum(placed) - placed
    turning = begin[owner] + rng.integers(1, np.maximum(placed[owner], 2))
    registered = np.maximum(at[turning] - rng.integers(60, 500, len(owner)), at[turning - 1] + 1)
    registered = np.minimum(registered, at[turning])

    first_of_second = np.full(len(people), len(person))
    first_of_second[owner] = turning
    number = np.full(len(people), -1)
    number[owner] = len(people) + np.arange(len(owner))
    index = np.arange(len(person))
    uses_second = (index > first_of_second[person]) & (rng.random(len(person)) < 0.5)
    uses_second |= index == first_of_second[person]
    return owner, registered, np.where(uses_second, number[person], person)


def place_orders(
    rng: np.random.Generator,
    people: People,
    mail: Mail,
    sequence: tuple[np.ndarray, np.ndarray, np.ndarray],
    account: np.ndarray,
    parameters: Parameters,
) -> Orders:
    """Give every order its status, sales channel and coupon, and bring the orders into the order of time."""
    person, at, extra = sequence
    count = len(person)
    is_first = np.ones(count, bool)
    is_first[1:] = person[1:] != person[:-1]
    by_time = np.lexsort((person, at))
    person, at, extra, is_first, account = (values[by_time] for values in (person, at, extra, is_first, account))

    by_mail = extra >= 0
    click = np.zeros(count, bool)
    click[by_mail] = mail.extra_by_click[extra[by_mail]]
    campaign = np.full(count, -1)
    campaign[by_mail] = mail.extra_campaign[extra[by_mail]]

    guest = ((rng.random(count) < parameters.guest_order) & ~is_first & (account < len(people))) | people.guest_only[
        person
    ]
    place = rng.random(count)
    channel = np.select([place < parameters.web, place < parameters.web + parameters.pos], [WEB, POS], PHONE)
    channel[is_first | click] = WEB

    luck = rng.random(count)
    pending = np.where(at >= END - 3 * DAY, parameters.pending_recent, parameters.pending)
    status = np.select(
        [luck < parameters.cancelled, luck < parameters.cancelled + pending], [CANCELLED, PENDING], COMPLETED
    )

    draw = rng.random(count)
    coupon = np.where(draw < parameters.sale_coupon, 3, -1)
    coupon = np.where(click & (draw < 0.5), 2, coupon)
    coupon = np.where(click & (campaign == WIN_BACK), 1, coupon)
    welcome = people.consent[person] & is_first & (draw < parameters.welcome_coupon)
    coupon = np.where(welcome | (click & (campaign == WELCOME)), 0, coupon)
    handed_out = np.select([coupon == 0, coupon == 1, coupon == 2], [WELCOME, WIN_BACK, campaign], -1)
    return Orders(person, np.where(guest, -1, account), at, extra, is_first, status, channel, coupon, handed_out)


def fill_baskets(
    rng: np.random.Generator, people: People, orders: Orders, catalogue: Catalogue, parameters: Parameters
) -> Lines:
    """Put products into the orders and price them.

    EU orders: EUR, prices contain the tax. GB orders: GBP at a fixed rate, tax on top.
    """
    person = orders.person
    lines_per_order = 1 + np.minimum(rng.poisson(people.extra_lines[person]), 7)
    start = np.cumsum(lines_per_order) - lines_per_order
    order = np.repeat(np.arange(len(orders)), lines_per_order)
    count = len(order)
    number = np.arange(count) - start[order] + 1
    buyer = person[order]

    favourite = np.where(rng.random(count) < 0.4, people.favourite[buyer], -1)
    product = catalogue.draw(rng, favourite)
    staple = people.staple[buyer]
    product = np.where((number == 1) & (staple >= 0), staple, product)
    draw = rng.random(count)
    quantity = 1 + (draw < 0.16).astype(np.int64) + (draw < 0.05) + (draw < 0.015)

    british = people.british[buyer]
    price = catalogue.price_cents[product]
    unit_price = np.where(british, np.round(price * parameters.gbp_per_eur).astype(np.int64), price)
    gross = unit_price * quantity
    coupon = orders.coupon[order]
    percent = np.where(coupon >= 0, _COUPON_PERCENT[np.maximum(coupon, 0)], 0)
    discount = (gross * percent + 50) // 100
    net = gross - discount
    tax_percent = np.array(TAX_PERCENT)[people.country[buyer]]
    divisor = np.where(british, 100, 100 + tax_percent)
    tax = (2 * net * tax_percent + divisor) // (2 * divisor)

    def total(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, start) if len(start) else np.zeros(0, np.int64)

    order_gross, order_discount = total(gross), total(discount)
    rate = np.where(people.british[person], parameters.gbp_per_eur, 1.0)
    shipping = np.round(parameters.shipping_cents * rate).astype(np.int64)
    free = order_gross - order_discount >= np.round(parameters.free_shipping_from_cents * rate)
    return Lines(
        order=order,
        number=number,
        product=product,
        quantity=quantity,
        unit_price=unit_price,
        gross=gross,
        discount=discount,
        tax=tax,
        start=start,
        order_gross=order_gross,
        order_discount=order_discount,
        order_tax=total(tax),
        order_shipping=np.where(free | (orders.channel == POS), 0, shipping),
        order_units=total(quantity),
    )


def refund(rng: np.random.Generator, people: People, orders: Orders, lines: Lines, parameters: Parameters) -> Refunds:
    """Refund a share of the completed orders, in full (with shipping) or by line, never more than was paid."""
    draw = rng.random(len(orders))
    chosen = (draw < parameters.refunded) & (orders.status == COMPLETED)
    at = orders.at + rng.integers(DAY, parameters.refund_days * DAY, len(orders))
    chosen &= at < END
    in_full = chosen & (draw < parameters.refunded * parameters.refunded_in_full)
    on_top = people.british[orders.person]

    whole = np.flatnonzero(in_full)
    whole_paid = (lines.order_gross - lines.order_discount + lines.order_shipping)[whole]
    whole_paid += np.where(on_top[whole], lines.order_tax[whole], 0)

    partial = (chosen & ~in_full)[lines.order]
    second = rng.random(len(lines.order)) < parameters.refund_second_line
    line = np.flatnonzero(partial & ((lines.number == 1) | ((lines.number == 2) & second)))
    returned = rng.integers(1, lines.quantity[line] + 1)
    paid = lines.gross[line] - lines.discount[line] + np.where(on_top[lines.order[line]], lines.tax[line], 0)

    order = np.concatenate([whole, lines.order[line]])
    sequence = np.argsort(order, kind="stable")
    nothing = np.zeros(len(whole), np.int64)
    return Refunds(
        order=order[sequence],
        line=np.concatenate([nothing - 1, line])[sequence],
        quantity=np.concatenate([nothing, returned])[sequence],
        at=at[order][sequence],
        amount=np.concatenate([whole_paid, paid * returned // lines.quantity[line]])[sequence],
        tax=np.concatenate([lines.order_tax[whole], lines.tax[line] * returned // lines.quantity[line]])[sequence],
        reason=rng.integers(0, len(REASONS), len(order)),
    )
