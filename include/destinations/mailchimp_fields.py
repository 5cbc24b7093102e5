"""Writes and empties the merge fields of one person at a time."""

from __future__ import annotations

from collections.abc import Mapping

from include.destinations.base import Batch, DestinationRefused, Member, Operation, Receipt, Rejection
from include.destinations.mailchimp_api import NO_ADDRESS, NOT_THERE, MailchimpApi, address, subscriber_hash
from include.destinations.scrub import scrub
from include.destinations.values import number_or_text


class Fields:
    """Merge fields of one list; `tags` is contact field or attribute -> merge tag."""

    def __init__(self, mailchimp: MailchimpApi, tags: Mapping[str, str]) -> None:
        self._mailchimp = mailchimp
        self._tags = tags

    def carry_out(self, batch: Batch, member: Member) -> Receipt:
        """Write the fields of one member of a batch, or empty them."""
        if batch.operation is Operation.REMOVE:
            # Where the values were written, whatever the address is by now.
            person = self._mailchimp.hash_of(member.external_id) if member.external_id else None
            person = person or (subscriber_hash(address(member)) if address(member) else None)
            return self._clear(person, batch, member)
        if not address(member):
            return _no(member, NO_ADDRESS, retryable=False)
        values = dict(member.attributes) | {name: value for name, value in member.contact.items() if value}
        named = {tag: values[name] for name, tag in self._tags.items() if name in values}
        # An empty text clears a merge field.
        fields = {tag: "" if value is None else number_or_text(value) for tag, value in named.items()}
        status, answer = self._mailchimp.write_fields(subscriber_hash(address(member)), fields)
        if status == 404:
            return _no(member, NOT_THERE, retryable=True)
        if status >= 300:
            return _no(member, f"HTTP {status}: {answer}", retryable=False)
        unknown = sorted(fields.keys() - (answer.get("merge_fields") or {}).keys())
        if unknown:
            raise DestinationRefused(
                f"{batch.destination}: the Mailchimp list has no merge field {', '.join(unknown)} and ignores values; "
                "add it there (Audience fields) or correct 'merge_fields' in destinations.yml."
            )
        uid = answer["unique_email_id"]
        if member.external_id and member.external_id != uid:
            self._clear(self._mailchimp.hash_of(member.external_id), batch, member)
        return Receipt([member.customer_key], (), {member.customer_key: uid})

    def _clear(self, person: str | None, batch: Batch, member: Member) -> Receipt:
        """Empty the attributes' merge fields of a person; names and the like stay."""
        fields = {self._tags[name]: "" for name in batch.attributes}
        status, answer = self._mailchimp.write_fields(person, fields) if person else (404, None)
        if status < 300 or status == 404:
            return Receipt([member.customer_key])
        return _no(member, f"HTTP {status}: {answer}", retryable=True)


def _no(member: Member, reason: str, retryable: bool) -> Receipt:
    return Receipt([], [Rejection(member.customer_key, scrub(reason, member), retryable)])
