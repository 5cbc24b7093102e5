"""A stand-in for Google's Data Manager API: a gRPC server on loopback made of Google's own protos.

Faults, by number of call from 1: `unavailable`, `internal`, `quota` (with RetryInfo), `unavailable-after` (acted, then
no answer), `hang-after` (acted, silence), `denied`, `not-allowed`, `twice`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import google.ads.datamanager_v1 as dm
import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

HASH = re.compile(r"[0-9a-f]{64}")
MEMBERS_PER_REQUEST = 10_000
IDENTIFIERS_PER_MEMBER = 10
Status = dm.RequestStatusPerDestination.RequestStatus
NO_CONSENT = dm.ProcessingErrorReason.PROCESSING_ERROR_REASON_NO_CONSENT
INTERNAL = dm.ProcessingErrorReason.PROCESSING_ERROR_REASON_INTERNAL_ERROR


@dataclass
class Job:
    """A request under way: how often it says PROCESSING, what it says then."""

    looks_left: int
    answer: dm.RequestStatusPerDestination


@dataclass
class People:
    """A list's people, each the set of their hashes; a hash belongs to one of them."""

    held: dict[int, set[str]] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    last: int = 0

    def drop(self, person: set[str]) -> None:
        """Take out whoever shares a hash."""
        for number in {self.owners[one] for one in person if one in self.owners}:
            for one in self.held.pop(number):
                del self.owners[one]

    def take(self, person: set[str]) -> None:
        """Add somebody in place of whoever shares a hash."""
        self.drop(person)
        self.last += 1
        self.held[self.last] = person
        self.owners |= dict.fromkeys(person, self.last)


@dataclass
class Call:
    """One call as it came."""

    method: str
    request: Any


