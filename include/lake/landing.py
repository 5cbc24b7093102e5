"""Move what passed gate 1 from the incoming area into the lake; what did not pass goes to the quarantine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

from include.lake.layout import BAD_ROWS, GATE_1_PASSED, PARQUET, Lake, lake_columns, write_json, written_aside
from include.settings import Settings
from include.sources.entities import Entity, all_entities
from include.sources.extract import staged_reports
from include.sources.readers import quote
from include.sources.records import bounded_connection


def land(settings: Settings, source: str, stream: str, load_date: str) -> list[dict[str, Any]]:
    """Land every incoming file of one stream and return the records of these loads.

    A file keeps the load_id of its name, so landing it again replaces its rows. Each of the three steps (quarantine,
    rows, record) is one rename; after a crash between them the file is simply read and landed again.

    Raises:
        RuntimeError: the files have not passed gate 1.
    """
    lake = Lake(settings)
    entity = all_entities()[stream]
    reports = staged_reports(lake, source, stream)
    if reports and not (lake.incoming(source, stream) / GATE_1_PASSED).exists():
        raise RuntimeError(
            f"{source}.{stream}: the incoming files have not passed gate 1; run the load from its start."
        )
    manifests = []
    with bounded_connection(lake.root) as con:
        for report in reports:
            manifests.append(_land_file(con, lake, entity, report, load_date))
    # The reports first: a file without its report is not landed, so a crash here cannot bring in refused rows.
    for path in sorted(lake.incoming(source, stream).glob("*"), key=lambda path: path.suffix != ".json"):
        path.unlink()
    return manifests


def _land_file(
    con: duckdb.DuckDBPyConnection, lake: Lake, entity: Entity, report: dict[str, Any], load_date: str
) -> dict[str, Any]:
    source, load_id = report["source"], report["load_id"]
    incoming = lake.incoming(source, entity.name)
    folder = lake.landed(source, entity.name)
    already = sorted(folder.glob(f"load_date=*/{load_id}.parquet"))
    target = already[0] if already else folder / f"load_date={load_date}" / f"{load_id}.parquet"
    loaded_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    con.execute("create or replace temp table bad (_load_id varchar, _row bigint, reason varchar)")
    bad_rows = incoming / BAD_ROWS
    if bad_rows.exists():
        con.execute(f"insert into bad from {quote(str(bad_rows))} where _load_id = {quote(load_id)}")
    staged = f"read_parquet({quote(str(incoming / f'{load_id}.parquet'))})"
    refused = _quarantine(con, lake, entity, report, staged, loaded_at)
    provenance = {
        "_source": quote(report["shop"]),
        "_file": quote(report["file"]),
        "_row": "_row",
        "_load_id": quote(load_id),
        # When the source said so orders the versions of a record, also when they land together.
        "_loaded_at": f"coalesce(_seen_at, timestamp '{loaded_at}')",
    }
    columns = ", ".join(
        f"cast({provenance.get(name, name)} as {kind}) as {name}" for name, kind in lake_columns(entity).items()
    )
    passed = " where _row not in (select _row from bad)" if refused else ""
    with written_aside(target) as aside:
        con.execute(f"copy (select {columns} from {staged}{passed}) to {quote(str(aside))} ({PARQUET})")
        landed = con.execute(f"select count(*) from read_parquet({quote(str(aside))})").fetchall()[0][0]
        # Before the rename: what does not add up must not be seen.
        if landed + refused != report["rows_read"]:
            raise RuntimeError(
                f"{source}.{entity.name}: {report['file']} had {report['rows_read']:,} records, but {landed:,}"
                f" landed and {refused:,} were refused. This is a defect of the loader;"
                f" the file is kept in {incoming}."
            )
    manifest = {
        key: value for key, value in report.items() if key not in ("broken", "previous_rows", "earlier_changes")
    }
    manifest |= {
        "schema_changes": [*report["earlier_changes"], *report["schema_changes"]],
        "rows_landed": landed,
        "rows_refused": refused,
        "load_date": target.parent.name.removeprefix("load_date="),
        "loaded_at": loaded_at.isoformat(),
    }
    write_json(lake.manifest(source, entity.name, load_id), manifest)
    return manifest


def _quarantine(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    entity: Entity,
    report: dict[str, Any],
    staged: str,
    loaded_at: datetime,
) -> int:
    path = lake.quarantine(report["source"], entity.name, report["load_id"])
    con.execute("create or replace temp table broken (record bigint, reason varchar, payload varchar)")
    if report["broken"]:
        con.executemany("insert into broken values (?, ?, ?)", report["broken"])
    fields = ", ".join(f"{name} := staged.{name}" for name in entity.column_names)
    con.execute(
        "create or replace temp table refused as"
        " select record, 'the record cannot be read: ' || reason as reason, payload from broken"
        " union all select bad._row, concat_ws('; ', bad.reason, staged._problem,"
        " 'a later record ' || staged._superseded_by || ' has the same key'),"
        f" cast(to_json(struct_pack({fields})) as varchar)"
        f" from bad join {staged} as staged using (_row)"
    )
    count = con.execute("select count(*) from refused").fetchall()[0][0]
    if count == 0:
        path.unlink(missing_ok=True)
        return 0
    origin = ", ".join(f"{quote(str(report[key]))} as {key}" for key in ("source", "stream", "file", "load_id"))
    with written_aside(path, mode=0o600) as aside:
        con.execute(
            f"copy (select {origin}, record, reason, payload, timestamp '{loaded_at}' as quarantined_at"
            f" from refused order by record) to {quote(str(aside))} (format parquet, use_tmp_file false)"
        )
    return count
