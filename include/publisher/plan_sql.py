"""The SQL of a plan. Contact fields are prefixed c_, attributes a_, so that no name can meet another."""

from __future__ import annotations

from collections.abc import Sequence

from include.destinations.base import Mode
from include.publisher.audiences import Audience

EVENT_KEY = "trigger_key"


def payload_columns(audience: Audience, named: bool, source: bool = False) -> str:
    """List what is sent of a member, each after a comma, contact fields first.

    Args:
        audience: whose fields.
        named: True gives them their own names, False the prefixed ones.
        source: True reads them from the audience's model (p) and the contacts (c).
    """
    fields = [("c", name) for name in audience.contact_fields] + [("a", name) for name in audience.attributes]
    if source:
        origin = {"c": "c", "a": "p"}
        return "".join(f', {origin[kind]}."{name}" as "{kind}_{name}"' for kind, name in fields)
    return "".join(f', "{kind}_{name}" as "{name}"' if named else f', "{kind}_{name}"' for kind, name in fields)


def outranked_by(audience: Audience, others: Sequence[Audience]) -> str:
    """Select the customers whom an audience of the same group, but of a higher rank, is for.

    Whom the other audience cannot be sent for (consent, hold-out, no contact) is not lost for this one.
    """
    selects = []
    for other in others:
        required = f'c."{other.contact_fields[0]}"' if other.contact_fields else "'none required'"
        has_contact = f"coalesce(trim({required}), '') <> ''"
        selects.append(OUTRANKED.format(audience=other.id, channel=other.channel, has_contact=has_contact))
    return " union all ".join(selects) or "select null as customer_key where false"


def contact_columns(audience: Audience) -> str:
    """List the contact fields as the contacts (c) have them now, prefixed, each after a comma."""
    return "".join(f', c."{name}" as "c_{name}"' for name in audience.contact_fields)


def payload_json(audience: Audience) -> str:
    """Write a member's content as one JSON text: names included, each value as text, NULL as null.

    NULL, the empty string and a missing field all differ, so each change between them is an update. Something that
    happened is told once, whatever is known of it tomorrow: an event is its trigger_key alone.
    """
    columns = [f"c_{name}" for name in audience.contact_fields] + [f"a_{name}" for name in audience.attributes]
    if audience.mode is Mode.EVENTS and EVENT_KEY in audience.attributes:
        columns = [f"a_{EVENT_KEY}"]
    pairs = "".join(f", '{column}': cast(\"{column}\" as varchar)" for column in columns)
    return f"to_json({{'customer_key': customer_key{pairs}}})"


# Consent comes last, and before everything else: whoever withdrew it is out whatever the model says.
_SUPPRESSED = """suppressed as (
    select customer_key, bool_or(kind = 'consent') as is_consent
    from live.publish.pub_suppressions where channel = $channel group by customer_key
)"""

OUTRANKED = """
select p.customer_key
from live.publish."pub_{audience}" as p
left join people.contacts.contacts as c on c.customer_key = p.customer_key
anti join (
    select customer_key from live.publish.pub_suppressions where channel = '{channel}'
) as s on s.customer_key = p.customer_key
where {has_contact}
"""

CANDIDATES = (
    """
create or replace table candidates as
with """
    + _SUPPRESSED
    + """,
outranked as (
    select distinct cast(customer_key as varchar) as customer_key from ({outranked})
),
rows as (
    select
        cast(p.customer_key as varchar) as customer_key,
        case
            when s.is_consent then 'suppressed'
            when s.customer_key is not null then 'held_out'
            when o.customer_key is not null then 'outranked'
        end as barred{columns}
    from live.publish."pub_{audience}" as p
    left join people.contacts.contacts as c on c.customer_key = p.customer_key
    left join suppressed as s on s.customer_key = p.customer_key
    left join outranked as o on o.customer_key = p.customer_key
)
select
    * replace (
        coalesce(barred, case when coalesce(trim({required}), '') = '' then 'missing_contact' end) as barred
    ),
    sha256($outer || unhex(sha256($inner || encode({payload})))) as content_hash
from rows
"""
)

