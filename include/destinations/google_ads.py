"""Destination `google_ads`: Customer Match lists of Google Ads, through Google's Data Manager API.

Hashed contact data goes to `IngestAudienceMembers` and `RemoveAudienceMembers`. Google processes each request later and
then tells how many rows failed and why, not which; docs/destinations/google_ads.md says what "confirmed" means here.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import google.ads.datamanager_v1 as dm
from pydantic import BaseModel, ConfigDict, Field

from include.destinations.base import (
    ROUGHLY,
    Batch,
    Capability,
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
from include.destinations.google_calls import Google, RowsRefused
from include.destinations.hashing import google_email, google_phone
from include.destinations.rows import VendorRow, vendor

ROWS_PER_REQUEST: Final = 10_000
"""Most audience members of one request (Data Manager API, 'Limits and quotas')."""

Status = dm.RequestStatusPerDestination.RequestStatus
INTERNAL = dm.ProcessingErrorReason.PROCESSING_ERROR_REASON_INTERNAL_ERROR
CONSENT: Final = {
    "granted": dm.ConsentStatus.CONSENT_GRANTED,
    "denied": dm.ConsentStatus.CONSENT_DENIED,
    "unspecified": dm.ConsentStatus.CONSENT_STATUS_UNSPECIFIED,
}

log = logging.getLogger(__name__)


class Consent(BaseModel):
    """What the members of the audiences have agreed to, told to Google with every upload; nothing is assumed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ad_user_data: Literal["granted", "denied", "unspecified"]
    ad_personalization: Literal["granted", "denied", "unspecified"]


class GoogleAdsRow(VendorRow):
    """Settings row of a `google_ads` destination; times are in seconds.

    Attributes:
        account: Google Ads customer id, digits only.
        login_account: the manager account through which the credentials reach it; None when they reach it directly.
        lists: our audience -> id of the Customer Match list (contact data), which must exist.
        consent: see `Consent`.
        terms_accepted: that the Customer Match terms of service are accepted; Google takes no rows without.
        batch_size: members of one send; they go in requests of 10,000 that Google processes side by side.
        poll_seconds: longest wait between two looks at a request's status.
        wait_seconds: how long a request may be processed before its outcome counts as unknown.
        phone_country: ISO 3166-1 alpha-2 code by which phones without country code are read; None leaves them out.
        search_requests: how many more requests may be spent on finding the bad rows of 10,000.
        validate_only: Google checks the requests and takes nobody; nothing is confirmed.
    """

    account: str = Field(pattern=r"^\d+$")
    login_account: str | None = Field(default=None, pattern=r"^\d+$")
    lists: dict[str, Annotated[str, Field(pattern=r"^\d+$")]] = Field(min_length=1)
    consent: Consent
    terms_accepted: Literal[True]
    batch_size: int = Field(default=100_000, ge=1, le=500_000)
    poll_seconds: float = Field(default=30, gt=0, le=600)
    wait_seconds: float = Field(default=3600, ge=0, le=86_400)
    phone_country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    search_requests: int = Field(default=20, ge=0)
    validate_only: bool = False


@dataclass(frozen=True)
class _Job:
    request_id: str
    until: float


