"""The SQL of a plan. Contact fields are prefixed c_, attributes a_, so that no name can meet another."""

from __future__ import annotations

from include.publisher.audiences import Audience


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


def contact_columns(audience: Audience) -> str:
    """List the contact fields as the contacts (c) have them now, prefixed, each after a comma."""
    return "".join(f', c."{name}" as "c_{name}"' for name in audience.contact_fields)


def payload_json(audience: Audience) -> str:
    """Write a member's content as one JSON text: names included, each value as text, NULL as null.

    NULL, the empty string and a missing field all differ, so each change between them is an update.
    """
    columns = [f"c_{name}" for name in audience.contact_fields] + [f"a_{name}" for name in audience.attributes]
    pairs = "".join(f", '{column}': cast(\"{column}\" as varchar)" for column in columns)
    return f"to_json({{'customer_key': customer_key{pairs}}})"


CANDIDATES = """
create or replace table candidates as
with suppressed as (
    select distinct customer_key from live.publish.pub_suppressions where channel = $channel
),
rows as (
    select
        cast(p.customer_key as varchar) as customer_key,
        s.customer_key is not null as is_suppressed{columns}
    from live.publish."pub_{audience}" as p
    left join people.contacts.contacts as c on c.customer_key = p.customer_key
    left join suppressed as s on s.customer_key = p.customer_key
)
select
    *,
    coalesce(trim({required}), '') = '' as lacks_contact,
    sha256($outer || unhex(sha256($inner || encode({payload})))) as content_hash
from rows
"""

# An operation of unknown outcome is settled first: an addition is sent again, or taken back when the member has left in
# the meantime; after a removal the member may or may not be there, so they are added, not updated. Who stays as they
# are has no row.
_PLAN = """
create or replace table plan as
with suppressed as (
    select distinct customer_key from live.publish.pub_suppressions where channel = $channel
),
wanted as (
    select customer_key, content_hash from candidates where not is_suppressed and not lacks_contact
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
    case when l.customer_key is not null then 'withheld' else j.due end as operation,
    case
        when j.due = 'remove' and s.customer_key is not null then 'consent_lost'
        when j.due = 'remove' and c.lacks_contact then 'missing_contact'
        when j.due = 'remove' then 'left_audience'
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
where j.due is not null
"""

# A letter is settled when its member stays as they are, or is neither wanted nor held any more.
_SETTLED = """
create or replace table plan_settled as
select l.customer_key from letters as l anti join plan as p on p.customer_key = l.customer_key
"""

_SKIPPED = """
create or replace table plan_skipped as
select customer_key, case when is_suppressed then 'suppressed' else 'missing_contact' end as reason
from candidates where is_suppressed or lacks_contact
union all
select customer_key, 'dead_letter' as reason from plan where operation = 'withheld'
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
where not c.is_suppressed and not c.lacks_contact
order by c.customer_key
"""
