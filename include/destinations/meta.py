"""Destination `meta`: customer-file Custom Audiences of Meta (Facebook, Instagram).

Hashed contact data and the customer_key go to `/<audience>/users`. Meta tells how many rows it received and how many
were invalid, never what became of one row: docs/destinations/meta.md says what "confirmed" means here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import httpx
from pydantic import BaseModel, ConfigDict, Field

from include.destinations.api import Api
from include.destinations.base import (
    ROUGHLY,
    Batch,
    Capability,
    DestinationRefused,
    DestinationUnavailable,
    Limits,
    Member,
    Operation,
    ReadBack,
    Receipt,
    Rejection,
)
from include.destinations.counted import Counted, send_counted
from include.destinations.credentials import Credentials
from include.destinations.hashing import meta_email, meta_name, meta_phone, sha256
from include.destinations.meta_errors import answer_of, codes_of, error_of, is_busy, is_rows_fault
from include.destinations.rows import VendorRow, vendor

ROWS_PER_REQUEST: Final = 10_000
"""Most rows of one request (Custom Audiences guide, 'Add Users to Your Audience')."""

FLAGGED: Final = 471
COUNTS: Final = "approximate_count_lower_bound,approximate_count_upper_bound,operation_status"


class LimitedDataUse(BaseModel):
    """Meta's Limited Data Use: country and state as Meta numbers them (US 1, California 1000); 0 lets Meta find out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: int = Field(default=0, ge=0)
    state: int = Field(default=0, ge=0)


class MetaRow(VendorRow):
    """Settings row of a `meta` destination.

    Attributes:
        audiences: our audience -> id of the Custom Audience, which must exist.
        api_version: version of the Graph API.
        batch_size: rows in a request.
        phone_country: ISO 3166-1 alpha-2 code by which phones without country code are read; None leaves them out.
        limited_data_use: sent with every row; None sends nothing of the kind.
        search_requests: how many more requests may be spent on finding invalid rows of a batch.
    """

    audiences: dict[str, Annotated[str, Field(pattern=r"^\d+$")]] = Field(min_length=1)
    api_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")
    batch_size: int = Field(default=ROWS_PER_REQUEST, ge=1, le=ROWS_PER_REQUEST)
    phone_country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    limited_data_use: LimitedDataUse | None = None
    search_requests: int = Field(default=60, ge=0)


