"""A stand-in for Klaviyo's API, revision 2026-07-15: profiles, lists, import jobs, events."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

from include.demo.tools.base import Answer, Request, Tool, route
from include.demo.tools.gate import Gate

# What must never be asked for: consent, suppression, deletion.
FORBIDDEN = re.compile(r"/api/(profile-subscription|profile-suppression|data-privacy)[a-z-]*(/.*)?|/client/.*")
SLOW = ((10, 1.0), (150, 60.0))
FAST = ((75, 1.0), (750, 60.0))
IDENTIFIERS = ("email", "phone_number", "external_id")
LIST_LINK = r"/api/lists/([^/]+)/relationships/profiles"


@dataclass
class Profile:
    """A person as Klaviyo keeps one; `consent` is never written by the API calls that Perennial uses."""

    id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    consent: str = "NEVER_SUBSCRIBED"


@dataclass
class Job:
    """An import job: `looks` is how often it is still called processing."""

    looks: int
    total: int
    errors: list[dict[str, Any]] = field(default_factory=list)


class KlaviyoTool(Tool):
    """The server.

    Attributes:
        lists: list id -> ids of its profiles.
        job_looks: how often a new job is called processing before it is complete.
        import_errors: external_id or e-mail -> (code, detail) of profiles that an import fails on.
        error_style: how an import error names its profile: `payload`, `pointer` or `neither`.
        ignored: external_ids that an import silently leaves out.
        not_shown: external_ids that are in a list which does not show them yet.
        poisoned: external_ids for whose sake a whole body is refused.
        windows: kind of request -> limits.
    """

    def __init__(self, lists: tuple[str, ...] = ("LIST01",)) -> None:
        super().__init__()
        self.profiles: dict[str, Profile] = {}
        self.lists: dict[str, set[str]] = {name: set() for name in lists}
        self.put_there_by_us: dict[str, set[str]] = {name: set() for name in lists}
        self.events: list[dict[str, Any]] = []
        self.jobs: dict[str, Job] = {}
        self._index: dict[tuple[str, str], str] = {}
        self.job_looks = 1
        self.import_errors: dict[str, tuple[str, str]] = {}
        self.error_style = "payload"
        self.ignored: set[str] = set()
        self.not_shown: set[str] = set()
        self.poisoned: set[str] = set()
        self.windows: dict[str, tuple[tuple[int, float], ...]] = {"slow": SLOW, "fast": FAST}
        self.gate = Gate()
        self._numbers = itertools.count(1)

    def members(self, list_id: str) -> set[str]:
        """Return the external_ids of a list's profiles."""
        return {str(self.profiles[one].attributes.get("external_id")) for one in self.lists[list_id]}

    def by(self, name: str, value: Any) -> Profile | None:
        """Find a profile by an identifier."""
        if name == "id":
            return self.profiles.get(value)
        found = self.profiles.get(self._index.get((name, value), ""))
        # Whoever changed a profile by hand did not tell the index.
        return found if found and value and found.attributes.get(name) == value else None

    def _indexed(self, one: Profile) -> Profile:
        self._index |= {(name, one.attributes[name]): one.id for name in IDENTIFIERS if one.attributes.get(name)}
        return one

    def add_profile(self, consent: str = "NEVER_SUBSCRIBED", **attributes: Any) -> Profile:
        """Put a person there, as if the shop had done it."""
        one = Profile(f"01K{next(self._numbers):07d}", attributes, {}, consent)
        self.profiles[one.id] = one
        return self._indexed(one)

    def handle(self, request: Request) -> Answer:
        """Notice what must never be asked for, then do as Klaviyo would."""
        list_deleted = request.method == "DELETE" and re.fullmatch(r"/api/lists/[^/]+", request.path)
        if FORBIDDEN.fullmatch(request.path) or list_deleted or b'"subscriptions"' in request.raw:
            with self.lock:
                self.forbidden.append(f"{request.method} {request.path}")
            return Answer(202)
        return super().handle(request)

    def own_fault(self, request: Request) -> Answer | None:
        """Refuse requests without key or revision, and those above the rate limit."""
        if not request.headers.get("authorization", "").startswith("Klaviyo-API-Key "):
            return _error(401, "not_authenticated", "Missing or invalid private key.")
        if "revision" not in request.headers:
            return _error(400, "invalid", "The revision header is missing.")
        kind = "fast" if request.path.endswith("/profiles") and request.method == "GET" else "slow"
        wait = self.gate.wait(f"{request.method} {request.path}", self.windows[kind])
        if wait is None:
            return None
        answer = _error(429, "throttled", "Request was throttled.")
        return Answer(429, answer.body, {"Retry-After": str(math.ceil(wait))})

    @route("POST", "/api/profile-bulk-import-jobs")
    def create_job(self, request: Request) -> Answer:
        """Start an import."""
        data = request.json["data"]
        profiles = data["attributes"]["profiles"]["data"]
        if len(profiles) > 10_000 or len(request.raw) > 5_000_000:
            return _error(400, "invalid", "Too many profiles or too large a payload.")
        for position, one in enumerate(profiles):
            if one["attributes"].get("external_id") in self.poisoned:
                where = f"/data/attributes/profiles/data/{position}/attributes/email"
                return _error(400, "invalid", f"{one['attributes'].get('email')} is not a valid email.", where)
        lists = [one["id"] for one in data.get("relationships", {}).get("lists", {}).get("data", [])]
        if any(one not in self.lists for one in lists):
            return _error(404, "not_found", "A list does not exist.")
        job = Job(self.job_looks, len(profiles))
        for position, one in enumerate(profiles):
            self._import(one, position, lists, job)
        job_id = f"job{next(self._numbers)}"
        self.jobs[job_id] = job
        return Answer(202, {"data": self._job_json(job_id, job)})

    def _import(self, one: dict[str, Any], position: int, lists: list[str], job: Job) -> None:
        given = one["attributes"]
        names = {given.get("external_id"), given.get("email")}
        if names & self.ignored:
            return None
        if "id" in one and one["id"] not in self.profiles:
            return self._fail(one, position, job, ("not_found", "no such profile"))
        found = {self.profiles[one["id"]].id} if "id" in one else set()
        found |= {p.id for name in IDENTIFIERS if (p := self.by(name, given.get(name)))}
        errors = [self.import_errors[name] for name in names if name in self.import_errors]
        if len(found) > 1:
            errors.append(("duplicate_profile", "A profile already exists with one of these identifiers."))
        if errors:
            return self._fail(one, position, job, errors[0])
        profile = self.profiles[found.pop()] if found else self.add_profile()
        profile.attributes |= {name: value for name, value in given.items() if name != "properties"}
        self._indexed(profile)
        profile.properties |= given.get("properties") or {}
        for name in one.get("meta", {}).get("patch_properties", {}).get("unset", []):
            profile.properties.pop(name, None)
        for name in lists:
            self.lists[name].add(profile.id)
            self.put_there_by_us[name].add(profile.id)
        return None

    def _fail(self, one: dict[str, Any], position: int, job: Job, why: tuple[str, str]) -> None:
        pointer = f"/data/attributes/profiles/data/{position}/attributes" if self.error_style == "pointer" else "/data"
        payload = one["attributes"] | ({"id": one["id"]} if "id" in one else {})
        attributes = {
            "code": why[0],
            "title": "Invalid input.",
            "detail": why[1],
            "source": {"pointer": pointer},
            "original_payload": payload if self.error_style == "payload" else None,
        }
        job.errors.append({"type": "import-error", "id": f"err{len(job.errors)}", "attributes": attributes})

    def _job_json(self, job_id: str, job: Job) -> dict[str, Any]:
        done = job.looks <= 0
        attributes = {
            "status": "complete" if done else "processing",
            "created_at": "2026-01-01T00:00:00+00:00",
            "total_count": job.total,
            "completed_count": job.total - len(job.errors) if done else 0,
            "failed_count": len(job.errors) if done else 0,
        }
        links = {"self": f"https://a.klaviyo.com/api/profile-bulk-import-jobs/{job_id}"}
        return {"type": "profile-bulk-import-job", "id": job_id, "attributes": attributes, "links": links}

    @route("GET", r"/api/profile-bulk-import-jobs/([^/]+)")
    def read_job(self, request: Request) -> Answer:
        """Tell how far an import is."""
        job = self.jobs[request.parts[0]]
        job.looks -= 1
        return Answer(200, {"data": self._job_json(request.parts[0], job)})

    @route("GET", r"/api/profile-bulk-import-jobs/([^/]+)/import-errors")
    def read_errors(self, request: Request) -> Answer:
        """List an import's errors."""
        return self._page(request, self.jobs[request.parts[0]].errors)

    @route("GET", "/api/profiles")
    def find_profiles(self, request: Request) -> Answer:
        """Find profiles by `any(field,[…])`."""
        return self._page(request, self._filtered(request, self.profiles.keys()))

    @route("GET", r"/api/lists/([^/]+)/profiles")
    def list_profiles(self, request: Request) -> Answer:
        """Read a list, filtered or whole."""
        if request.parts[0] not in self.lists:
            return _error(404, "not_found", "A list does not exist.")
        held = self.lists[request.parts[0]]
        hidden = {one.id for key in self.not_shown if (one := self.by("external_id", key))}
        return self._page(request, self._filtered(request, held - hidden if hidden else held))

    @route("GET", r"/api/lists/([^/]+)")
    def read_list(self, request: Request) -> Answer:
        """Tell a list's size."""
        name = request.parts[0]
        if name not in self.lists:
            return _error(404, "not_found", "A list does not exist.")
        attributes = {"name": name, "profile_count": len(self.lists[name])}
        return Answer(200, {"data": {"type": "list", "id": name, "attributes": attributes, "links": {"self": "…"}}})

    @route("DELETE", LIST_LINK)
    def take_off(self, request: Request) -> Answer:
        """Take profiles off a list."""
        name, ids = request.parts[0], [one["id"] for one in request.json["data"]]
        if name not in self.lists or any(one not in self.profiles for one in ids):
            return _error(404, "not_found", "A list or profile does not exist.")
        if len(ids) > 1000:
            return _error(400, "invalid", "At most 1000 profiles.")
        held, ours = self.lists[name], self.put_there_by_us[name]
        strangers = [one for one in ids if one in held and one not in ours]
        self.forbidden += [f"removal of a stranger from {name}" for _ in strangers]
        self.lists[name] -= set(ids)
        return Answer(204)

    @route("POST", "/api/event-bulk-create-jobs")
    def record_events(self, request: Request) -> Answer:
        """Record events, none of them when one came before."""
        rows = request.json["data"]["attributes"]["events-bulk-create"]["data"]
        if len(rows) > 1000:
            return _error(400, "invalid", "At most 1000 events.")
        events = [
            inner["attributes"] | {"profile": row["attributes"]["profile"]}
            for row in rows
            for inner in row["attributes"]["events"]["data"]
        ]
        keys = [_event_key(one) for one in events]
        if len(set(keys)) < len(keys) or {_event_key(one) for one in self.events} & set(keys):
            return _error(400, "duplicate", "A unique_id is repeated.")
        if {one["profile"]["data"]["attributes"].get("external_id") for one in events} & self.poisoned:
            return _error(400, "invalid", "An event is not valid.")
        self.events += events
        return Answer(202)

    @route("POST", "/api/events")
    def record_event(self, request: Request) -> Answer:
        """Record an event unless it came before."""
        one = request.json["data"]["attributes"]
        profile = one["profile"]["data"]["attributes"]
        if profile.get("external_id") in self.poisoned:
            return _error(400, "invalid", f"{profile.get('email')} is not valid.")
        if _event_key(one) not in {_event_key(known) for known in self.events}:
            self.events.append(one)
        return Answer(202)

    def _filtered(self, request: Request, ids: Set[str]) -> list[dict[str, Any]]:
        wanted = re.fullmatch(r"any\(([a-z_]+),(\[.*\])\)", request.query.get("filter", ""))
        if wanted:
            found = (self.by(wanted[1], value) for value in dict.fromkeys(json.loads(wanted[2])))
            held = [one for one in found if one and one.id in ids]
        else:
            held = [self.profiles[one] for one in sorted(ids)]
        fields = request.query.get("fields[profile]", "email").split(",")
        return [
            {"type": "profile", "id": one.id, "attributes": {name: one.attributes.get(name) for name in fields}}
            for one in held
        ]

    def _page(self, request: Request, rows: list[dict[str, Any]]) -> Answer:
        start, size = int(request.query.get("page[cursor]", 0)), int(request.query.get("page[size]", 20))
        more = start + size < len(rows)
        after = f"https://a.klaviyo.com{request.path}?page%5Bcursor%5D={start + size}" if more else None
        return Answer(200, {"data": rows[start : start + size], "links": {"self": "…", "next": after}})


def _event_key(event: dict[str, Any]) -> tuple[str, str, str]:
    metric = event["metric"]["data"]["attributes"]["name"]
    return metric, event["unique_id"], event["profile"]["data"]["attributes"]["external_id"]


def _error(status: int, code: str, detail: str, pointer: str = "/data") -> Answer:
    one = {"id": "e", "status": status, "code": code, "title": code, "detail": detail, "source": {"pointer": pointer}}
    return Answer(status, {"errors": [one]})
