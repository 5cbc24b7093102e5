"""What really is so in the simulated shop, kept apart from its data; only tests read it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from include.demo.simulator.channels import channel_names
from include.demo.simulator.columns import identifiers, pick, timestamps, visitor_ids
from include.demo.simulator.history import CURRENCIES, History
from include.demo.simulator.orders import COMPLETED


def tables(s: History) -> dict[str, pa.Table]:
    """Return persons (one row per account), their cookies, their parameters, hold-outs and e-mail-caused orders."""
    people, mail = s.people, s.mail
    person_id = identifiers("person", people.numbers, 8)
    device_owner = np.repeat(np.arange(len(people)), people.devices)
    device = np.arange(len(device_owner)) - np.repeat(np.cumsum(people.devices) - people.devices, people.devices)
    caused = np.flatnonzero(s.orders.extra >= 0)
    return {
        "persons": pa.table(
            {
                "person_id": person_id.take(pa.array(s.accounts.person)),
                "customer_id": s.accounts.ids,
                "email": s.accounts.email,
            }
        ),
        "visitors": pa.table(
            {
                "person_id": person_id.take(pa.array(device_owner)),
                "visitor_id": visitor_ids((people.numbers[device_owner] + 1) * 4 + device),
            }
        ),
        "parameters": pa.table(
            {
                "person_id": person_id,
                "orders_per_day": people.rate,
                "drop_out": people.drop_out,
                "staple_product_id": pick(s.product_ids, people.staple),
                "channel": channel_names().take(pa.array(people.channel)),
                "registered_at": timestamps(people.registered_at),
                "guest_only": pa.array(people.guest_only),
                "never_orders": pa.array(people.never),
            }
        ),
        "hold_outs": pa.table(
            {
                "campaign_id": s.campaign_ids.take(pa.array(mail.held_campaign)),
                "customer_id": s.accounts.ids.take(pa.array(mail.held_person)),
                "held_out_at": timestamps(mail.held_at),
            }
        ),
        "extra_orders": pa.table(
            {
                "order_id": s.order_ids.take(pa.array(caused)),
                "campaign_id": s.campaign_ids.take(pa.array(mail.extra_campaign[s.orders.extra[caused]])),
            }
        ),
    }


def totals(s: History) -> dict[str, dict[str, int]]:
    """Sum the completed orders and all refunds per currency, in cents, from the generator's own arrays."""
    completed = s.orders.status == COMPLETED
    british = s.people.british[s.orders.person]
    result = {}
    for code, currency in enumerate(CURRENCIES.to_pylist()):
        chosen = completed & (british == bool(code))
        in_currency = british[s.refunds.order] == bool(code)
        result[currency] = {
            "orders": int(chosen.sum()),
            "gross": int(s.lines.order_gross[chosen].sum()),
            "discount": int(s.lines.order_discount[chosen].sum()),
            "tax": int(s.lines.order_tax[chosen].sum()),
            "shipping": int(s.lines.order_shipping[chosen].sum()),
            "refunds": int(s.refunds.amount[in_currency].sum()),
        }
    return result
