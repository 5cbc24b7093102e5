"""A stand-in for Mailchimp's Marketing API 3.0: one list, its people, tags (static segments) and merge fields."""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from include.demo.tools.base import Answer, Request, Tool, route

LIST = r"/3\.0/lists/([^/]+)"
# What must never be asked for: batch subscription, archiving, deletion of people, lists or tags.
FORBIDDEN = re.compile(
    rf"POST {LIST}|(DELETE|PATCH) {LIST}|DELETE {LIST}/(segments|members|merge-fields)/[^/]+"
    rf"|POST {LIST}/members/[^/]+/actions/.*|POST {LIST}/members|POST /3\.0/batches"
)


def subscriber_hash(email: str) -> str:
    """Return Mailchimp's name for an address."""
    return hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()


@dataclass
class Person:
    """A contact of the list."""

    email: str
    status: str
    uid: str
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """Mailchimp's name for the address."""
        return subscriber_hash(self.email)


class MailchimpTool(Tool):
    """The server.

    Attributes:
        people: subscriber hash -> person; a status of `archived` is as good as absent.
        tags: id of the static segment -> its name and the hashes of who carries it.
        merge_tags: merge fields the list has; values for others are ignored in silence.
        signed_up: e-mail -> status, of whom the shop itself put there.
        errors: e-mail -> error inside a 200 when the person is tagged or untagged.
        poisoned: e-mails for whose sake a whole body is refused.
        deleted_for_good: e-mails that Mailchimp does not let in again.
    """

    def __init__(self, list_id: str = "list1", merge_tags: tuple[str, ...] = ("FNAME", "STAGE", "SPENT")) -> None:
        super().__init__()
        self.list_id = list_id
        self.people: dict[str, Person] = {}
        self._by_uid: dict[str, str] = {}
        self.tags: dict[int, tuple[str, set[str]]] = {}
        self.tagged_by_us: set[tuple[int, str]] = set()
        self.merge_tags = merge_tags
        self.signed_up: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.poisoned: set[str] = set()
        self.deleted_for_good: set[str] = set()
        self._numbers = itertools.count(1001)

    def sign_up(self, *emails: str, status: str = "subscribed") -> None:
        """Put people on the list, as a sign-up form does."""
        for email in emails:
            self.signed_up[email] = status
            self._put(email, status)

    def _put(self, email: str, status: str) -> None:
        person = Person(email, status, f"uid{next(self._numbers)}")
        self.people[person.hash] = person
        self._by_uid[person.uid] = person.hash

    def members(self, tag: str) -> set[str]:
        """Return the e-mails of who carries a tag."""
        return {self.people[one].email for name, held in self.tags.values() if name == tag for one in held}

    def statuses(self) -> dict[str, str]:
        """Return e-mail -> subscription status."""
        return {one.email: one.status for one in self.people.values()}

    def person(self, email: str) -> Person:
        """Return the person of an e-mail."""
        return self.people[subscriber_hash(email)]

    def handle(self, request: Request) -> Answer:
        """Notice what must never be asked for, then do as Mailchimp would."""
        try:
            body = request.json
        except ValueError:
            return _problem(400, "The body is no JSON.")
        status_sent = isinstance(body, dict) and (
            "status" in body or body.get("status_if_new", "transactional") != "transactional"
        )
        if FORBIDDEN.fullmatch(f"{request.method} {request.path}") or status_sent:
            with self.lock:
                self.forbidden.append(f"{request.method} {request.path}")
            return Answer(200, {})
        return super().handle(request)

    def own_fault(self, request: Request) -> Answer | None:
        """`bare-403` is what the gate in front of the API answers when there are too many requests."""
        if request.fault == "bare-403":
            return Answer(403, None)
        if not request.headers.get("authorization", "").startswith("Basic "):
            return _problem(401, "Your API key may be invalid.")
        match = re.match(LIST, request.path)
        return None if match and match[1] == self.list_id else _problem(404, "The list could not be found.")

    @route("GET", f"{LIST}/tag-search")
    def find_tags(self, request: Request) -> Answer:
        """Find tags by the beginning of their name."""
        wanted = request.query.get("name", "")
        found = [{"id": number, "name": name} for number, (name, _) in self.tags.items() if name.startswith(wanted)]
        return Answer(200, {"tags": found, "total_items": len(found)})

    @route("POST", f"{LIST}/segments")
    def create_tag(self, request: Request) -> Answer:
        """Create a static segment."""
        name = request.json["name"]
        if name in [known for known, _ in self.tags.values()]:
            return _problem(400, "Sorry, that tag already exists.")
        number = next(self._numbers)
        self.tags[number] = (name, set())
        return Answer(200, {"id": number, "name": name, "member_count": 0, "type": "static"})

    @route("POST", rf"{LIST}/segments/(\d+)")
    def change_tag(self, request: Request) -> Answer:
        """Tag and untag people; ignores whom the list does not have."""
        number = int(request.parts[1])
        if number not in self.tags:
            return _problem(404, "The segment could not be found.")
        add, remove = (request.json.get(f"members_to_{what}", []) for what in ("add", "remove"))
        if len(add) > 500 or len(remove) > 500:
            return _problem(400, "At most 500 members.")
        bad = [email for email in [*add, *remove] if email in self.poisoned]
        if bad:
            return _problem(400, f"{bad[0]} looks fake or invalid.")
        held = self.tags[number][1]
        errors = [
            {"email_addresses": [email], "error": self.errors[email]}
            for email in [*add, *remove]
            if email in self.errors
        ]
        added = [one for one in self._present(add) if one.hash not in held]
        removed = [one for one in self._present(remove) if one.hash in held]
        self._strangers(number, [one.hash for one in removed])
        held |= {one.hash for one in added}
        self.tagged_by_us |= {(number, one.hash) for one in self._present(add)}
        held -= {one.hash for one in removed}
        answer = {
            "members_added": [self._member(one) for one in added],
            "members_removed": [self._member(one) for one in removed],
            "errors": errors,
            "total_added": len(added),
            "total_removed": len(removed),
            "error_count": len(errors),
        }
        return Answer(200, answer)

    @route("GET", rf"{LIST}/segments/(\d+)/members")
    def read_tag(self, request: Request) -> Answer:
        """List who carries a tag; without the include_ parameters only the subscribed."""
        held = [self.people[one] for one in sorted(self.tags[int(request.parts[1])][1])]
        shown = {"subscribed", "pending"}
        shown |= {name[8:] for name in request.query if name.startswith("include_")}
        held = [one for one in held if one.status in shown]
        start, count = int(request.query.get("offset", 0)), int(request.query.get("count", 10))
        members = [self._member(one) for one in held[start : start + count]]
        return Answer(200, {"members": members, "total_items": len(held)})

    @route("DELETE", rf"{LIST}/segments/(\d+)/members/([^/]+)")
    def untag(self, request: Request) -> Answer:
        """Take a tag off one person."""
        number, person = int(request.parts[1]), request.parts[2]
        if person not in self.tags[number][1]:
            return _problem(404, "The member could not be found.")
        self._strangers(number, [person])
        self.tags[number][1].discard(person)
        return Answer(204)

    @route("GET", f"{LIST}/members")
    def find_member(self, request: Request) -> Answer:
        """Find a person by unique_email_id."""
        wanted = request.query.get("unique_email_id")
        person = self.people.get(self._by_uid.get(wanted or "", ""))
        found = [self._member(person)] if person else []
        return Answer(200, {"members": found, "total_items": len(found)})

    @route("GET", f"{LIST}/members/([^/]+)")
    def read_member(self, request: Request) -> Answer:
        """Read a person."""
        person = self.people.get(request.parts[1])
        return Answer(200, self._member(person)) if person else _problem(404, "The member could not be found.")

    @route("PUT", f"{LIST}/members/([^/]+)")
    def put_member(self, request: Request) -> Answer:
        """Create a person with `status_if_new`, or leave an existing one's status alone."""
        email = request.json["email_address"]
        if email in self.deleted_for_good:
            return _problem(400, f"{email} was permanently deleted and cannot be re-imported.")
        if request.parts[1] not in self.people:
            self._put(email, request.json["status_if_new"])
        return Answer(200, self._member(self.people[request.parts[1]]))

    @route("PATCH", f"{LIST}/members/([^/]+)")
    def patch_member(self, request: Request) -> Answer:
        """Write merge fields; unknown ones are ignored."""
        person = self.people.get(request.parts[1])
        if person is None or person.status == "archived":
            return _problem(404, "The requested resource could not be found.")
        if person.email in self.poisoned:
            return _problem(400, f"{person.email} has a value that does not fit.")
        person.fields |= {tag: value for tag, value in request.json["merge_fields"].items() if tag in self.merge_tags}
        return Answer(200, self._member(person))

    def _present(self, emails: list[str]) -> list[Person]:
        found = [self.people.get(subscriber_hash(email)) for email in emails if email not in self.errors]
        return [one for one in found if one and one.status != "archived"]

    def _strangers(self, number: int, hashes: list[str]) -> None:
        unknown = [one for one in hashes if (number, one) not in self.tagged_by_us]
        self.forbidden += ["a stranger was untagged" for _ in unknown]

    def _member(self, one: Person) -> dict[str, Any]:
        return {
            "id": one.hash,
            "email_address": one.email,
            "unique_email_id": one.uid,
            "status": one.status,
            "merge_fields": {tag: one.fields.get(tag, "") for tag in self.merge_tags},
            "tags": [{"id": number, "name": name} for number, (name, held) in self.tags.items() if one.hash in held],
        }


def _problem(status: int, detail: str) -> Answer:
    return Answer(status, {"type": "about:blank", "title": "A problem", "status": status, "detail": detail})
