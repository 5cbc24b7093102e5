"""A stand-in for a Shopify shop: the part of its Admin GraphQL API that Perennial asks.

It knows queries by their names, and answers with the fields that those queries ask. Beside the usual faults:
`throttled` and `internal` (errors inside a 200), `invalid-cursor`, `bare` (an error without a code).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from include.demo.apis.shopify_shop import GraphqlError, Shop
from include.demo.tools.base import Answer, Request, Tool, route

GRAPHQL = r"/admin/api/2026-10/graphql\.json"
LISTS = {
    "Orders": "orders",
    "Customers": "customers",
    "Products": "products",
    "AbandonedCheckouts": "abandonedCheckouts",
}
MOST_POINTS = 1000
OPERATION = re.compile(r"\s*(?:query|mutation) (\w+)")
REST = re.compile(r"\.\.\. on (\w+) \{ id (\w+)\(")
FAULTS = {
    "throttled": GraphqlError("Throttled", "THROTTLED"),
    "internal": GraphqlError("Internal error. Looks like something went wrong on our end.", "INTERNAL_SERVER_ERROR"),
    "invalid-cursor": GraphqlError("Invalid cursor for current pagination sort."),
    "bare": GraphqlError("Something else"),
}


class Bucket:
    """Points that queries cost, restored over time.

    Attributes:
        per_second: points restored in a second; None: queries cost nothing.
    """

    def __init__(self, per_second: float | None = None) -> None:
        self.per_second = per_second
        self._available, self._at = self.most, time.monotonic()

    @property
    def most(self) -> float:
        """Points in a full bucket."""
        return 20 * (self.per_second or 100)

    @property
    def available(self) -> float:
        """Points in it."""
        if self.per_second:
            now = time.monotonic()
            self._available = min(self.most, self._available + (now - self._at) * self.per_second)
            self._at = now
        return self._available

    def take(self, cost: float) -> bool:
        """Take points out, if there are as many."""
        if self.per_second and self.available < cost:
            return False
        self._available -= cost if self.per_second else 0
        return True


class Shopify(Tool):
    """The server.

    Attributes:
        token: the access token that it takes.
        client: id and secret for which it gives the token.
        shop: what it holds.
        bucket: the points.
        points_per_record: what a record in a page costs.
        tokens_given: how many tokens were given for the client's id and secret.
    """

    client: ClassVar[tuple[str, str]] = ("an id", "a secret")

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token, self.shop, self.bucket = token, Shop(), Bucket()
        self.points_per_record, self.tokens_given = 3.0, 0

    def own_fault(self, request: Request) -> Answer | None:
        """Refuse a wrong token, and answer errors inside a 200."""
        if re.fullmatch(GRAPHQL, request.path) and request.headers.get("x-shopify-access-token") != self.token:
            return Answer(401, {"errors": "[API] Invalid API key or access token"})
        return self._error(FAULTS[request.fault]) if request.fault in FAULTS else None

    @route("POST", r"/admin/oauth/access_token")
    def _grant(self, request: Request) -> Answer:
        form = request.form
        known = (form.get("client_id"), form.get("client_secret")) == self.client
        if form.get("grant_type") != "client_credentials" or not known:
            return Answer(400, {"error": "invalid_client"})
        self.tokens_given += 1
        scope = ",".join(sorted(self.shop.scopes))
        return Answer(200, {"access_token": self.token, "scope": scope, "expires_in": 86399})

    @route("GET", r"/bulk/(\d+)\.jsonl")
    def _file(self, request: Request) -> Answer:
        if "x-shopify-access-token" in request.headers:
            self.violations.append("the shop's token was sent to the host of the files")
        content = self.shop.bulk_content(int(request.parts[0]))
        return Answer(200, content, {"Content-Type": "application/jsonl"})

    @route("POST", GRAPHQL)
    def _graphql(self, request: Request) -> Answer:
        query, given = request.json["query"], request.json.get("variables") or {}
        cost = 2 + self.points_per_record * given.get("first", 0)
        try:
            if cost > MOST_POINTS:
                raise GraphqlError("Query cost exceeds the single query max cost limit", "MAX_COST_EXCEEDED")
            if not self.bucket.take(cost):
                raise GraphqlError("Throttled", "THROTTLED")
            return self._data(self._answer(query, given), cost)
        except GraphqlError as error:
            return self._error(error)

    def _answer(self, query: str, given: Mapping[str, Any]) -> bytes | dict[str, Any]:
        named = OPERATION.match(query)
        name, shop = named[1] if named else "", self.shop
        if name in LISTS:
            return shop.page(LISTS[name], given)
        if name.removesuffix("Count") in LISTS:
            return shop.count(LISTS[name.removesuffix("Count")], given)
        if found := REST.search(query):
            return shop.rest(found[1], found[2], given)
        if name == "Bulk":
            return shop.bulk(given, self.url)
        known = {"Refunds": shop.refunds, "RefundsOfOrder": shop.refunds_of_order, "Deletions": shop.deletions}
        known |= {"Scopes": shop.app_scopes, "RunBulk": shop.run_bulk}
        if name not in known:
            raise GraphqlError(f"the stand-in does not know the query {name}")
        return known[name](given)

    def _data(self, data: bytes | dict[str, Any], cost: float) -> Answer:
        text = data if isinstance(data, bytes) else json.dumps(data).encode()
        return Answer(200, b'{"data":' + text + b',"extensions":' + json.dumps(self._cost(cost)).encode() + b"}")

    def _error(self, error: GraphqlError) -> Answer:
        extensions = ({"code": error.code} if error.code else {}) | error.extensions
        said = {"message": str(error), "extensions": extensions}
        return Answer(200, {"errors": [said], "extensions": self._cost(0)})

    def _cost(self, cost: float) -> dict[str, Any]:
        bucket = self.bucket
        status = {"maximumAvailable": bucket.most, "currentlyAvailable": int(bucket.available)}
        status |= {"restoreRate": bucket.per_second or 100.0}
        return {"cost": {"requestedQueryCost": int(cost), "actualQueryCost": int(cost), "throttleStatus": status}}
