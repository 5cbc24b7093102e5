"""One customer as a page: one file with everything in it, to be opened from disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from include.explain.customer import Section
from include.explain.timeline import moments_of, stays_of, timeline
from include.lake.layout import written_aside
from include.site.read import build_of, plain
from include.site.render import HERE as SITE
from include.site.render import templates

if TYPE_CHECKING:
    from include.settings import Settings

PERSONAL, PSEUDONYMOUS = 0o600, 0o644


def write_page(
    connection: duckdb.DuckDBPyConnection,
    customer: str,
    sections: Sequence[Section],
    settings: Settings,
    contacts: Section | None = None,
) -> Path:
    """Write <data>/customers/<customer_key>.html, which the next promotion removes.

    Args:
        connection: of the live warehouse.
        customer: the customer_key.
        sections: what is known, as `explain` gives it.
        settings: where the data lie.
        contacts: name and addresses, when the file of contacts was opened; the page is its owner's alone then.
    """
    build = build_of(connection)
    html = (
        templates()
        .get_template("customer.html.j2")
        .render(
            build=build,
            customer=customer,
            timeline=drawing(sections, build.as_of),
            sections=[*([contacts] if contacts else []), *sections],
            is_personal=contacts is not None,
            style=(SITE / "assets" / "site.css").read_text(encoding="utf-8"),
            shown=shown,
        )
    )
    path = settings.customer_pages / f"{customer}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path, mode=PERSONAL if contacts else PSEUDONYMOUS) as aside:
        aside.write_text(html, encoding="utf-8")
    return path


def shown(value: Any) -> str:
    """Write a value of a section: money to the cent, NULL as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return f"{value:,.4g}" if isinstance(value, float) else str(plain(value))


def drawing(sections: Sequence[Section], as_of: datetime) -> str:
    """The time line of the sections that have moments."""
    by_name = {section.name: section for section in sections}
    return timeline(
        stays_of(by_name["stages"]),
        (
            moments_of(
                "orders", by_name["orders"], "ordered_at", ("order_number", "status", "net_revenue", "currency")
            ),
            moments_of("refunds", by_name["refunds"], "refunded_at", ("order_number", "refunded_amount", "currency")),
            moments_of("messages", by_name["messages"], "exposed_at", ("campaign", "arm")),
        ),
        as_of,
    )