@dataclass
class GoogleAds:
    """The server.

    Attributes:
        lists: list id -> people.
        slow: how many looks a request stays PROCESSING.
        bad: hashes that fail in processing, with NO_CONSENT.
        broken: requests with such a hash end with INTERNAL_ERROR.
        invalid: hashes because of which a whole request is refused at once.
        names_rows: whether such a refusal names the rows.
        forbidden: what must never have come.
    """

    account: str = "1234567890"
    lists: dict[str, People] = field(default_factory=dict)
    slow: int = 0
    bad: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    invalid: set[str] = field(default_factory=set)
    names_rows: bool = True
    faults: dict[int, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)
    let_go: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        self._server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers(
            (
                _service(
                    "IngestionService",
                    {
                        "IngestAudienceMembers": self._rpc("ingest", dm.IngestAudienceMembersRequest),
                        "RemoveAudienceMembers": self._rpc("remove", dm.RemoveAudienceMembersRequest),
                        "RemoveAllAudienceMembers": self._rpc("remove_all", dm.RemoveAllAudienceMembersRequest),
                        "RetrieveRequestStatus": self._rpc("status", dm.RetrieveRequestStatusRequest),
                    },
                ),
                _service("UserListService", {"GetUserList": self._rpc("user_list", dm.GetUserListRequest)}),
            )
        )
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self._server.start()

    def stop(self) -> None:
        """Stop listening and let go of clients that hang."""
        self.let_go.set()
        self._server.stop(0).wait(5)

    @property
    def requests(self) -> list[Call]:
        """Everything that came."""
        return self.calls

    def asked_to_change(self) -> int:
        """Count the calls that asked for a change, whether they made one or not."""
        with self.lock:
            return sum(one.method in ("ingest", "remove", "remove_all") for one in self.calls)

    def members(self, list_id: str) -> set[str]:
        """All hashes in a list."""
        return set(self.lists[list_id].owners)

    def _rpc(self, name: str, request_type: Any) -> grpc.RpcMethodHandler:
        def called(request: Any, context: grpc.ServicerContext) -> Any:
            with self.lock:
                self.calls.append(Call(name, request))
                fault = self.faults.get(len(self.calls), "")
                if fault in BEFORE and fault != "":
                    _abort(context, *BEFORE[fault])
                handler: Callable[..., Any] = getattr(self, f"_{name}")
                answer = handler(request, context)
                if fault == "twice":
                    answer = handler(request, context)
            if fault == "hang-after":
                self.let_go.wait(20)
            if fault in ("hang-after", "unavailable-after"):
                _abort(context, code_pb2.UNAVAILABLE)
            return answer

        return grpc.unary_unary_rpc_method_handler(
            called, request_deserializer=request_type.deserialize, response_serializer=lambda m: type(m).serialize(m)
        )

    def _ingest(self, request: dm.IngestAudienceMembersRequest, context: grpc.ServicerContext) -> Any:
        if request.terms_of_service.customer_match_terms_of_service_status != dm.TermsOfServiceStatus.ACCEPTED:
            _abort(context, code_pb2.INVALID_ARGUMENT, "TERMS_AND_CONDITIONS_NOT_SIGNED", {"terms_of_service": ""})
        return dm.IngestAudienceMembersResponse(request_id=self._carry_out(request, context, removing=False))

    def _remove(self, request: dm.RemoveAudienceMembersRequest, context: grpc.ServicerContext) -> Any:
        return dm.RemoveAudienceMembersResponse(request_id=self._carry_out(request, context, removing=True))

    def _remove_all(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.forbidden.append("a list was emptied")
        return dm.RemoveAllAudienceMembersResponse()

    def _status(self, request: dm.RetrieveRequestStatusRequest, context: grpc.ServicerContext) -> Any:
        job = self.jobs.get(request.request_id)
        if job is None:
            _abort(context, code_pb2.INVALID_ARGUMENT, "INVALID_REQUEST_ID", {"request_id": "INVALID_REQUEST_ID"})
        assert job is not None
        job.looks_left -= 1
        answer = job.answer
        if job.looks_left >= 0:
            answer = dm.RequestStatusPerDestination(destination=answer.destination, request_status=Status.PROCESSING)
        return dm.RetrieveRequestStatusResponse(request_status_per_destination=[answer])

    def _user_list(self, request: dm.GetUserListRequest, context: grpc.ServicerContext) -> Any:
        found = re.fullmatch(r"accountTypes/GOOGLE_ADS/accounts/(\d+)/userLists/(\d+)", request.name)
        if not found or found[1] != self.account or found[2] not in self.lists:
            _abort(context, code_pb2.NOT_FOUND, "NOT_FOUND")
            return None
        size = dm.SizeInfo(search_network_members_count=len(self.lists[found[2]].held) // 10 * 10)
        return dm.UserList(name=request.name, size_info=size)

    def _carry_out(self, request: Any, context: grpc.ServicerContext, removing: bool) -> str:
        people = [{_value(one) for one in member.user_data.user_identifiers} for member in request.audience_members]
        target = request.destinations[0]
        self._refuse(request, target, people, context)
        if request.validate_only:
            return ""
        held = self.lists[target.product_destination_id]
        failed = [person for person in people if person & self.bad]
        for person in people:
            if removing:
                held.drop(person)
            elif not person & self.bad:
                held.take(person)
        answer = dm.RequestStatusPerDestination(destination=target, request_status=Status.SUCCESS)
        reason = INTERNAL if any(person & self.broken for person in people) else NO_CONSENT
        if failed or reason == INTERNAL:
            whole = len(failed) == len(people) or reason == INTERNAL
            answer.request_status = Status.FAILED if whole else Status.PARTIAL_SUCCESS
            answer.error_info = dm.ErrorInfo(error_counts=[{"reason": reason, "record_count": len(failed)}])
        request_id = f"request-{len(self.jobs) + 1}"
        self.jobs[request_id] = Job(self.slow, answer)
        return request_id

    def _refuse(
        self, request: Any, target: dm.Destination, people: list[set[str]], context: grpc.ServicerContext
    ) -> None:
        invalid = code_pb2.INVALID_ARGUMENT
        if target.operating_account.account_id != self.account:
            _abort(context, code_pb2.PERMISSION_DENIED, "PERMISSION_DENIED")
        if target.product_destination_id not in self.lists:
            _abort(context, invalid, "INVALID_USER_LIST_ID", {"destinations[0].product_destination_id": ""})
        if not 1 <= len(people) <= MEMBERS_PER_REQUEST:
            self.violations.append(f"{len(people)} members in a request")
            _abort(context, invalid, "TOO_MANY_AUDIENCE_MEMBERS", {"audience_members": ""})
        if request.encoding != dm.Encoding.HEX:
            self.violations.append("no encoding")
            _abort(context, invalid, "REQUIRED_FIELD_MISSING", {"encoding": ""})
        wrong = [at for at, one in enumerate(people) if not 1 <= len(one) <= IDENTIFIERS_PER_MEMBER or _unhashed(one)]
        if wrong:
            self.violations.append(f"{len(wrong)} members are not hashed or have no identifier")
        wrong += [at for at, one in enumerate(people) if one & self.invalid]
        if wrong:
            at = "audience_members[{}].user_data.user_identifiers[0].email_address"
            named = {at.format(row): "INVALID_SHA256_FORMAT" for row in wrong} if self.names_rows else {}
            _abort(context, invalid, "INVALID_AUDIENCE_MEMBER", named or {"audience_members": ""})


BEFORE: dict[str, tuple[Any, ...]] = {
    "unavailable": (code_pb2.UNAVAILABLE,),
    "internal": (code_pb2.INTERNAL,),
    "quota": (code_pb2.RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED", {}, 1),
    "denied": (code_pb2.PERMISSION_DENIED, "PERMISSION_DENIED"),
    "not-allowed": (code_pb2.INVALID_ARGUMENT, "NOT_ALLOWLISTED", {"destinations[0]": "NOT_ALLOWLISTED"}),
}


def _service(name: str, methods: dict[str, grpc.RpcMethodHandler]) -> grpc.GenericRpcHandler:
    return grpc.method_handlers_generic_handler(f"google.ads.datamanager.v1.{name}", methods)


def _value(identifier: dm.UserIdentifier) -> str:
    return identifier.email_address or identifier.phone_number


def _unhashed(person: set[str]) -> bool:
    return not all(HASH.fullmatch(one) for one in person)


def _abort(
    context: grpc.ServicerContext, code: int, reason: str = "", fields: dict[str, str] | None = None, wait: int = 0
) -> None:
    details: list[Any] = []
    if reason:
        details.append(error_details_pb2.ErrorInfo(reason=reason, domain="datamanager.googleapis.com"))
    if fields:
        violations = [
            error_details_pb2.BadRequest.FieldViolation(field=name, reason=why or reason)
            for name, why in fields.items()
        ]
        details.append(error_details_pb2.BadRequest(field_violations=violations))
    if wait:
        details.append(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=wait)))
    packed = []
    for detail in details:
        one = any_pb2.Any()
        one.Pack(detail)
        packed.append(one)
    context.abort_with_status(rpc_status.to_status(status_pb2.Status(code=code, message="no", details=packed)))