class GoogleAds:
    """Adds people to Customer Match lists and takes them out."""

    capability = Capability.DELTA

    def __init__(self, row: GoogleAdsRow, found: Credentials) -> None:
        self.limits = Limits(max_batch=row.batch_size, remove_needs_contact=True)
        self._row = row
        self._google = Google(row.id, found, row.rules, row.timeout_seconds)

    def send(self, batch: Batch) -> Receipt:
        """Upload members or take them out, and wait for Google to have processed them; see `Destination.send`."""
        target = self._target(batch.audience)
        hashed = {member.customer_key: self._hashed(member) for member in batch.members}
        usable = [member for member in batch.members if hashed[member.customer_key]]
        rejected = [_unusable(key, batch.operation) for key, identifiers in hashed.items() if not identifiers]
        chunks = [tuple(usable[at : at + ROWS_PER_REQUEST]) for at in range(0, len(usable), ROWS_PER_REQUEST)]
        # All are handed over before the first is waited for: Google takes minutes over each.
        jobs = {id(chunk): self._start(batch, target, chunk, hashed) for chunk in chunks}
        accepted: list[str] = []
        for chunk in chunks:

            def send_part(part: tuple[Member, ...]) -> Counted:
                job = jobs.pop(id(part), None) or self._start(batch, target, part, hashed)
                return job if isinstance(job, Counted) else self._outcome(job, len(part))

            receipt = send_counted(chunk, send_part, batch.destination, self._row.search_requests)
            accepted += receipt.accepted
            rejected += receipt.rejected
        if usable and not accepted and not rejected and not self._row.validate_only:
            raise DestinationUnavailable(
                f"{self._row.id}: Google had not processed {len(usable)} rows within {self._row.wait_seconds:g} s or "
                "reported an error of its own. They are sent again by the next run."
            )
        return Receipt(accepted, rejected)

    def read_back(self, audience: str) -> ReadBack | None:
        """Return Google's estimate of the list's people reachable on Search; None while it has none."""
        name = f"accountTypes/GOOGLE_ADS/accounts/{self._row.account}/userLists/{self._row.entry('lists', audience)}"
        found = self._google.user_list(dm.GetUserListRequest(name=name))
        if "size_info" not in found:
            return None
        return ReadBack(int(found.size_info.search_network_members_count), tolerance=ROUGHLY)

    def close(self) -> None:
        """Close the channel."""
        self._google.close()

    def _target(self, audience: str) -> dm.Destination:
        kind = dm.ProductAccount.AccountType.GOOGLE_ADS
        target = dm.Destination(
            operating_account=dm.ProductAccount(account_type=kind, account_id=self._row.account),
            product_destination_id=self._row.entry("lists", audience),
        )
        if self._row.login_account:
            target.login_account = dm.ProductAccount(account_type=kind, account_id=self._row.login_account)
        return target

    def _hashed(self, member: Member) -> list[dict[str, str]]:
        email = google_email(member.contact.get("email"))
        phone = google_phone(member.contact.get("phone"), self._row.phone_country)
        # Names count for Google only together with country and postal code, which contacts do not have.
        pairs = (("email_address", email), ("phone_number", phone))
        return [{name: value} for name, value in pairs if value]

    def _start(
        self, batch: Batch, target: dm.Destination, part: tuple[Member, ...], hashed: dict[str, list[dict[str, str]]]
    ) -> _Job | Counted:
        members = [{"user_data": {"user_identifiers": hashed[member.customer_key]}} for member in part]
        common: dict[str, Any] = {
            "destinations": [target],
            "audience_members": members,
            "encoding": dm.Encoding.HEX,
            "validate_only": self._row.validate_only,
        }
        try:
            if batch.operation is Operation.REMOVE:
                request_id = self._google.remove(dm.RemoveAudienceMembersRequest(**common))
            else:
                request_id = self._google.ingest(
                    dm.IngestAudienceMembersRequest(
                        **common,
                        consent=dm.Consent(
                            ad_user_data=CONSENT[self._row.consent.ad_user_data],
                            ad_personalization=CONSENT[self._row.consent.ad_personalization],
                        ),
                        terms_of_service=dm.TermsOfService(
                            customer_match_terms_of_service_status=dm.TermsOfServiceStatus.ACCEPTED
                        ),
                    )
                )
        except RowsRefused as refused:
            named = {part[at].customer_key: reason for at, reason in refused.rows.items() if at < len(part)}
            return Counted(taken=False, bad=len(named) or None, named=named, reason=refused.reason)
        if self._row.validate_only:
            log.info("%s: Google found no fault in %d rows; nothing was taken", self._row.id, len(part))
            return Counted(known=False)
        return _Job(request_id, time.monotonic() + self._row.wait_seconds)

    def _outcome(self, job: _Job, rows: int) -> Counted:
        wait = self._row.poll_seconds / 16
        while True:
            answer = self._google.status(dm.RetrieveRequestStatusRequest(request_id=job.request_id))
            states = list(answer.request_status_per_destination)
            if states and not any(one.request_status in (Status.PROCESSING, 0) for one in states):
                return _counted(states[0], rows)
            if time.monotonic() + wait > job.until:
                log.warning("%s: request %s of %d rows is not processed yet", self._row.id, job.request_id, rows)
                return Counted(known=False)
            time.sleep(wait)
            wait = min(wait * 2, self._row.poll_seconds)


def _counted(state: dm.RequestStatusPerDestination, rows: int) -> Counted:
    if state.request_status == Status.SUCCESS:
        return Counted()
    errors = {error.reason: error.record_count for error in state.error_info.error_counts}
    if INTERNAL in errors:
        return Counted(known=False)
    # Names of reasons only: no text of Google's is kept.
    names = sorted(getattr(reason, "name", str(reason)).removeprefix("PROCESSING_ERROR_REASON_") for reason in errors)
    bad = rows if state.request_status == Status.FAILED else min(max(sum(errors.values()), 1), rows)
    return Counted(bad=bad, reason=f"Google: {', '.join(names) or 'no reason given'}")


def _unusable(key: str, operation: Operation) -> Rejection:
    if operation is Operation.REMOVE:
        reason = "no contact data is left by which Google could find it; it leaves when the list's duration has passed"
        return Rejection(key, reason, retryable=True)
    return Rejection(key, "neither a usable e-mail address nor a usable phone number", retryable=False)


DESTINATION = vendor(GoogleAdsRow, GoogleAds)
