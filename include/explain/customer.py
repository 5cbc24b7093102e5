"""Reads one customer out of the live warehouse. A section is a file in sections/, its first line the title."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from include.publisher.audiences import Audience, load_audiences
from include.sources.readers import quote

if TYPE_CHECKING:
    from include.settings import Settings

SECTIONS = Path(__file__).parent / "sections"


class ExplainError(RuntimeError):
    """The customer or the live warehouse is not there; the message says what to do."""


@dataclass(frozen=True)
class Section:
    """A table about one customer; the name is that of its file, without the number."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def open_live(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the live warehouse for reading; the caller closes it.

    Raises:
        ExplainError: nothing was promoted yet.
    """
    if not settings.live_warehouse.is_file():
        raise ExplainError(f"{settings.live_warehouse} does not exist; run the DAG build_marts (or `make demo`).")
    return duckdb.connect(str(settings.live_warehouse), read_only=True)


def find_customer(
    connection: duckdb.DuckDBPyConnection, customer: str, settings: Settings, with_contacts: bool = False
) -> str:
    """Return the customer_key that stands for the text.

    Args:
        connection: of the live warehouse.
        customer: a customer_key; one that was absorbed in a merge gives the surviving one; or an e-mail address.
        settings: where the contacts lie.
        with_contacts: whether the file of contacts may be opened, which an e-mail address needs.

    Raises:
        ExplainError: nobody is known by it, or an address was given without the permission.
    """
    if "@" in customer:
        if not with_contacts:
            raise ExplainError(
                "An e-mail address can be found only in the file of contacts: add --contacts (CONTACTS=1)."
            )
        found = _by_email(customer.strip().lower(), settings)
    else:
        found = connection.execute(
            "select customer_key from marts.dim_customers where customer_key = $key"
            " union all select customer_key from marts.customer_merge_log where absorbed_customer_key = $key limit 1",
            {"key": customer},
        ).fetchall()
    if not found:
        raise ExplainError(
            "Nobody is known by that in the live warehouse; expected a customer_key as in marts.dim_customers, or an"
            " e-mail address with --contacts."
        )
    return str(found[0][0])


def _by_email(email: str, settings: Settings) -> list[tuple[Any, ...]]:
    with _contacts(settings) as people:
        return people.execute(
            "select customer_key from people.contacts.contacts where lower(trim(email)) = ? limit 1", [email]
        ).fetchall()


@contextmanager
def _contacts(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    if not settings.live_contacts.is_file():
        raise ExplainError(f"{settings.live_contacts} does not exist; run the DAG build_marts.")
    with duckdb.connect() as people:
        people.execute(f"attach {quote(str(settings.live_contacts))} as people (read_only)")
        yield people


def contacts_of(customer: str, settings: Settings) -> Section:
    """Return name and addresses, each with where it is from: the one section that is personal.

    Raises:
        ExplainError: there is no file of contacts.
    """
    with _contacts(settings) as people:
        cursor = people.execute("select * from people.contacts.contacts where customer_key = ?", [customer])
        names = [column[0] for column in cursor.description or []]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    fields = [name for name in names if f"{name}_source" in names]
    rows = [(name, one[name], one[f"{name}_source"], one[f"{name}_seen_at"]) for one in found for name in fields]
    return Section("contacts", "Name and addresses", ("field", "value", "source", "seen_at"), rows)


def explain(connection: duckdb.DuckDBPyConnection, customer: str, settings: Settings) -> Iterator[Section]:
    """Yield the sections in the order of their files, then why each audience has the customer or not."""
    for path in sorted(SECTIONS.glob("*.sql")):
        title, query = path.read_text(encoding="utf-8").split("\n", 1)
        cursor = connection.execute(query, {"customer": customer})
        columns = tuple(column[0] for column in cursor.description or [])
        yield Section(path.stem.split("_", 1)[1], title.removeprefix("-- "), columns, cursor.fetchall())
    rows = [_membership(connection, customer, audience) for audience in load_audiences(settings).values()]
    yield Section(
        "audiences", "Audiences: in the model, barred, refused", ("audience", "in model", "barred by", "refused"), rows
    )


def _membership(connection: duckdb.DuckDBPyConnection, customer: str, audience: Audience) -> tuple[Any, ...]:
    known = "select 1 from duckdb_tables() where schema_name = 'publish' and table_name = ?"
    if not connection.execute(known, [f"pub_{audience.id}"]).fetchall():
        return audience.id, f"no model publish.pub_{audience.id}", None, None
    query = f"""
        select
            exists (select 1 from publish."pub_{audience.id}" where customer_key = $customer),
            (
                select string_agg(kind || ': ' || reason, '; ') from publish.pub_suppressions
                where customer_key = $customer and channel = $channel
            ),
            (
                select string_agg(destination || ': ' || reason, '; ') from publish.publish_dead_letters
                where customer_key = $customer and audience = $audience
            )
    """
    given = {"customer": customer, "channel": audience.channel, "audience": audience.id}
    found = connection.execute(query, given).fetchall()[0]
    return audience.id, "yes" if found[0] else "no", found[1], found[2]
