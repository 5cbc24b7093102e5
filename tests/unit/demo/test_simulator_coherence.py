"""What holds in every row: money adds up, references resolve, nothing happens before its cause or after the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from include.demo.simulator.parameters import PARAMETERS

END = "timestamp '2026-01-01'"
START = "timestamp '2023-01-01'"

# stream, moment column, is it in every row
MOMENTS = [
    ("customers", "registered_at"),
    ("customers", "updated_at"),
    ("orders", "ordered_at"),
    ("refunds", "refunded_at"),
    ("carts", "created_at"),
    ("carts", "checkout_started_at"),
    ("coupon_redemptions", "redeemed_at"),
    ("sessions", "started_at"),
    ("email_campaigns", "started_at"),
    ("email_campaigns", "ended_at"),
    ("email_events", "event_at"),
    ("campaign_hold_outs", "held_out_at"),
    ("consents", "changed_at"),
    ("referrals", "referred_at"),
    ("reviews", "reviewed_at"),
    ("ad_performance", "date"),
]

REFERENCES = [
    ("orders", "customer_id", "customers", "customer_id"),
    ("orders", "session_id", "sessions", "session_id"),
    ("order_lines", "order_id", "orders", "order_id"),
    ("order_lines", "product_id", "products", "product_id"),
    ("refunds", "order_id", "orders", "order_id"),
    ("refunds", "customer_id", "customers", "customer_id"),
    ("refunds", "product_id", "products", "product_id"),
    ("carts", "customer_id", "customers", "customer_id"),
    ("carts", "session_id", "sessions", "session_id"),
    ("carts", "order_id", "orders", "order_id"),
    ("coupon_redemptions", "customer_id", "customers", "customer_id"),
    ("coupon_redemptions", "order_id", "orders", "order_id"),
    ("coupon_redemptions", "campaign_id", "email_campaigns", "campaign_id"),
    ("sessions", "customer_id", "customers", "customer_id"),
    ("email_events", "customer_id", "customers", "customer_id"),
    ("email_events", "campaign_id", "email_campaigns", "campaign_id"),
    ("campaign_hold_outs", "customer_id", "customers", "customer_id"),
    ("campaign_hold_outs", "campaign_id", "email_campaigns", "campaign_id"),
    ("consents", "customer_id", "customers", "customer_id"),
    ("referrals", "referrer_customer_id", "customers", "customer_id"),
    ("referrals", "referred_customer_id", "customers", "customer_id"),
    ("reviews", "customer_id", "customers", "customer_id"),
    ("reviews", "product_id", "products", "product_id"),
    ("truth_persons", "customer_id", "customers", "customer_id"),
    ("truth_extra_orders", "order_id", "orders", "order_id"),
    ("truth_hold_outs", "customer_id", "customers", "customer_id"),
]

Number = Callable[[str], float]
Rows = Callable[[str], list[tuple]]


@pytest.mark.parametrize(("stream", "moment"), MOMENTS)
def test_nothing_happens_outside_the_window(rows: Rows, stream: str, moment: str) -> None:
    [(known, outside)] = rows(
        f"select count({moment}), count(*) filter ({moment}::timestamp < {START} or {moment}::timestamp >= {END}) "
        f"from {stream}"
    )
    assert known > 0
    assert outside == 0


@pytest.mark.parametrize(("stream", "column", "target", "key"), REFERENCES)
def test_every_reference_resolves(rows: Rows, stream: str, column: str, target: str, key: str) -> None:
    [(references, dangling)] = rows(
        f"select count(*), count(*) filter (found.{key} is null) from {stream} as referring "
        f"left join {target} as found on referring.{column} = found.{key} where referring.{column} is not null"
    )
    assert references > 0
    assert dangling == 0


@pytest.mark.parametrize("amount", ["gross_amount", "discount_amount", "tax_amount"])
def test_the_lines_of_an_order_add_up_to_the_cent(rows: Rows, amount: str) -> None:
    [(orders, different, total)] = rows(
        f"with lines as (select order_id, sum({amount}) as amount from order_lines group by order_id) "
        f"select count(*), count(*) filter (orders.{amount} is distinct from lines.amount), sum(orders.{amount}) "
        "from orders full join lines using (order_id)"
    )
    assert orders > 0
    assert total > 0
    assert different == 0


def test_money_is_exact_decimals(rows: Rows) -> None:
    types = {row[0]: row[1] for row in rows("describe orders")}
    money = ("gross_amount", "discount_amount", "tax_amount", "shipping_amount")
    assert {types[name] for name in money} == {"DECIMAL(18,2)"}


def test_a_line_is_priced_at_list_price_in_the_order_s_currency(rows: Rows) -> None:
    rate = Decimal(str(PARAMETERS.gbp_per_eur))
    prices = rows(
        "select distinct currency, products.unit_price::decimal(18, 2), lines.unit_price, "
        "lines.gross_amount = lines.quantity * lines.unit_price "
        "from order_lines as lines join orders using (order_id) join products using (product_id)"
    )
    assert {row[0] for row in prices} == {"EUR", "GBP"}
    for currency, listed, charged, consistent in prices:
        expected = listed if currency == "EUR" else listed * rate
        assert consistent
        assert abs(charged - expected) <= Decimal("0.005")


def test_tax_is_part_of_the_price_in_eur_and_on_top_in_gbp(rows: Rows) -> None:
    assert sorted(rows("select distinct currency, taxes_included from orders")) == [("EUR", True), ("GBP", False)]
    [(off,)] = rows(
        "select max(abs(tax_amount - 0.2 * (gross_amount - discount_amount))) from order_lines "
        "join (select order_id from orders where currency = 'GBP') using (order_id)"
    )
    assert off <= Decimal("0.005")


def test_the_streams_add_up_to_the_generator_s_own_totals(rows: Rows, shop_folder: Path) -> None:
    truth = json.loads((shop_folder / "_truth" / "totals.json").read_text())["completed_orders"]
    written = rows(
        "select currency, count(*), sum(gross_amount), sum(discount_amount), sum(tax_amount), sum(shipping_amount) "
        "from orders where status = 'completed' group by currency"
    )
    refunds = dict(rows("select currency, sum(amount) from refunds group by currency"))
    assert {row[0] for row in written} == {"EUR", "GBP"} == set(truth)
    for currency, count, *amounts in written:
        measures = truth[currency]
        assert count == measures["orders"]
        assert amounts == [Decimal(measures[name]) for name in ("gross", "discount", "tax", "shipping")]
        assert refunds[currency] == Decimal(measures["refunds"])


def test_no_refund_exceeds_what_was_paid_for_it(rows: Rows) -> None:
    paid = "gross_amount - discount_amount + case when taxes_included then 0 else tax_amount end"
    [(orders, too_much, too_much_tax, not_completed, full)] = rows(
        "with back as (select order_id, sum(amount) as amount, sum(tax_amount) as tax from refunds group by order_id) "
        f"select count(*), count(*) filter (amount > {paid} + shipping_amount), count(*) filter (tax > tax_amount), "
        f"count(*) filter (status <> 'completed'), count(*) filter (amount = {paid} + shipping_amount) "
        "from back join orders using (order_id)"
    )
    assert orders > full > 0
    assert (too_much, too_much_tax, not_completed) == (0, 0, 0)
    [(lines, above_line)] = rows(
        "with paid as (select order_id, product_id, "
        "sum(l.gross_amount - l.discount_amount + case when taxes_included then 0 else l.tax_amount end) as amount, "
        "sum(quantity) as quantity from order_lines as l join orders using (order_id) group by all), "
        "back as (select order_id, product_id, sum(amount) as amount, sum(quantity) as quantity from refunds "
        "where product_id is not null group by all) "
        "select count(*), count(*) filter (back.amount > paid.amount or back.quantity > paid.quantity) "
        "from back join paid using (order_id, product_id)"
    )
    assert lines > 0
    assert above_line == 0


@pytest.mark.parametrize(
    ("cause", "effect", "pairs"),
    [
        ("registered_at", "ordered_at", "orders join customers using (customer_id)"),
        ("registered_at", "changed_at", "consents join customers using (customer_id)"),
        ("started_at", "ordered_at", "orders join sessions using (session_id)"),
        ("started_at", "created_at", "carts join sessions using (session_id)"),
        ("created_at", "ordered_at", "carts join orders using (order_id)"),
        ("created_at", "checkout_started_at", "carts where checkout_started_at is not null"),
        ("checkout_started_at", "ordered_at", "carts join orders using (order_id)"),
        ("ordered_at", "refunded_at", "refunds join orders using (order_id)"),
        ("refunded_at", "ordered_at + interval 30 day", "refunds join orders using (order_id)"),
        (
            "first.ordered_at",
            "referred_at::timestamp",
            "referrals join (select customer_id, min(ordered_at) as ordered_at from orders group by 1) as first "
            "on customer_id = referrer_customer_id",
        ),
        ("referred_at::timestamp", "registered_at", "referrals join customers on customer_id = referred_customer_id"),
    ],
)
def test_the_cause_comes_before_the_effect(rows: Rows, cause: str, effect: str, pairs: str) -> None:
    [(count, wrong)] = rows(f"select count(*), count(*) filter ({cause} > {effect}) from {pairs}")
    assert count > 0
    assert wrong == 0


def test_nobody_gets_an_email_without_consent_at_that_time(rows: Rows) -> None:
    # By address, because the e-mail tool does not know every customer id.
    [(sends, without)] = rows(
        "with state as (select email, min(changed_at) filter (status = 'granted') as granted_at, "
        "min(changed_at) filter (status = 'withdrawn') as withdrawn_at "
        "from consents where channel = 'email' group by 1) "
        "select count(*), count(*) filter (granted_at is null or event_at < granted_at "
        "or event_at >= coalesce(withdrawn_at, timestamp '9999-01-01')) "
        "from email_events left join state using (email) where event_type = 'sent'"
    )
    assert sends > 0
    assert without == 0


def test_every_unsubscribe_and_spam_report_withdraws_the_consent(rows: Rows) -> None:
    [(reports, kept)] = rows(
        "select count(*), count(*) filter (consent_id is null) from email_events left join (select * from consents "
        "where status = 'withdrawn') as gone on gone.email = email_events.email and changed_at <= event_at "
        "where event_type in ('unsubscribed', 'spam_reported')"
    )
    assert reports > 0
    assert kept == 0


def test_reactions_follow_a_delivered_send(rows: Rows) -> None:
    [(reactions, unsent)] = rows(
        "with sent as (select email, campaign_id, min(event_at) as sent_at from email_events "
        "where event_type = 'sent' group by all) "
        "select count(*), count(*) filter (sent_at is null or event_at < sent_at) "
        "from email_events left join sent using (email, campaign_id) where event_type <> 'sent'"
    )
    assert reactions > 0
    assert unsent == 0


def test_ads_were_clicked_at_least_as_often_as_tracked_visits_came_from_them(rows: Rows) -> None:
    [(days, more_visits_than_clicks)] = rows(
        "with clicks as (select date, campaign_name, sum(clicks) as clicks from ad_performance group by all), "
        "visits as (select timezone('Europe/Berlin', timezone('UTC', started_at))::date as date, "
        "utm_campaign as campaign_name, count(*) as visits from sessions "
        "where utm_medium in ('cpc', 'paid_social') group by all) "
        "select count(*), count(*) filter (visits > coalesce(clicks, 0)) "
        "from visits left join clicks using (date, campaign_name)"
    )
    assert days > 0
    assert more_visits_than_clicks == 0


def test_addresses_use_reserved_domains_only(rows: Rows) -> None:
    domains = rows(
        "select distinct lower(split_part(trim(email), '@', 2)) from (select email from customers union all "
        "select email from orders union all select email from email_events union all select email from consents)"
    )
    assert sorted(domains) == [("example.com",), ("example.net",), ("example.org",)]


def test_the_truth_names_the_person_behind_every_account_order_and_known_visitor(number: Number) -> None:
    assert number("select count(*) from customers anti join truth_persons using (customer_id)") == 0
    assert number("select count(*) from truth_persons where customer_id is null") > 0
    assert (
        number(
            "select count(*) from orders where lower(trim(email)) not in (select lower(trim(email)) from truth_persons)"
        )
        == 0
    )
    assert number("select count(*) from sessions where customer_id is not null") > 0
    assert (
        number(
            "select count(*) from sessions anti join (select customer_id, visitor_id from truth_persons "
            "join truth_visitors using (person_id)) as known using (customer_id, visitor_id) "
            "where customer_id is not null"
        )
        == 0
    )
