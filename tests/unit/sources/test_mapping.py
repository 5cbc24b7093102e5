"""A mapping that cannot be used says which file, which place in it and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sources.entities import all_entities
from include.sources.mapping import Constant, Expression, MappingError, RowNumber, read_mapping
from tests.unit.sources.bench import plain_settings

GOOD: dict[str, Any] = {
    "source": "shop",
    "time_zone": "Europe/London",
    "currency": "GBP",
    "base": "sources/shop",
    "streams": {
        "orders": {
            "files": "orders/*.csv",
            "format": "csv",
            "columns": {"order_id": "id", "ordered_at": "created", "status": {"value": "completed"}},
        }
    },
}


def written(folder: Path, content: Any) -> Path:
    path = folder / "shop.yml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def changed(**top: Any) -> dict[str, Any]:
    return {key: value for key, value in (GOOD | top).items() if value is not None}


def stream(name: str = "orders", **changes: Any) -> dict[str, Any]:
    spec = GOOD["streams"]["orders"] | changes
    return changed(streams={name: {key: value for key, value in spec.items() if value is not None}})


def columns(**changes: Any) -> dict[str, Any]:
    mapped = GOOD["streams"]["orders"]["columns"] | changes
    return stream(columns={key: value for key, value in mapped.items() if value is not None})


def test_a_good_mapping_is_read(tmp_path: Path) -> None:
    content = columns(
        tax_amount={"expression": "paid - net"},
        order_number={"row_number_within": ["id"]},
    )
    mapping = read_mapping(written(tmp_path, content))
    spec = mapping.streams["orders"][0]
    assert spec.columns["order_id"] == "id"
    assert spec.columns["status"] == Constant(value="completed")
    assert spec.columns["tax_amount"] == Expression(expression="paid - net")
    assert spec.columns["order_number"] == RowNumber(row_number_within=["id"])
    assert mapping.base_dir(plain_settings(Path("/data"))) == Path("/data/sources/shop")


def test_an_absolute_base_is_taken_as_it_is(tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, changed(base="/exports")))
    assert mapping.base_dir(plain_settings(Path("/data"))) == Path("/exports")


def test_a_stream_may_come_from_several_sets_of_files(tmp_path: Path) -> None:
    spec = GOOD["streams"]["orders"]
    mapping = read_mapping(written(tmp_path, changed(streams={"orders": [spec, spec | {"files": "old/*.csv"}]})))
    assert [item.files for item in mapping.streams["orders"]] == ["orders/*.csv", "old/*.csv"]


@pytest.mark.parametrize(
    ("content", "place", "expected"),
    [
        (stream("invoices"), "file", "streams.invoices: no such entity; known are .*orders"),
        (columns(colour="c"), "file", "streams.orders.columns: unknown colour; the contract has order_id"),
        (columns(order_id=None), "file", "streams.orders.columns: the required order_id is not mapped"),
        (changed(currency=["EUR"]), "currency", "valid string"),
        (changed(time_zone="London"), "time_zone", "expected an IANA time zone such as Europe/London"),
        (changed(time_zone=None), "time_zone", "Field required"),
        (changed(source="My Shop"), "source", "pattern"),
        (changed(currency="Pounds"), "currency", "pattern"),
        (changed(timezone="UTC"), "timezone", "Extra inputs are not permitted"),
        (stream(file="x"), "streams.orders.0.file", "Extra inputs are not permitted"),
        (stream(format="xlsx"), "streams.orders.0.format", "'csv', 'jsonl', 'parquet' or 'raw'"),
        (stream(may_lack={"lines": ["id"]}, query="q"), "streams.orders.0", "no table lines; expected records"),
        (stream(may_lack={"records": ["id"]}), "streams.orders.0", "may_lack is for `query`, and there is none"),
        (stream(views={"sold": "q"}), "streams.orders.0", "views is for `query`, and there is none"),
        (stream(nested_by="__"), "streams.orders.0", "nested_by is for `query`, and there is none"),
        (
            stream(views={"records": "q"}, query="q"),
            "streams.orders.0",
            "views: the name records is that of a table; expected another",
        ),
        (
            stream(tables={"lines": "lines/*.csv"}, query="q", may_be_missing=["lines"]),
            "streams.orders.0",
            "may_be_missing: expected the columns of lines in may_lack",
        ),
        (stream(files="/exports/*.csv"), "streams.orders.0.files", "expected a glob below the mapping's base folder"),
        (stream(files=""), "streams.orders.0.files", "expected a glob below the mapping's base folder"),
        (stream(max_age_days=0), "streams.orders.0.max_age_days", "greater than 0"),
        (stream(status_map={"paid": "done"}), "streams.orders.0.status_map.paid", "'completed', 'pending' or"),
        (stream(csv={"encoding": "cp1252"}), "streams.orders.0.csv.encoding", "'utf-8', 'utf-16' or 'latin-1'"),
        (stream(csv={"delimiter": "||"}), "streams.orders.0.csv.delimiter", "at most 1 character"),
        (columns(tax_amount={"sql": "1"}), "streams.orders.0.columns.dict", "Extra inputs are not permitted"),
        ([], "file", "valid dictionary"),
    ],
)
def test_a_mistake_is_named_with_file_and_place(tmp_path: Path, content: Any, place: str, expected: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(MappingError, match=rf"(?s)^{path}: .*{place}.*: .*{expected}.*docs/add-a-source.md"):
        read_mapping(path)


def test_without_a_currency_for_all_the_column_must_be_mapped(tmp_path: Path) -> None:
    content = {key: value for key, value in GOOD.items() if key != "currency"}
    with pytest.raises(MappingError, match="the required currency is not mapped"):
        read_mapping(written(tmp_path, content))


def test_what_is_not_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "source: shop\nstreams: [orders\n")
    with pytest.raises(MappingError, match=rf"(?s){path}: not readable as YAML: .*line 3"):
        read_mapping(path)


def test_a_missing_mapping_file_points_to_the_setting(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"none.yml: no such mapping file; PERENNIAL_SOURCES lists"):
        read_mapping(tmp_path / "none.yml")


@pytest.mark.parametrize("path", sorted(Path("include/sources/mappings").glob("*.yml")), ids=lambda path: path.stem)
def test_every_shipped_mapping_is_good(path: Path) -> None:
    assert read_mapping(path).source == path.stem


def test_every_contract_has_its_keys_and_its_time_among_its_required_or_known_columns() -> None:
    for entity in all_entities().values():
        assert all(entity.column(name).required for name in entity.key), entity.name
        assert entity.event_time is None or entity.event_time in entity.column_names
        assert all(column.description for column in entity.columns)
        assert not any(column.required and column.pii for column in entity.columns)
