"""What a file holds, record by record: what can be read with its number, what cannot with its reason and text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.sources import readers
from include.sources.mapping import CsvOptions, StreamSpec
from include.sources.readers import Source, SourceFileError, _sample_of_lines, open_source


class Opened:
    def __init__(self, con: duckdb.DuckDBPyConnection, source: Source) -> None:
        self.columns, self.broken = source.columns, source.broken
        self.rows = con.execute(f"select _row, * exclude (_row) from {source.relation} order by _row").fetchall()


def opened(path: Path, content: str | bytes, kind: str = "csv", **options: Any) -> Opened:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    con = duckdb.connect()
    spec = StreamSpec(files="*", format=kind, columns="same", csv=CsvOptions(**options))
    return Opened(con, open_source(con, path, spec))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export"


# CSV


def test_records_are_numbered_from_one_without_the_header(file: Path) -> None:
    found = opened(file, "id,name\n7,a\n8,b\n")
    assert found.columns == ("id", "name")
    assert found.rows == [(1, "7", "a"), (2, "8", "b")]
    assert found.broken == ()


def test_a_broken_record_keeps_its_number_also_after_values_with_line_breaks(file: Path) -> None:
    content = 'id,name\n1,"two\nlines"\n2\n3,c\n4,d,surplus\n5,"again\ntwo"\n6\n7,g\n'
    found = opened(file, content)
    assert found.broken == (
        (2, "Expected Number of Columns: 2 Found: 1", "2"),
        (4, "Expected Number of Columns: 2 Found: 3", "4,d,surplus"),
        (6, "Expected Number of Columns: 2 Found: 1", "6"),
    )
    assert found.rows == [(1, "1", "two\nlines"), (3, "3", "c"), (5, "5", "again\ntwo"), (7, "7", "g")]


def test_consecutive_broken_records_shift_what_follows_by_their_number(file: Path) -> None:
    found = opened(file, "id,name\n1\n2\n3,c\n4\n5\n6\n7,g\n")
    assert [number for number, *_ in found.broken] == [1, 2, 4, 5, 6]
    assert [row[:2] for row in found.rows] == [(3, "3"), (7, "7")]


def test_numbers_stay_right_after_more_than_500_broken_records(file: Path) -> None:
    lines = [f"{n}\n" if n % 2 else f"{n},x\n" for n in range(1, 2001)]
    found = opened(file, "id,name\n" + "".join(lines))
    assert [number for number, *_ in found.broken] == list(range(1, 2001, 2))
    assert all(number == int(value) for number, value, _ in found.rows)
    assert len(found.rows) == 1000


def test_a_wrong_quote_breaks_its_own_record_only(file: Path) -> None:
    found = opened(file, 'id,name\n1,a\n2,"b"x\n3,"say ""c"""\n4,5" pipe\n')
    assert found.broken == ((2, "Value with unterminated quote found.", '2,"b"x'),)
    assert found.rows == [(1, "1", "a"), (3, "3", 'say "c"'), (4, "4", '5" pipe')]


@pytest.mark.parametrize("rest", ["3,c\n4,d\n", '3,"c"\n4,d\n', "3,c\n" * 5000])
def test_a_quote_that_swallows_the_following_records_stops_the_file(file: Path, rest: str) -> None:
    with pytest.raises(SourceFileError, match=r"export: record 2 opens a quote that it does not close.*csv.quote"):
        opened(file, f'id,name\n1,a\n2,"b\n{rest}')


def test_without_a_quote_character_quotes_are_text(file: Path) -> None:
    found = opened(file, 'id,name\n1,"a\n2,b"\n', quote="")
    assert found.rows == [(1, "1", '"a'), (2, "2", 'b"')]


def test_another_delimiter_quote_and_encoding(file: Path) -> None:
    found = opened(file, "id;name\n1;'Käse; alt'\n".encode("latin-1"), delimiter=";", quote="'", encoding="latin-1")
    assert found.rows == [(1, "1", "Käse; alt")]
    assert opened(file, "id,name\n1,ä\n".encode("utf-16"), encoding="utf-16").rows == [(1, "1", "ä")]


def test_a_record_in_another_encoding_is_broken_and_the_rest_is_read(file: Path) -> None:
    found = opened(file, b"id,name\n1,a\n2,\xe4\n3,c\n")
    assert [(number, reason[:15]) for number, reason, _ in found.broken] == [(2, "Invalid unicode")]
    assert [row[:2] for row in found.rows] == [(1, "1"), (3, "3")]


@pytest.mark.parametrize("header", ["id,name", '"id","name"', " id , name "])
def test_a_byte_order_mark_is_no_part_of_the_first_name(file: Path, header: str) -> None:
    assert opened(file, f"\ufeff{header}\n1,a\n").columns == ("id", "name")


def test_windows_line_ends_are_no_part_of_a_value(file: Path) -> None:
    found = opened(file, "id,name\r\n1,a\r\n2\r\n3,c\r\n")
    assert found.rows == [(1, "1", "a"), (3, "3", "c")]
    assert found.broken == ((2, "Expected Number of Columns: 2 Found: 1", "2"),)


@pytest.mark.parametrize("header", ["id,id", "id,ID", "id,", ""])
def test_a_header_without_one_distinct_name_per_column_is_refused(file: Path, header: str) -> None:
    with pytest.raises(SourceFileError, match=r"export: the header is .*expected one distinct name per column"):
        opened(file, f"{header}\n1,a\n")


def test_an_empty_text_is_no_value_and_a_header_alone_is_no_record(file: Path) -> None:
    assert opened(file, "id,name\n1,\n").rows == [(1, "1", None)]
    assert opened(file, "id,name\n").rows == []


