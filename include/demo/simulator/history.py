"""Everything that happened to the persons of one chunk, and the ids it has in the files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from include.demo.simulator.campaigns import MAILINGS
from include.demo.simulator.columns import identifiers
from include.demo.simulator.emails import Mail
from include.demo.simulator.orders import Lines, Orders, Refunds
from include.demo.simulator.people import Accounts, People
from include.demo.simulator.visits import Carts, Visits

CURRENCIES = pa.array(["EUR", "GBP"])
_ROWS_PER_CHUNK = 10_000_000  # room for the rows of one stream within a chunk's block of ids


@dataclass(frozen=True)
class History:
    """Everything that happened to the persons of one chunk."""

    chunk: int
    customers: int  # of the whole data set
    people: People
    accounts: Accounts
    orders: Orders
    lines: Lines
    refunds: Refunds
    carts: Carts
    visits: Visits
    mail: Mail
    product_ids: pa.Array

    def ids(self, prefix: str, count: int) -> pa.Array:
        """Return count ids that no other chunk uses."""
        return identifiers(prefix, self.chunk * _ROWS_PER_CHUNK + np.arange(count), 11)

    @property
    def order_ids(self) -> pa.Array:
        """Return the ids of all orders."""
        return self.ids("O", len(self.orders))

    @property
    def campaign_ids(self) -> pa.Array:
        """Return the ids of the e-mail campaigns."""
        return pa.array([mailing.campaign_id for mailing in MAILINGS])

    @property
    def order_currency(self) -> pa.Array:
        """Return the currency of every order."""
        return CURRENCIES.take(pa.array(self.people.british[self.orders.person].astype(np.int64)))
