"""A stand-in for HubSpot's dated API 2026-09: contacts and their lists."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from include.demo.tools.base import Answer, Request, Tool, route

CONTACTS = "/crm/objects/2026-09/contacts"
LISTS = "/crm/lists/2026-09"
# What must never be asked for: archiving, deleting or merging people, emptying, deleting or redefining a list.
FORBIDDEN = re.compile(
    rf"POST {CONTACTS}/(batch/archive|gdpr-delete|merge)|DELETE .*|PUT {LISTS}/.*/(add-from/.*|update-.*|restore)"
    r"|POST /communication-preferences/.*"
)
INDEXED = ("email", "perennial_customer_key")
TIME = "2026-01-01T00:00:00Z"


@dataclass
class ContactList:
    """A list: `kind` is MANUAL, SNAPSHOT or DYNAMIC."""

    kind: str = "MANUAL"
    members: set[str] = field(default_factory=set)
    put_there_by_us: set[str] = field(default_factory=set)


class HubSpotTool(Tool):
    """The server.

    Attributes:
        contacts: id -> properties; archived ones are gone from it.
        lists: id -> list.
        known_properties: contact properties that exist.
        errors: e-mail -> (category, message) of contacts that a batch fails on, inside a 207.
        poisoned: e-mails for whose sake a whole body is refused.
        left_out: e-mails that a batch leaves out without a word.
        not_listed: ids that a list does not take, without a word.
        stuck: ids that a list does not let go, without a word.
    """

    questions = re.compile(rf"{CONTACTS}/(search|batch/read)|{LISTS}/records/memberships/batch/read")

    def __init__(self, lists: tuple[str, ...] = ("101",)) -> None:
        super().__init__()
        self.contacts: dict[str, dict[str, str]] = {}
        self._index: dict[tuple[str, str], str] = {}
        self.lists: dict[str, ContactList] = {name: ContactList() for name in lists}
        self.known_properties = {"email", "firstname", "lastname", "phone", "perennial_customer_key", "stage", "spent"}
        self.errors: dict[str, tuple[str, str]] = {}
        self.poisoned: set[str] = set()
        self.left_out: set[str] = set()
        self.not_listed: set[str] = set()
        self.stuck: set[str] = set()
        self._numbers = itertools.count(5001)

    def add_contact(self, **properties: str) -> str:
        """Put a contact there, as if a salesman had done it; returns its id."""
        number = str(next(self._numbers))
        self.contacts[number] = {}
        self._write(number, properties)
        return number

    def members(self, list_id: str) -> set[str]:
        """Return the customer_keys in a list."""
        return {self.contacts[one].get("perennial_customer_key", "none") for one in self.lists[list_id].members}

    def id_of(self, email: str) -> str | None:
        """Return the id of an e-mail's contact."""
        return self._by("email", email)

    def _by(self, name: str, value: str) -> str | None:
        found = self._index.get((name, value))
        # Whoever changed a contact by hand did not tell the index.
        return found if found in self.contacts and self.contacts[found].get(name) == value else None

    def _write(self, number: str, properties: dict[str, str]) -> None:
        self.contacts[number] |= properties
        self._index |= {(name, properties[name]): number for name in INDEXED if properties.get(name)}

    def handle(self, request: Request) -> Answer:
        """Notice what must never be asked for, then do as HubSpot would."""
        consent = b"hs_marketable" in request.raw or b"hs_email_optout" in request.raw
        if consent or FORBIDDEN.fullmatch(f"{request.method} {request.path}"):
            with self.lock:
                self.forbidden.append(f"{request.method} {request.path}")
            return Answer(204)
        return super().handle(request)

    def own_fault(self, request: Request) -> Answer | None:
        """Refuse requests without a token."""
        if request.headers.get("authorization", "").startswith("Bearer "):
            return None
        return _error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")

    @route("POST", f"{CONTACTS}/batch/upsert")
    def upsert(self, request: Request) -> Answer:
        """Create or update contacts by e-mail."""
        inputs = request.json["inputs"]
        emails = [one["id"] for one in inputs]
        if len(set(emails)) < len(emails):
            return _error(400, "VALIDATION_ERROR", "Duplicate IDs found in batch input.")
        refused = self._refused(inputs)
        if refused:
            return refused
        results = []
        for one in inputs:
            if one["id"] in self.errors or one["id"] in self.left_out:
                continue
            number = self.id_of(one["id"]) or self.add_contact()
            self._write(number, one["properties"])
            results.append(self._contact(number) | {"new": False})
        return self._batch(results, emails)

    @route("POST", f"{CONTACTS}/batch/update")
    def update(self, request: Request) -> Answer:
        """Update contacts by id; an empty text clears a property."""
        inputs = request.json["inputs"]
        refused = self._refused(inputs)
        if refused:
            return refused
        results = []
        for one in inputs:
            if one["id"] not in self.contacts:
                return _error(404, "OBJECT_NOT_FOUND", "No such contact.")
            if self.contacts[one["id"]].get("email") in self.errors:
                continue
            self._write(one["id"], one["properties"])
            results.append(self._contact(one["id"]))
        return self._batch(results, [str(self.contacts[one["id"]].get("email")) for one in inputs])

    @route("POST", f"{CONTACTS}/batch/read")
    def read(self, request: Request) -> Answer:
        """Read contacts by id or e-mail; unknown ones become errors inside a 207."""
        body = request.json
        if len(body["inputs"]) > 100:
            return _error(400, "VALIDATION_ERROR", "The maximum batch size is 100.")
        names = [one["id"] for one in body["inputs"]]
        by_email = body.get("idProperty") == "email"
        numbers = [self.id_of(name) if by_email else name for name in names]
        return self._batch([self._contact(one) for one in numbers if one in self.contacts], [])

    @route("POST", f"{CONTACTS}/search")
    def search(self, request: Request) -> Answer:
        """Find contacts by `IN`."""
        [group] = request.json["filterGroups"]
        [one] = group["filters"]
        found = [number for value in one["values"] if (number := self._by(one["propertyName"], value))]
        results = [self._contact(number) for number in found[: request.json["limit"]]]
        return Answer(200, {"total": len(found), "results": results})

    @route("GET", rf"{LISTS}/(\d+)")
    def read_list(self, request: Request) -> Answer:
        """Describe a list."""
        found = self.lists.get(request.parts[0])
        if found is None:
            return _error(404, "OBJECT_NOT_FOUND", "List does not exist.")
        described = {"listId": request.parts[0], "processingType": found.kind, "objectTypeId": "0-1"}
        return Answer(200, {"list": described | {"size": len(found.members)}})

    @route("PUT", rf"{LISTS}/(\d+)/memberships/add-and-remove")
    def change(self, request: Request) -> Answer:
        """Change a manual list; names the ids that it added, removed, or that do not exist, and no others."""
        found = self.lists[request.parts[0]]
        if found.kind == "DYNAMIC":
            return _error(400, "VALIDATION_ERROR", "Not a manual list.")
        add, remove = set(request.json["recordIdsToAdd"]), set(request.json["recordIdsToRemove"])
        missing = (add | remove) - self.contacts.keys()
        added = (add - missing - self.not_listed) - found.members
        removed = (remove & found.members) - self.stuck
        strangers = removed - found.put_there_by_us
        self.forbidden += [f"removal of a stranger from {request.parts[0]}" for _ in strangers]
        found.put_there_by_us |= add
        found.members |= added
        found.members -= removed
        answer = {"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing}
        return Answer(200, {name: sorted(ids) for name, ids in answer.items()})

    @route("GET", rf"{LISTS}/(\d+)/memberships")
    def list_members(self, request: Request) -> Answer:
        """Page through a list."""
        held = sorted(self.lists[request.parts[0]].members)
        start, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 100))
        results = [{"recordId": one, "membershipTimestamp": TIME} for one in held[start : start + limit]]
        more = {"paging": {"next": {"after": str(start + limit)}}} if start + limit < len(held) else {}
        return Answer(200, {"results": results} | more)

    @route("POST", f"{LISTS}/records/memberships/batch/read")
    def memberships(self, request: Request) -> Answer:
        """Tell in which lists contacts are."""
        results = [
            {
                "objectTypeId": "0-1",
                "recordId": one["recordId"],
                "recordListMemberships": [
                    {"listId": name, "listVersion": 1, "firstAddedTimestamp": TIME, "lastAddedTimestamp": TIME}
                    for name, known in self.lists.items()
                    if one["recordId"] in known.members
                ],
            }
            for one in request.json["inputs"]
        ]
        return Answer(200, {"status": "COMPLETE", "results": results, "startedAt": TIME, "completedAt": TIME})

    def _refused(self, inputs: list[dict[str, Any]]) -> Answer | None:
        if len(inputs) > 100:
            return _error(400, "VALIDATION_ERROR", "The maximum batch size is 100.")
        unknown = {name for one in inputs for name in one["properties"]} - self.known_properties
        if unknown:
            detail = "PROPERTY_DOESNT_EXIST"
            return _error(400, "VALIDATION_ERROR", f"Property values were not valid: {sorted(unknown)} {detail}")
        bad = [one["id"] for one in inputs if one["id"] in self.poisoned]
        return _error(400, "VALIDATION_ERROR", f"Email address {bad[0]} is invalid") if bad else None

    def _contact(self, number: str) -> dict[str, Any]:
        return {
            "id": number,
            "properties": dict(self.contacts[number]),
            "createdAt": TIME,
            "updatedAt": TIME,
            "archived": False,
        }

    def _batch(self, results: list[dict[str, Any]], emails: list[str]) -> Answer:
        errors = [
            {
                "status": "error",
                "category": self.errors[email][0],
                "message": self.errors[email][1],
                "context": {"ids": [email]},
                "errors": [],
                "links": {},
            }
            for email in emails
            if email in self.errors
        ]
        body = {"status": "COMPLETE", "results": results, "startedAt": TIME, "completedAt": TIME}
        return Answer(207, body | {"numErrors": len(errors), "errors": errors}) if errors else Answer(200, body)


def _error(status: int, category: str, message: str) -> Answer:
    return Answer(status, {"status": "error", "category": category, "message": message, "correlationId": "x"})