# JSON lines


def test_json_lines_give_the_columns_that_any_of_them_has(file: Path) -> None:
    found = opened(file, '{"id": 1, "name": "a"}\n{"id": 2, "paid": true}\n', "jsonl")
    assert found.columns == ("id", "name", "paid")
    assert found.rows == [(1, "1", "a", None), (2, "2", None, "true")]


def test_what_is_no_json_object_is_broken_and_keeps_its_number(file: Path) -> None:
    found = opened(file, '{"id": 1}\n{"id": 2,\n[3]\n\n{"id": 5}\n"six"\n', "jsonl")
    assert found.broken == (
        (2, "not a JSON object", '{"id": 2,'),
        (3, "not a JSON object", "[3]"),
        (6, "not a JSON object", '"six"'),
    )
    assert found.rows == [(1, "1"), (5, "5")]


def test_a_line_with_control_characters_or_wrong_bytes_breaks_itself_only(file: Path) -> None:
    found = opened(file, b'{"id": "a\x1fb"}\n{"id": 2}\n{"id": "\xe4"}\n{"id": 4}\n', "jsonl")
    assert [number for number, *_ in found.broken] == [1, 3]
    assert found.rows == [(2, "2"), (4, "4")]


def test_nested_values_are_json_text_and_odd_names_are_columns(file: Path) -> None:
    found = opened(file, '{"id": 1, "to": {"city": "Bath"}, "tags": [1, 2], "a.b": 3, "c d": null}\n', "jsonl")
    assert found.columns == ("a.b", "c d", "id", "tags", "to")
    assert found.rows == [(1, "3", None, "1", "[1,2]", '{"city":"Bath"}')]


def test_a_byte_order_mark_does_not_break_the_first_line(file: Path) -> None:
    assert opened(file, '\ufeff{"id": 1}\n', "jsonl").rows == [(1, "1")]


def test_a_key_that_no_sampled_line_has_is_a_column_too(file: Path) -> None:
    lines = [f'{{"id": {number}, "name": "{"n" * 90}"}}' for number in range(1, 30_001)]
    lines[17_000] = '{"id": 17001, "coupon": "SPRING"}'
    lines[17_001] = "[17002]"
    found = opened(file, "\n".join(lines), "jsonl")
    sample = _sample_of_lines(file)
    assert 900 <= len(sample) <= 1_100
    assert not any("coupon" in line for line in sample)
    assert found.columns == ("coupon", "id", "name")
    assert found.broken == ((17_002, "not a JSON object", "[17002]"),)
    assert found.rows[16_999:17_002] == [
        (17_000, None, "17000", "n" * 90),
        (17_001, "SPRING", "17001", None),
        (17_003, None, "17003", "n" * 90),
    ]
    assert len(found.rows) == 29_999


def test_keys_that_come_and_go_cost_no_second_reading(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = []
    for number in range(30_000):
        there = {f"k{bit}": "x" * 10 for bit in range(14) if number * 7919 % 16_384 >> bit & 1}
        lines.append(json.dumps({"id": str(number)} | there))
    read, readings = readers._read_objects, []

    def counted(*arguments: Any) -> Any:
        readings.append(arguments)
        return read(*arguments)

    monkeypatch.setattr(readers, "_read_objects", counted)
    found = opened(file, "\n".join(lines), "jsonl")
    assert len(readings) == 1
    assert found.columns == ("id", *sorted(f"k{bit}" for bit in range(14)))
    names = found.columns
    for number in (0, 1, 12_345, 29_999):
        want = json.loads(lines[number])
        assert found.rows[number] == (number + 1, *(want.get(name) for name in names))


def test_a_sample_has_no_line_twice_and_none_in_part(file: Path) -> None:
    lines = [f'{{"id": {number}, "text": "{"x" * (10_000 if number % 100 == 0 else 50)}"}}' for number in range(30_000)]
    file.write_text("\n".join(lines), encoding="utf-8")
    sample = [line.rstrip("\n") for line in _sample_of_lines(file)]
    assert len(sample) == len(set(sample))
    assert set(sample) <= set(lines)
    assert sample[0] == lines[0]
    assert int(json.loads(sample[-1])["id"]) > 29_000


# Parquet


def test_parquet_rows_are_numbered_and_keep_their_types(file: Path) -> None:
    duckdb.connect().execute(f"copy (select unnest([5, 6]) as id) to '{file}' (format parquet)")
    found = opened(file, file.read_bytes(), "parquet")
    assert found.columns == ("id",)
    assert found.rows == [(1, 5), (2, 6)]


# Every format


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_file_of_zero_bytes_is_refused(file: Path, kind: str) -> None:
    with pytest.raises(SourceFileError, match=rf"export: the file is empty \(0 bytes\); expected {kind} records"):
        opened(file, b"", kind)


def test_a_file_of_another_format_is_refused_by_name(file: Path) -> None:
    with pytest.raises(SourceFileError, match=r"export: cannot be read as parquet: .*Export the file again"):
        opened(file, "id,name\n1,a\n", "parquet")


@pytest.mark.parametrize(("kind", "content"), [("csv", "id,_row\n1,2\n"), ("jsonl", '{"id": 1, "_ROW": 2}\n')])
def test_the_column_name_that_counts_records_is_taken(file: Path, kind: str, content: str) -> None:
    with pytest.raises(SourceFileError, match="_row is taken"):
        opened(file, content, kind)


def test_a_file_name_with_wildcard_characters_means_itself(tmp_path: Path) -> None:
    opened(tmp_path / "orders1.csv", "id,name\n1,other\n")
    assert opened(tmp_path / "orders[1].csv", "id,name\n1,own\n").rows == [(1, "1", "own")]