class Meta:
    """Adds people to Custom Audiences and takes them out."""

    capability = Capability.DELTA

    def __init__(self, row: MetaRow, found: Credentials) -> None:
        self.limits = Limits(max_batch=row.batch_size, remove_needs_contact=True)
        self._row = row
        address = f"{found.host or 'https://graph.facebook.com'}/{row.api_version}"
        # No windows: the budget grows with the audiences in use and is counted by Meta, which answers with `BUSY`.
        self._api = Api.of(row, address, {"Authorization": f"Bearer {found.secret()}"}, throttles=is_busy)
        self._columns: dict[str, tuple[str, Callable[[str | None], str | None]]] = {
            "email": ("EMAIL", meta_email),
            "phone": ("PHONE", lambda phone: meta_phone(phone, row.phone_country)),
            "first_name": ("FN", meta_name),
            "last_name": ("LN", meta_name),
        }
        self._checked: set[str] = set()

    def send(self, batch: Batch) -> Receipt:
        """Upload rows, or take them out; see `Destination.send`."""
        audience = self._row.entry("audiences", batch.audience)
        removing = batch.operation is Operation.REMOVE
        if not removing:
            self._refuse_flagged(audience)
        fields = [name for name in self._columns if any(name in member.contact for member in batch.members)]
        rows = {member.customer_key: self._hashed(member, fields) for member in batch.members}
        # Taking out works by our own key as well, which Meta remembers for 90 days.
        usable = tuple(m for m in batch.members if removing or self._identifiers(rows[m.customer_key], fields))

        def send_part(part: tuple[Member, ...]) -> Counted:
            return self._upload(batch, audience, fields, {m.customer_key: rows[m.customer_key] for m in part})

        receipt = send_counted(usable, send_part, batch.destination, self._row.search_requests)
        found = {member.customer_key for member in usable}
        unusable = [
            Rejection(key, "neither a usable e-mail address nor a usable phone number", retryable=False)
            for key in rows
            if key not in found
        ]
        return Receipt(receipt.accepted, [*receipt.rejected, *unusable])

    def read_back(self, audience: str) -> ReadBack | None:
        """Return Meta's estimate of the people it recognised, rounded upwards; None while Meta has none yet."""
        answer = self._node(self._row.entry("audiences", audience))
        low, high = (answer.get(f"approximate_count_{end}_bound") for end in ("lower", "upper"))
        if not isinstance(high, int) or high < 0:
            return None
        rounding = high - max(low, 0) if isinstance(low, int) else 0
        return ReadBack(high, tolerance=ROUGHLY, rounding=rounding)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def _hashed(self, member: Member, fields: Sequence[str]) -> list[str]:
        # Meta reads an empty text as "not known".
        return [self._columns[name][1](member.contact.get(name)) or "" for name in fields]

    def _identifiers(self, hashed: Sequence[str], fields: Sequence[str]) -> list[str]:
        # A name alone finds nobody.
        pairs = zip(fields, hashed, strict=True)
        return [value for name, value in pairs if value and name in ("email", "phone")]

    def _upload(self, batch: Batch, audience: str, fields: Sequence[str], rows: dict[str, list[str]]) -> Counted:
        extra, schema = self._data_use()
        names = ["EXTERN_ID", *(self._columns[name][0] for name in fields), *schema]
        payload = {"schema": names, "data": [[key, *hashed, *extra] for key, hashed in rows.items()]}
        lines = [batch.run_id, batch.idempotency_key, *rows]
        session = {
            # The same when the request is tried again, another for other rows; Meta takes a 64-bit number.
            "session_id": int(sha256("\x1e".join(lines))[:15], 16),
            "batch_seq": 1,
            "last_batch_flag": True,
            "estimated_num_total": len(rows),
        }
        form = {"payload": _compact(payload), "session": _compact(session)}
        method = "DELETE" if batch.operation is Operation.REMOVE else "POST"
        response = self._api.request(method, f"/{audience}/users", form=form)
        if not response.is_success:
            return self._refusal(response)
        return self._read(response, fields, rows)

    def _data_use(self) -> tuple[list[Any], list[str]]:
        use = self._row.limited_data_use
        if use is None:
            return [], []
        name = "DATA_PROCESSING_OPTIONS"
        return [["LDU"], use.country, use.state], [name, f"{name}_COUNTRY", f"{name}_STATE"]

    def _read(self, response: httpx.Response, fields: Sequence[str], rows: dict[str, list[str]]) -> Counted:
        answer = answer_of(response)
        received, invalid = answer.get("num_received"), answer.get("num_invalid_entries")
        if not isinstance(received, int) or not isinstance(invalid, int) or received < len(rows):
            raise DestinationUnavailable(
                f"{self._row.id}: Meta says it received {received} of {len(rows)} rows, {invalid} of them invalid; "
                "expected to be told of all. Nothing of this request was recorded as sent; run again."
            )
        if invalid <= 0:
            return Counted()
        said = json.dumps(answer.get("invalid_entry_samples") or {})
        named = {
            key: "Meta named it among the invalid entries"
            for key, hashed in rows.items()
            if f'"{key}"' in said or any(value in said for value in self._identifiers(hashed, fields))
        }
        # More names than the count: two people share an address, or samples quote more than the invalid rows.
        return Counted(bad=invalid, named=named if len(named) <= invalid else {}, reason="Meta counts it as invalid")

    def _refusal(self, response: httpx.Response) -> Counted:
        code, subcode = codes_of(response)
        if is_rows_fault(code, subcode):
            return Counted(taken=False, bad=None, reason=f"Meta refused the request (code {code}, subcode {subcode})")
        raise error_of(response, self._row)

    def _refuse_flagged(self, audience: str) -> None:
        if audience in self._checked:
            return
        status = self._node(audience).get("operation_status") or {}
        if isinstance(status, dict) and status.get("code") == FLAGGED:
            raise DestinationRefused(
                f"{self._row.id}: Meta flagged Custom Audience {audience} (operation_status {FLAGGED}): its name or "
                "content seems to tell of health or money matters. Nobody is added until it is cleared or replaced in "
                "Ads Manager; removals still go through."
            )
        self._checked.add(audience)

    def _node(self, audience: str) -> dict[str, Any]:
        response = self._api.request("GET", f"/{audience}", params={"fields": COUNTS})
        if not response.is_success:
            raise error_of(response, self._row)
        return answer_of(response)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


DESTINATION = vendor(MetaRow, Meta)