# An operation of unknown outcome is settled first: an addition is sent again, or taken back when the member has left in
# the meantime; after a removal the member may or may not be there, so they are added, not updated. Who stays as they
# are has no row.
_PLAN = (
    """
create or replace table plan as
with """
    + _SUPPRESSED
    + """,
wanted as (
    select customer_key, content_hash from candidates where barred is null
),
compared as (
    select
        coalesce(w.customer_key, h.customer_key) as key,
        w.customer_key is not null as is_wanted,
        h.content_hash is not null as is_confirmed,
        h.content_hash is not null or h.doubt_operation is not null as is_held,
        w.content_hash as new_hash,
        h.content_hash as old_hash,
        h.version as old_version,
        h.doubt_operation,
        h.doubt_hash,
        h.external_id
    from wanted as w
    full join held as h on h.customer_key = w.customer_key
),
judged as (
    select
        *,
        case
            when not is_wanted then 'remove'
            when not is_confirmed or doubt_operation in ('add', 'remove') then 'add'
            when doubt_operation = 'update' or new_hash <> old_hash then 'update'
        end as due
    from compared
    where is_wanted or is_held
)
select
    j.key as customer_key,
    case when l.customer_key is not null or f.customer_key is not null then 'withheld' else j.due end as operation,
    case
        when l.customer_key is not null then 'dead_letter'
        when f.customer_key is not null then 'frequency_cap'
        when j.due = 'remove' and s.is_consent then 'consent_lost'
        when j.due = 'remove' and s.customer_key is not null then 'held_out'
        when j.due = 'remove' then coalesce(c.barred, 'left_audience')
        when j.doubt_operation is not null then 'unconfirmed'
        when j.due = 'add' then 'joined'
        when j.due = 'update' then 'content_changed'
    end as reason,
    j.new_hash as content_hash,
    case
        when j.doubt_operation = j.due and j.doubt_hash is not distinct from j.new_hash then j.old_version
        else coalesce(j.old_version, 0) + 1
    end as version,
    j.external_id
from judged as j
left join suppressed as s on s.customer_key = j.key
left join candidates as c on c.customer_key = j.key
left join letters as l
    on l.customer_key = j.key
    and not l.retryable
    and j.due in ('add', 'update')
    and l.content_hash = j.new_hash
-- What may have been told already is not told less by being told again.
left join capped as f
    on f.customer_key = j.key
    and j.due in ('add', 'update')
    and j.doubt_operation is null
where j.due is not null
"""
)

# A letter is settled when its member stays as they are, or is neither wanted nor held any more.
_SETTLED = """
create or replace table plan_settled as
select l.customer_key from letters as l anti join plan as p on p.customer_key = l.customer_key
"""

_SKIPPED = """
create or replace table plan_skipped as
select customer_key, barred as reason from candidates where barred is not null
union all
select customer_key, reason from plan where operation = 'withheld'
"""

PLAN = (_PLAN, _SETTLED, _SKIPPED)

BARE = """
select customer_key, content_hash, version, external_id from plan where {where} order by customer_key
"""

CHANGED = """
select p.customer_key, p.content_hash, p.version, p.external_id{columns}
from plan as p
inner join candidates as c on c.customer_key = p.customer_key
where {where}
order by p.customer_key
"""

REMOVED = """
select p.customer_key, p.content_hash, p.version, p.external_id{columns}
from plan as p
left join people.contacts.contacts as c on c.customer_key = p.customer_key
where {where}
order by p.customer_key
"""

FULL_LIST = """
select c.customer_key{columns}
from candidates as c
anti join (select customer_key from plan where operation = 'withheld') as w on w.customer_key = c.customer_key
where c.barred is null
order by c.customer_key
"""
