"""What the demo's account at each vendor is like: its lists, who is in it before, which audiences it takes.

Each account is a stand-in of include/demo/tools, so it is nobody's: the demo may send to it without a dry run.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from include.demo.tools.hubspot import HubSpotTool
from include.demo.tools.klaviyo import KlaviyoTool
from include.demo.tools.mailchimp import MailchimpTool
from include.demo.tools.meta import Audience as MetaAudience
from include.demo.tools.meta import Meta
from include.demo.tools.retailcrm import Customer, Retailcrm
from include.destinations.base import Mode
from include.publisher.audiences import Audience

MERGE_TAG_LENGTH = 10
QUICK = {"attempts": 10, "first_wait_seconds": 0.2, "max_wait_seconds": 5}


class Account(ABC):
    """A stand-in with what an account of a shop would have in it.

    Attributes:
        takes: mode -> consent channel of the audiences that go there.
        only: ids of these, where not all are meant.
        tool: the stand-in.
        audiences: those that go there, by id.
        names: audience -> its list, tag, metric or task at the tool.
        finds_by: contact field by which the tool finds people; its audiences send it.
    """

    takes: ClassVar[Mapping[Mode, str]]
    only: ClassVar[frozenset[str] | None] = None
    finds_by: ClassVar[str | None] = None

    def __init__(self, audiences: Iterable[Audience], secret: str) -> None:
        """Set up the account; `secret` is the key it will take."""
        self.audiences = {one.id: one for one in audiences if self.is_for(one)}
        self.names = {one: self._name(number, one) for number, one in enumerate(self.audiences, start=1)}
        self.tool: Any = self._open(secret)

    @classmethod
    def is_for(cls, audience: Audience) -> bool:
        """Whether an audience goes there."""
        wanted = cls.only is None or audience.id in cls.only
        return wanted and cls.takes.get(audience.mode) == audience.channel

    @abstractmethod
    def row(self) -> dict[str, Any]:
        """Return the vendor's own keys of its row in destinations.yml."""

    @abstractmethod
    def held(self, audience: str) -> int:
        """Count what the tool itself holds for an audience: members, profiles with values, events."""

    def know(self, addresses: Sequence[str]) -> None:
        """Be told whose address the shop itself gave the tool; tools that create whom they do not know need not."""
        return

    @abstractmethod
    def _open(self, secret: str) -> Any: ...

    @abstractmethod
    def _name(self, number: int, audience: str) -> str: ...

    def _named(self, mode: Mode) -> dict[str, str]:
        return {one: name for one, name in self.names.items() if self.audiences[one].mode is mode}

    def _attributes(self, *modes: Mode) -> list[str]:
        found = [name for one in self.audiences.values() if one.mode in modes for name in one.attributes]
        return list(dict.fromkeys(found))


class KlaviyoAccount(Account):
    """A list for each segment, a metric for the messages."""

    takes: ClassVar = {Mode.MEMBERS: "email", Mode.PROFILES: "email", Mode.EVENTS: "email"}

    def row(self) -> dict[str, Any]:
        """Return lists and metrics."""
        return {"lists": self._named(Mode.MEMBERS), "metrics": self._named(Mode.EVENTS), "poll_seconds": 0.2} | QUICK

    def held(self, audience: str) -> int:
        """Count the list, the profiles with properties that only profiles have, or the metric's events."""
        mode = self.audiences[audience].mode
        if mode is Mode.MEMBERS:
            return len(self.tool.lists[self.names[audience]])
        if mode is Mode.PROFILES:
            own = _own(self.audiences, audience)
            return sum(not own.isdisjoint(one.properties) for one in self.tool.profiles.values())
        told = (one["metric"]["data"]["attributes"]["name"] for one in self.tool.events)
        return sum(name == self.names[audience] for name in told)

    def _open(self, secret: str) -> KlaviyoTool:
        return KlaviyoTool(tuple(self._named(Mode.MEMBERS).values()))

    def _name(self, number: int, audience: str) -> str:
        return f"List{number:02d}" if self.audiences[audience].mode is Mode.MEMBERS else f"Perennial {audience}"


class MailchimpAccount(Account):
    """One list with everybody who ever gave the shop an address; tags and merge fields are ours."""

    takes: ClassVar = {Mode.MEMBERS: "email", Mode.PROFILES: "email"}

    def row(self) -> dict[str, Any]:
        """Return the list, tags and merge fields."""
        tags = self._named(Mode.MEMBERS)
        return {"list_id": self.tool.list_id, "tags": tags, "merge_fields": self._merge_fields()} | QUICK

    def held(self, audience: str) -> int:
        """Count who carries the tag, or has a value in a merge field besides the name."""
        if self.audiences[audience].mode is Mode.MEMBERS:
            return len(self.tool.members(self.names[audience]))
        ours = set(self._merge_fields().values()) - {"FNAME"}
        return sum(any(one.fields.get(tag, "") != "" for tag in ours) for one in self.tool.people.values())

    def know(self, addresses: Sequence[str]) -> None:
        """Put them on the list, as the shop's sign-up form did."""
        self.tool.sign_up(*addresses)

    def _open(self, secret: str) -> MailchimpTool:
        return MailchimpTool("a1b2c3d4e5", tuple(self._merge_fields().values()))

    def _name(self, number: int, audience: str) -> str:
        return f"Perennial {audience}"

    def _merge_fields(self) -> dict[str, str]:
        fields = {"first_name": "FNAME"}
        for number, name in enumerate(self._attributes(Mode.PROFILES)):
            tag = name.replace("_", "").upper()[:MERGE_TAG_LENGTH]
            fields[name] = f"{tag[:8]}{number:02d}" if tag in fields.values() else tag
        return fields


