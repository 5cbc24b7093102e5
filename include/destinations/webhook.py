"""Destination `webhook`: signed JSON batches to any HTTPS address.

The request, the headers and the answers it understands are described in docs/publishing.md, 'Webhook'.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import Field

from include.destinations.base import (
    Batch,
    Capability,
    DestinationRefused,
    Limits,
    Member,
    Mode,
    Operation,
    Receipt,
    Rejection,
)
from include.destinations.bisect import BatchRefused, send_bisecting
from include.destinations.http import post_with_retries
from include.destinations.rows import DestinationType, RemoteRow
from include.destinations.scrub import scrub
from include.destinations.values import json_value

if TYPE_CHECKING:
    from include.settings import Settings

BATCH_REFUSALS = frozenset({400, 413, 422})

# httpx logs every request's full address at INFO, and a web hook's address is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)
log = logging.getLogger(__name__)


class WebhookRow(RemoteRow):
    """Settings row of a `webhook` destination."""

    batch_size: int = Field(default=500, ge=1, le=10_000)
    timeout_seconds: float = Field(default=30, gt=0, le=300)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a request: hex HMAC-SHA256 over `<timestamp>.<body>`.

    The receiver computes the same, compares in constant time and refuses old timestamps.
    """
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def member_json(member: Member, operation: Operation) -> dict[str, Any]:
    """Shape one member; a removal carries the customer_key only."""
    if operation is Operation.REMOVE:
        return {"customer_key": member.customer_key}
    attributes = {name: json_value(value) for name, value in member.attributes.items()}
    return {"customer_key": member.customer_key, "contact": dict(member.contact), "attributes": attributes}


def batch_body(batch: Batch) -> bytes:
    """Shape a request body, UTF-8."""
    content = {
        "audience": batch.audience,
        "run_id": batch.run_id,
        "mode": batch.mode.value,
        "operation": batch.operation.value,
        "members": [member_json(member, batch.operation) for member in batch.members],
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def read_answer(body: bytes, batch: Batch) -> Receipt:
    """Read a 2xx answer: everything is accepted except what `rejected` lists.

    Args:
        body: nothing, any text, or JSON with `{"rejected": [{"customer_key", "reason", "retryable"}]}`.
        batch: what was sent.

    Raises:
        DestinationRefused: `rejected` is there but is no list of such objects, so the outcome cannot be read.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    rows = (answer.get("rejected") if isinstance(answer, dict) else None) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "customer_key" in row for row in rows):
        raise DestinationRefused(
            f"{batch.destination}: the answer's 'rejected' must be a list of objects with customer_key, reason and "
            "retryable, and it is not. Nothing of this batch was recorded as sent; correct the receiver and run again."
        )
    members = {member.customer_key: member for member in batch.members}
    said = {str(row["customer_key"]): row for row in rows}
    strangers = said.keys() - members.keys()
    if strangers:
        log.warning("%s: %d rejected rows were not in the batch; ignored", batch.destination, len(strangers))
    rejected = [
        Rejection(key, scrub(str(said[key].get("reason") or "no reason given"), member), _is_true(said[key]))
        for key, member in members.items()
        if key in said
    ]
    return Receipt([key for key in members if key not in said], rejected)


def _is_true(row: Mapping[str, Any]) -> bool:
    return row.get("retryable") is True


def _refusal(response: httpx.Response, member: Member | None) -> str:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    said = (answer.get("error") or answer.get("message")) if isinstance(answer, dict) else None
    # With several members in the batch nothing tells whose name the text may hold, so none of it is kept.
    return f"HTTP {response.status_code}" + (f": {scrub(str(said), member)}" if said and member else "")


class Webhook:
    """Posts batches to one address."""

    capability = Capability.DELTA

    def __init__(self, row: WebhookRow, url: str, secret: str | None) -> None:
        self.limits = Limits(max_batch=row.batch_size, modes=frozenset(Mode))
        self._url = url
        self._secret = secret
        self._rules = row.rules
        self._client = httpx.Client(timeout=row.timeout_seconds, follow_redirects=False)

    def send(self, batch: Batch) -> Receipt:
        """Post a batch; see `Destination.send`."""

        def send_part(members: tuple[Member, ...]) -> Receipt:
            return self._post(replace(batch, members=members))

        return send_bisecting(batch.members, send_part, batch.destination)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _post(self, batch: Batch) -> Receipt:
        body = batch_body(batch)
        response = post_with_retries(
            self._client, self._url, body, lambda: self._headers(batch, body), self._rules, batch.destination
        )
        if response.is_success:
            return read_answer(response.content, batch)
        if response.status_code in BATCH_REFUSALS:
            raise BatchRefused(_refusal(response, batch.members[0] if len(batch.members) == 1 else None))
        raise DestinationRefused(
            f"{batch.destination}: {httpx.URL(self._url).host} answered HTTP {response.status_code}; expected 2xx. "
            "Check PERENNIAL_WEBHOOK_URL, PERENNIAL_WEBHOOK_SECRET and the receiver's access rules, then run again."
        )

    def _headers(self, batch: Batch, body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "perennial-publisher",
            "Idempotency-Key": batch.idempotency_key,
            "X-Perennial-Timestamp": timestamp,
        }
        if self._secret:
            headers["X-Perennial-Signature"] = signature(self._secret, timestamp, body)
        return headers


def _create(row: WebhookRow, settings: Settings) -> Webhook:
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    return Webhook(row, str(settings.webhook_url), secret or None)


DESTINATION = DestinationType(
    row=WebhookRow,
    create=_create,
    missing=lambda row, settings: None if settings.webhook_url else "PERENNIAL_WEBHOOK_URL",
)
