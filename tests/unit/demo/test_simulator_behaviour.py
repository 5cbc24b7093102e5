"""The shop behaves as its parameters say. Bounds are five standard deviations around the parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from include.demo.simulator.advertising import PAUSES, plan_ads
from include.demo.simulator.campaigns import MAILINGS, WELCOME
from include.demo.simulator.catalogue import build_catalogue
from include.demo.simulator.clock import END, START, local_day, local_midnight, with_rhythm, without_rhythm
from include.demo.simulator.columns import identifiers, money
from include.demo.simulator.emails import OPENED, SENT, send_mail
from include.demo.simulator.parameters import PARAMETERS
from include.demo.simulator.people import arrival_table, draw_people
from include.demo.simulator.purchases import first_orders, repeat_orders
from tests.unit.demo.simulated_shop import CUSTOMERS

Number = Callable[[str], float]
Rows = Callable[[str], list[tuple]]
LOCAL_DAY = "timezone('Europe/Berlin', timezone('UTC', {}))::date"


def assert_share(share: float, expected: float, count: float) -> None:
    tolerance = 5 * (expected * (1 - expected) / count) ** 0.5
    assert count > 30, "too few rows to say anything"
    assert expected - tolerance <= share <= expected + tolerance


def own_first_orders(number: Number) -> tuple[float, float, float]:
    """Return persons whose first order no e-mail caused, and how many of them ordered on day 0 and on days 1 to 7."""
    sql = (
        "with owner as (select distinct on (address) lower(trim(email)) as address, person_id from truth_persons "
        "order by address, person_id), "
        "first as (select person_id, min(ordered_at) as ordered_at, arg_min(order_id, ordered_at) as order_id "
        "from orders join owner on lower(trim(orders.email)) = address group by 1), "
        f"age as (select {LOCAL_DAY.format('ordered_at')} - {LOCAL_DAY.format('registered_at')} as days from first "
        "join truth_parameters using (person_id) anti join truth_extra_orders using (order_id)) "
        "select {} from age"
    )
    count, same_day, week = (
        number(sql.replace("{}", column))
        for column in ("count(*)", "count(*) filter (days = 0)", "count(*) filter (days between 1 and 7)")
    )
    return count, same_day, week


def test_four_of_five_first_orders_come_on_the_day_of_registration(number: Number) -> None:
    count, same_day, week = own_first_orders(number)
    # Late first orders beyond the window are not seen, which lifts the shares of the seen ones a little.
    late = 1 - PARAMETERS.first_order_same_day - PARAMETERS.first_order_first_week
    assert PARAMETERS.first_order_same_day == pytest.approx(0.8, abs=0.02)
    lowest, highest = PARAMETERS.first_order_same_day, PARAMETERS.first_order_same_day / (1 - late)
    noise = 5 * (0.8 * 0.2 / count) ** 0.5
    assert lowest - noise <= same_day / count <= highest + noise
    assert_share(week / count, PARAMETERS.first_order_first_week, count)


def test_a_quarter_of_the_registrants_never_orders(number: Number) -> None:
    share = number("select avg(never_orders::int) from truth_parameters where not guest_only")
    assert_share(share, PARAMETERS.never_order, CUSTOMERS)
    without_order = number(
        "select avg((buyers.customer_id is null)::int) from customers left join "
        "(select distinct customer_id from orders) as buyers using (customer_id)"
    )
    # E-mail brings some of them to order after all; late first orders beyond the window do the opposite.
    assert without_order == pytest.approx(0.25, abs=0.05)


def test_orders_are_many_and_unevenly_spread(rows: Rows) -> None:
    [(mean, median, top_fifth)] = rows(
        "with per_person as (select person_id, count(order_id) as orders from truth_persons left join "
        "(select order_id, customer_id from orders where status = 'completed') using (customer_id) group by 1), "
        "ranked as (select *, percent_rank() over (order by orders desc) as place from per_person) "
        "select avg(orders), median(orders), sum(orders) filter (place < 0.2) / sum(orders) from ranked"
    )
    assert 8 < mean < 12
    assert median < mean / 2
    assert top_fifth > 0.6


def test_repeat_orders_follow_the_rate_and_the_drop_out() -> None:
    calm = replace(PARAMETERS, replenisher=0.0, never_order=0.0)
    catalogue = build_catalogue(np.random.SeedSequence(1))
    rng = np.random.default_rng(1)
    people = draw_people(rng, 0, 4_000, arrival_table(plan_ads(4_000, calm), calm), catalogue, calm)
    first = first_orders(rng, people, calm)

    loyal = replace(people, drop_out=np.full(len(people), 1e-9))
    person, moment = repeat_orders(rng, loyal, first, catalogue, calm)
    expected = (people.rate * np.maximum(END - first, 0) / 86_400).sum()
    assert len(person) == pytest.approx(expected, abs=5 * expected**0.5 + 0.002 * expected)
    assert (moment >= first[person]).all()

    fickle = replace(people, drop_out=np.full(len(people), 1.0))
    assert len(repeat_orders(rng, fickle, first, catalogue, calm)[0]) == 0
    half = replace(people, drop_out=np.full(len(people), 0.5), rate=np.full(len(people), 0.5))
    most = np.bincount(repeat_orders(rng, half, first, catalogue, calm)[0], minlength=len(people))[first < END - 10**7]
    # With time enough, the orders after the first are geometric: half of the people have none, the mean is one.
    assert_share((most == 0).mean(), 0.5, len(most))
    assert most.mean() == pytest.approx(1.0, abs=5 * (2 / len(most)) ** 0.5)


def test_replenishers_rebuy_their_staple_when_it_is_used_up() -> None:
    calm = replace(PARAMETERS, replenisher=1.0)
    catalogue = build_catalogue(np.random.SeedSequence(1))
    rng = np.random.default_rng(1)
    people = draw_people(rng, 0, 5_000, arrival_table(plan_ads(5_000, calm), calm), catalogue, calm)
    person, moment = repeat_orders(rng, people, first_orders(rng, people, calm), catalogue, calm)
    same = person[1:] == person[:-1]
    gaps = (np.diff(moment) / 86_400)[same] / catalogue.life_days[people.staple[person[1:]]][same]
    assert (catalogue.life_days[people.staple] > 0).all()
    assert np.median(gaps) == pytest.approx(1.0, abs=0.05)
    assert gaps.std() < 0.4  # a Poisson process would have 1


@pytest.mark.parametrize(
    ("what", "share", "parameter"),
    [
        ("guests", "select avg(guest_only::int), count(*) from truth_parameters", "guest_only"),
        (
            "cancelled orders",
            "select avg((status = 'cancelled')::int), count(*) from orders",
            "cancelled",
        ),
        (
            "refunded orders",
            "select avg((r.order_id is not null)::int), count(*) from orders left join (select distinct order_id "
            "from refunds) as r using (order_id) where status = 'completed' and ordered_at < timestamp '2025-12-01'",
            "refunded",
        ),
        (
            "full refunds",
            "select avg((product_id is null)::int), count(*) from (select order_id, min(product_id) as product_id "
            "from refunds group by 1)",
            "refunded_in_full",
        ),
        ("abandoned carts", "select avg((order_id is null)::int), count(*) / 4 from carts", "cart_abandonment"),
        (
            "consents",
            "select avg((c.customer_id is not null)::int), count(*) from truth_parameters join (select person_id, "
            "min(customer_id) as customer_id from truth_persons join customers using (customer_id, email) "
            "group by 1) as a using (person_id) left join (select distinct person_id, 1 as customer_id from consents "
            "join truth_persons using (customer_id) where status = 'granted' and channel = 'email') as c "
            "using (person_id)",
            "consent",
        ),
        (
            "persons with two accounts",
            "select avg((accounts > 1)::int), count(*) from (select person_id, count(*) as accounts from truth_persons "
            "group by 1)",
            "two_accounts",
        ),
        (
            "hold-outs",
            "select avg(held::int), count(*) from (select true as held from truth_hold_outs union all "
            "select false from email_events where event_type = 'sent')",
            "hold_out",
        ),
        (
            "bounces",
            "select avg((event_type = 'bounced')::int), count(*) from email_events "
            "where event_type in ('sent', 'bounced')",
            "bounced",
        ),
    ],
)
def test_shares_are_those_of_the_parameters(rows: Rows, what: str, share: str, parameter: str) -> None:
    [(found, count)] = rows(share)
    assert_share(found, getattr(PARAMETERS, parameter), count)


def test_a_second_account_shares_address_or_phone_with_the_first(rows: Rows) -> None:
    pairs = rows(
        "select lower(trim(a.email)) = lower(trim(b.email)), a.email = b.email, "
        "coalesce(replace(a.phone, ' ', '') = replace(b.phone, ' ', ''), false) "
        "from truth_persons as p join truth_persons as q on p.person_id = q.person_id "
        "and p.customer_id < q.customer_id "
        "join customers as a on a.customer_id = p.customer_id join customers as b on b.customer_id = q.customer_id"
    )
    assert len(pairs) > 30
    assert all(address or phone for address, _, phone in pairs)
    assert not any(identical for _, identical, _ in pairs)
    assert any(address for address, _, _ in pairs)
    assert any(not address for address, _, _ in pairs)


def test_people_come_back_with_several_devices(number: Number) -> None:
    assert number("select avg(n) from (select count(*) as n from truth_visitors group by person_id)") > 1.5
    assert number("select count(*) from sessions anti join truth_visitors using (visitor_id)") > 0


def test_every_registration_begins_with_a_visit_that_tells_the_channel(rows: Rows) -> None:
    [(people, without)] = rows(
        "select count(*), count(*) filter (not exists (select 1 from sessions as s join truth_visitors as v "
        "using (visitor_id) where v.person_id = p.person_id "
        "and s.started_at between p.registered_at - interval 1500 second and p.registered_at)) "
        "from truth_parameters as p"
    )
    assert people == CUSTOMERS
    assert without == 0
    paid = rows("select avg((channel like '%:%')::int), count(*) from truth_parameters")[0]
    assert_share(paid[0], PARAMETERS.paid_share, paid[1])


def test_no_spend_no_paid_visit(rows: Rows) -> None:
    for first, last in PAUSES:
        window = f"date '2023-01-01' + {first} and date '2023-01-01' + {last - 1}"
        local = LOCAL_DAY.format("started_at")
        paid = rows(
            f"select count(*) from sessions where {local} between {window} and utm_medium in ('cpc', 'paid_social')"
        )
        others = rows(f"select count(*) from sessions where {local} between {window}")
        spend = rows(f"select count(*) from ad_performance where date between {window}")
        assert (paid, spend) == ([(0,)], [(0,)])
        assert others[0][0] > 0


def test_one_campaign_spends_and_never_converts_and_the_others_over_claim(rows: Rows) -> None:
    real = (
        "select utm_campaign as campaign_name, count(*) as orders "
        "from orders join sessions using (session_id) group by 1"
    )
    campaigns = rows(
        "select campaign_name, sum(spend), sum(clicks), sum(platform_conversions), coalesce(any_value(orders), 0) "
        f"from ad_performance left join ({real}) using (campaign_name) group by 1"
    )
    idle = [row for row in campaigns if row[0] == "awareness_video"]
    assert len(campaigns) == 6
    assert idle[0][1] > 0
    assert idle[0][2] > 0
    assert tuple(idle[0][3:]) == (0, 0)
    assert all(claimed > orders > 0 for name, _, _, claimed, orders in campaigns if name != "awareness_video")


def test_each_send_causes_an_extra_order_with_the_true_effect(rows: Rows) -> None:
    effects = dict(rows("select campaign_id, true_effect from truth_campaigns"))
    assert effects == {mailing.campaign_id: mailing.true_effect for mailing in MAILINGS}
    sent = dict(rows("select campaign_id, count(*) from email_events where event_type = 'sent' group by 1"))
    extra = dict(rows("select campaign_id, count(*) from truth_extra_orders group by 1"))
    for campaign in ("flow-welcome", "flow-win-back", "nl-2025-11"):
        assert_share(extra[campaign] / sent[campaign], effects[campaign], sent[campaign])
    assert sent["nl-2025-02"] > 0
    assert "nl-2025-02" not in extra


def test_reactions_and_extra_orders_that_would_come_after_the_end_are_not_written() -> None:
    eager = replace(PARAMETERS, hold_out=0.0, consent=1.0, guest_only=0.0, never_order=1.0)
    rng = np.random.default_rng(1)
    catalogue = build_catalogue(np.random.SeedSequence(1))
    people = draw_people(rng, 0, 2_000, arrival_table(plan_ads(2_000, eager), eager), catalogue, eager)
    people = replace(people, registered_at=np.full(2_000, END - 3 * 3_600), open_rate=np.ones(2_000))
    nobody = np.zeros(0, np.int64)
    mail = send_mail(rng, people, first_orders(rng, people, eager), nobody, nobody, eager)
    opened = (mail.event_type == OPENED).sum()
    assert (mail.event_type == SENT).sum() == 2_000  # the welcome
    assert 0 < opened < 1_000
    assert mail.event_at.max() < END
    assert len(mail.extra_at) < 2_000 * MAILINGS[WELCOME].true_effect / 2
    assert (mail.extra_at < END).all()


def test_held_out_people_get_nothing_from_the_campaign(rows: Rows) -> None:
    [(held, reached)] = rows(
        "with mail as (select distinct campaign_id, email from email_events) select count(*), "
        "count(mail.email) from truth_hold_outs as h join customers using (customer_id) "
        "left join mail on mail.campaign_id = h.campaign_id and mail.email = customers.email"
    )
    assert held > 0
    assert reached == 0


def test_the_stream_of_hold_outs_is_the_truth_but_for_the_accounts_the_tool_does_not_know(rows: Rows) -> None:
    [(streamed, known, both, by_account)] = rows(
        "with streamed as (select campaign_id, email, held_out_at, customer_id from campaign_hold_outs), "
        "known as (select campaign_id, email, held_out_at from truth_hold_outs join customers using (customer_id)) "
        "select (select count(*) from streamed), (select count(*) from known), "
        "(select count(*) from streamed join known using (campaign_id, email, held_out_at)), "
        "(select count(customer_id) from streamed)"
    )
    assert streamed == known == both > 0
    assert_share(by_account / streamed, PARAMETERS.tool_knows_customer, streamed)


def test_who_is_held_out_of_a_flow_stays_out_of_it(rows: Rows) -> None:
    [(repeated, mixed)] = rows(
        "with exposures as (select campaign_id, email, 1 as held from campaign_hold_outs union all "
        "select campaign_id, email, 0 from email_events where event_type = 'sent'), "
        "people as (select campaign_id, email, count(*) as n, min(held) as least, max(held) as most "
        "from exposures group by all) "
        "select count(*) filter (n > 1 and most = 1), count(*) filter (least <> most) from people"
    )
    assert repeated > 0
    assert mixed == 0


def test_some_costs_are_unknown_and_none_is_zero(rows: Rows) -> None:
    [(products, unknown, cheapest, sold_below_cost)] = rows(
        "select count(*), count(*) filter (unit_cost is null), min(unit_cost), "
        "count(*) filter (unit_cost >= unit_price) from products"
    )
    assert 0 < unknown < products / 10
    assert cheapest > 0
    assert sold_below_cost == 0


def test_an_order_has_one_to_eight_lines(rows: Rows) -> None:
    [(least, most)] = rows(
        "select min(n), max(n) from (select max(line_number) as n from order_lines group by order_id)"
    )
    assert (least, most) == (1, 8)


def test_local_days_change_at_the_shop_s_midnight_in_summer_and_winter() -> None:
    days = np.array([0, 84, 85, 180, 301, 302, 1095])
    midnight = local_midnight(days)
    assert local_day(midnight).tolist() == days.tolist()
    assert local_day(midnight - 1).tolist() == (days - 1).tolist()
    assert midnight[0] == START - 3_600
    assert midnight[3] == START + 180 * 86_400 - 7_200


def test_the_daily_rhythm_keeps_the_order_of_moments() -> None:
    moments = np.sort(np.random.default_rng(1).uniform(START, END, 10_000))
    warped = with_rhythm(moments)
    assert (np.diff(warped) >= 0).all()
    assert (warped // 86_400 == moments // 86_400).all()
    assert np.abs(without_rhythm(warped) - moments).max() < 1
    assert not np.allclose(warped, moments, atol=600)


def test_columns_keep_every_digit() -> None:
    assert [str(value) for value in money(np.array([0, 5, -1, 123_456_789_012_345])).to_pylist()] == [
        "0.00",
        "0.05",
        "-0.01",
        "1234567890123.45",
    ]
    assert identifiers("O", np.array([0, 42, 99_999]), 5).to_pylist() == ["O00000", "O00042", "O99999"]


def test_the_documentation_states_the_parameters() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "simulated-shop.md").read_text()
    cells = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]
    documented = {row[0].strip("`"): float(row[1].replace(",", "")) for row in cells if len(row) == 3}
    assert documented == {field.name: getattr(PARAMETERS, field.name) for field in fields(PARAMETERS)}
