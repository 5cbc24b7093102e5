"""Calls to Google's Data Manager API: credentials, quota, what is tried again, what a refusal means."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import google.ads.datamanager_v1 as dm
import grpc
from google.ads.datamanager_v1.services.ingestion_service.transports import IngestionServiceGrpcTransport
from google.ads.datamanager_v1.services.user_list_service.transports import UserListServiceGrpcTransport
from google.api_core import exceptions as errors
from google.auth import exceptions as auth_errors
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account
from google.rpc import error_details_pb2
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from include.destinations.api import Window, limiter
from include.destinations.base import DestinationRefused, DestinationUnavailable
from include.destinations.credentials import Credentials
from include.destinations.http import RetryRules

# At DEBUG Google's library logs whole requests, hashes included.
logging.getLogger("google").setLevel(logging.INFO)

SCOPE: Final = "https://www.googleapis.com/auth/datamanager"
PER_MINUTE: Final = (Window(300, 60),)
"""Requests of one project (Data Manager API, 'Limits and quotas'; 100,000 a day, far from what a run needs)."""
TEMPORARY: Final = (
    errors.TooManyRequests,
    errors.ServerError,
    errors.Aborted,
    errors.Cancelled,
    auth_errors.TransportError,
)
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
ROWS_FAULT: Final = frozenset(
    {"INVALID_AUDIENCE_MEMBER", "INVALID_SHA256_FORMAT", "INVALID_HEX_ENCODING", "TOO_MANY_USER_IDENTIFIERS"}
)
"""Reasons that lie in a row, also where no row is named."""
ROW = re.compile(r"audience_members[\[.](\d+)")

Answer = TypeVar("Answer")


class RowsRefused(Exception):
    """Google took none of a request's rows because of some; `rows` has position -> reason of those it named."""

    def __init__(self, rows: dict[int, str], reason: str) -> None:
        super().__init__(reason)
        self.rows = rows
        self.reason = reason


class Google:
    """The API under one project's credentials; `who` and the connection's id are for error texts."""

    def __init__(self, who: str, found: Credentials, rules: RetryRules, timeout: float) -> None:
        self._who, self._connection, self._rules, self._timeout = who, found.connection, rules, timeout
        self._limiter = limiter(PER_MINUTE)
        address = urlsplit(found.host or "https://datamanager.googleapis.com")
        if address.scheme == "http" and address.hostname in LOOPBACK:
            channel = grpc.insecure_channel(address.netloc, options=[("grpc.enable_http_proxy", 0)])
            ingestion: Any = IngestionServiceGrpcTransport(channel=channel)
            lists: Any = UserListServiceGrpcTransport(channel=channel)
        elif address.scheme == "https":
            signed = _signed(found)
            ingestion = IngestionServiceGrpcTransport(host=address.netloc, credentials=signed)
            lists = UserListServiceGrpcTransport(host=address.netloc, credentials=signed)
        else:
            raise DestinationRefused(f"{who}: {address.scheme}:// is taken for loopback only, expected https://.")
        self._ingestion = dm.IngestionServiceClient(transport=ingestion)
        self._lists = dm.UserListServiceClient(transport=lists)

    def ingest(self, request: dm.IngestAudienceMembersRequest) -> str:
        """Upload members and return the request's id.

        Raises:
            RowsRefused: because of some rows none was taken.
            DestinationUnavailable, DestinationRefused: as `Destination.send`.
        """
        return self._call(self._ingestion.ingest_audience_members, request).request_id

    def remove(self, request: dm.RemoveAudienceMembersRequest) -> str:
        """Take members out and return the request's id; raises as `ingest`."""
        return self._call(self._ingestion.remove_audience_members, request).request_id

    def status(self, request: dm.RetrieveRequestStatusRequest) -> dm.RetrieveRequestStatusResponse:
        """Look how far a request is."""
        return self._call(self._ingestion.retrieve_request_status, request)

    def user_list(self, request: dm.GetUserListRequest) -> dm.UserList:
        """Read a list's description."""
        return self._call(self._lists.get_user_list, request)

    def close(self) -> None:
        """Close the channels."""
        self._ingestion.transport.close()
        self._lists.transport.close()

    def _call(self, method: Callable[..., Answer], request: Any) -> Answer:
        def attempt() -> Answer:
            if self._limiter is not None:
                self._limiter.try_acquire(self._who)
            return method(request=request, retry=None, timeout=self._timeout)

        retrying = Retrying(
            stop=stop_after_attempt(self._rules.attempts),
            wait=self._wait,
            retry=retry_if_exception_type(TEMPORARY),
            reraise=True,
        )
        # `from None`: the text of a cause may quote what was sent.
        try:
            return retrying(attempt)
        except TEMPORARY as last:
            raise DestinationUnavailable(
                f"{self._who}: Google gave no usable answer in {self._rules.attempts} attempts (last: "
                f"{type(last).__name__}). What it confirmed before is recorded; the rest is sent again by the next run."
            ) from None
        except errors.InvalidArgument as refused:
            raise self._invalid(refused) from None
        except (errors.GoogleAPICallError, auth_errors.GoogleAuthError) as refused:
            reason = getattr(refused, "reason", None)
            raise DestinationRefused(
                f"{self._who}: Google refused with {type(refused).__name__}{f' ({reason})' if reason else ''}. Check "
                f"the Airflow connection '{self._connection}' (scope {SCOPE}), the accounts and lists of the row "
                f"'{self._who}', and that the Data Manager API is switched on; then run again."
            ) from None

    def _wait(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        for detail in getattr(failure, "details", None) or []:
            if isinstance(detail, error_details_pb2.RetryInfo):
                return min(detail.retry_delay.ToTimedelta().total_seconds(), self._rules.max_wait)
        return wait_random_exponential(multiplier=self._rules.first_wait, max=self._rules.max_wait)(state)

    def _invalid(self, refused: errors.InvalidArgument) -> Exception:
        rows: dict[int, str] = {}
        fields: set[str] = set()
        reasons = {refused.reason or "INVALID_ARGUMENT"}
        for detail in refused.details or []:
            for violation in getattr(detail, "field_violations", ()):
                row = ROW.search(violation.field)
                fields.add(re.sub(r"\d+", "n", violation.field))
                reasons |= {violation.reason} - {""}
                if row:
                    rows[int(row[1])] = f"Google: {violation.reason or 'INVALID_ARGUMENT'}"
        reason = ", ".join(sorted(reasons))
        if rows or reasons & ROWS_FAULT:
            return RowsRefused(rows, f"Google: {reason}")
        return DestinationRefused(
            f"{self._who}: Google finds the request invalid ({reason}; fields: {', '.join(sorted(fields)) or 'none'}). "
            f"Check account, lists and consent of the row '{self._who}' in destinations.yml, then run again."
        )


def _signed(found: Credentials) -> Any:
    try:
        info = json.loads(found.secret())
        if info["type"] == "service_account":
            return service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])
        if info["type"] == "authorized_user":
            return user_credentials.Credentials.from_authorized_user_info(info, scopes=[SCOPE])
    except (ValueError, KeyError, TypeError):
        pass
    raise DestinationRefused(
        f"The password of the Airflow connection '{found.connection}' must be the JSON of a Google service account or "
        "of an authorized user (type, client_id, client_secret, refresh_token), and it is not."
    )