class HubSpotAccount(Account):
    """A manual list for each segment, a contact property for each attribute."""

    takes: ClassVar = {Mode.MEMBERS: "email", Mode.PROFILES: "email"}

    def row(self) -> dict[str, Any]:
        """Return lists and properties."""
        return {"lists": self._named(Mode.MEMBERS), "properties": self._properties()} | QUICK

    def held(self, audience: str) -> int:
        """Count the list, or the contacts with a property that only profiles have."""
        if self.audiences[audience].mode is Mode.MEMBERS:
            return len(self.tool.lists[self.names[audience]].members)
        own = [self._properties()[name] for name in _own(self.audiences, audience)]
        return sum(any(one.get(name) for name in own) for one in self.tool.contacts.values())

    def _open(self, secret: str) -> HubSpotTool:
        tool = HubSpotTool(tuple(self._named(Mode.MEMBERS).values()))
        tool.known_properties |= set(self._properties().values())
        return tool

    def _name(self, number: int, audience: str) -> str:
        return str(100 + number)

    def _properties(self) -> dict[str, str]:
        return {name: f"perennial_{name}" for name in self._attributes(Mode.MEMBERS, Mode.PROFILES)}


class MetaAccount(Account):
    """A Custom Audience for each audience of advertising."""

    takes: ClassVar = {Mode.MEMBERS: "ads"}

    def row(self) -> dict[str, Any]:
        """Return the Custom Audiences."""
        return {"audiences": self.names} | QUICK

    def held(self, audience: str) -> int:
        """Count the rows it took; the real one tells an estimate only."""
        return len(self.tool.audiences[self.names[audience]].rows)

    def _open(self, secret: str) -> Meta:
        tool = Meta(secret)
        tool.audiences |= {name: MetaAudience() for name in self.names.values()}
        return tool

    def _name(self, number: int, audience: str) -> str:
        return f"238400000000000{number:02d}"


class GoogleAdsAccount(Account):
    """A Customer Match list for each audience of advertising."""

    takes: ClassVar = {Mode.MEMBERS: "ads"}

    def row(self) -> dict[str, Any]:
        """Return account and lists; the simulated people agreed to advertising, nobody real did."""
        consent = {"ad_user_data": "granted", "ad_personalization": "granted"}
        keys = {"account": self.tool.account, "lists": self.names, "consent": consent, "terms_accepted": True}
        return keys | {"poll_seconds": 1} | QUICK

    def held(self, audience: str) -> int:
        """Count the people; the real one tells an estimate only."""
        return len(self.tool.lists[self.names[audience]].held)

    def _open(self, secret: str) -> Any:
        # It tells of each process that is started meanwhile. Read when gRPC is imported.
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
        from include.demo.tools.google_ads import GoogleAds, People

        return GoogleAds(lists={name: People() for name in self.names.values()})

    def _name(self, number: int, audience: str) -> str:
        return f"84000000{number:02d}"


class RetailcrmAccount(Account):
    """The shop's own CRM, which has every customer: tags of whom a manager looks after, and the managers' tasks.

    The vendor takes ten requests a second and one customer in each, so the long lists and the profiles stay out.
    """

    takes: ClassVar = {Mode.MEMBERS: "email", Mode.EVENTS: "manager_task"}
    only: ClassVar = frozenset({"new_customers", "at_risk", "tasks"})
    finds_by: ClassVar = "email"

    def row(self) -> dict[str, Any]:
        """Return site, tags and tasks."""
        due = {one: "due_from" for one, audience in self.audiences.items() if "due_from" in audience.attributes}
        tasks = {
            one: {"text": text, "performer": 1} | ({"due": due[one], "days": 1} if one in due else {})
            for one, text in self._named(Mode.EVENTS).items()
        }
        return {"site": "shop", "tags": self._named(Mode.MEMBERS), "tasks": tasks} | QUICK

    def held(self, audience: str) -> int:
        """Count the customers with the tag, or the tasks."""
        name = self.names[audience]
        if self.audiences[audience].mode is Mode.MEMBERS:
            return sum(name in one.tags for one in self.tool.customers.values())
        return sum(str(one["text"]).startswith(f"{name} [") for one in self.tool.tasks)

    def know(self, addresses: Sequence[str]) -> None:
        """Have them as customers, as the shop's module made them."""
        self.tool.customers |= {id_: Customer(id_, email) for id_, email in enumerate(addresses, start=1)}

    def _open(self, secret: str) -> Retailcrm:
        return Retailcrm(secret)

    def _name(self, number: int, audience: str) -> str:
        return f"perennial: {audience}"


def _own(audiences: Mapping[str, Audience], audience: str) -> set[str]:
    """Attributes that no other audience writes."""
    others = {name for one in audiences.values() if one.id != audience for name in one.attributes}
    return set(audiences[audience].attributes) - others


ACCOUNTS: dict[str, Callable[[Iterable[Audience], str], Account]] = {
    "klaviyo": KlaviyoAccount,
    "mailchimp": MailchimpAccount,
    "hubspot": HubSpotAccount,
    "meta": MetaAccount,
    "google_ads": GoogleAdsAccount,
    "retailcrm": RetailcrmAccount,
}
