"""The project builds over a small lake; staging keeps of each record the last one landed that the run may know."""

from __future__ import annotations

import duckdb
import pytest

from include.sources.entities import all_entities


def test_everything_builds(built):
    _, statuses = built
    # An exposure builds nothing.
    models = {name: status for name, status in statuses.items() if not name.startswith("exposure.")}
    assert {name for name, status in models.items() if status != "success"} == set()
    assert len(statuses) > len(all_entities())


@pytest.mark.parametrize("entity", all_entities().values(), ids=lambda entity: entity.name)
def test_staging_keeps_the_record_landed_last_and_known_at_as_of(built, entity):
    project, _ = built
    name = f"staging.stg_{entity.family}__{entity.name.removeprefix('email_')}"
    with duckdb.connect(str(project.warehouse), read_only=True) as con:
        rows = con.execute(f"from {name}").fetchall()
    assert len(rows) == 1
    texts = {value for value in rows[0] if isinstance(value, str)}
    assert not texts & {"first", "late"}
    assert "second" in texts or not hashed_or_plain_text(entity)


def hashed_or_plain_text(entity) -> bool:
    """Whether staging shows a text of the stream as it came: keys and e-mail addresses are hashed."""
    hidden = ("_id", "email")
    plain = [c for c in entity.columns if c.type == "text" and not c.name.endswith(hidden) and c.name not in entity.key]
    return any(column.name not in ("status", "event_type", "line_type") for column in plain)
