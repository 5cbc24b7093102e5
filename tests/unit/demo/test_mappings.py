"""The mapping files of the demo data sets speak of streams, columns and statuses that the contracts know."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
import yaml

from include.demo.datasets import DATASETS_FILE, MAPPINGS, names

ENTITIES = MAPPINGS.parent / "entities"
CONTRACTS = {path.stem: yaml.safe_load(path.read_text()) for path in ENTITIES.glob("*.yml")}
KINDS = ({"expression"}, {"value"}, {"row_number_within"})


def mapping(name: str) -> dict:
    return yaml.safe_load((MAPPINGS / f"{name}.yml").read_text())


@pytest.mark.parametrize("name", names())
def test_a_mapping_names_its_source_its_folder_and_known_streams(name: str) -> None:
    content = mapping(name)
    assert content["source"] == name
    assert content["base"] == f"sources/{name}"
    assert content["streams"]
    assert set(content["streams"]) <= set(CONTRACTS)


@pytest.mark.parametrize("name", names())
def test_a_mapping_fills_every_required_column_and_no_unknown_one(name: str) -> None:
    for stream, spec in mapping(name)["streams"].items():
        if spec["columns"] == "same":
            continue
        columns = CONTRACTS[stream]["columns"]
        required = {column for column, contract in columns.items() if contract.get("required")}
        assert set(spec["columns"]) <= set(columns), stream
        assert required <= set(spec["columns"]), stream
        assert all(isinstance(column, str) or set(column) in KINDS for column in spec["columns"].values()), stream


# What the simulated shop has none of: nobody subscribes, is given credit or reports the use of a
# device, and it has no social accounts.
NOT_SIMULATED = {"social_engagement", "subscriptions", "store_credits", "usage_readings"}


def test_the_simulated_shop_fills_every_other_stream() -> None:
    assert set(mapping("simulated")["streams"]) == set(CONTRACTS) - NOT_SIMULATED


def test_the_grocer_has_no_ads_because_its_spend_is_unknown() -> None:
    streams = set(mapping("complete_journey")["streams"])
    assert {"orders", "order_lines", "email_events", "coupon_redemptions"} <= streams
    assert not streams & {"ad_performance", "sessions"}


def select(spec: dict, file: Path) -> str:
    """Return the query a mapping of a CSV file stands for."""
    columns = []
    for name, column in spec["columns"].items():
        if isinstance(column, str):
            columns.append(f"{column} as {name}")
        elif "expression" in column:
            columns.append(f"{column['expression']} as {name}")
        elif "value" in column:
            columns.append(f"'{column['value']}' as {name}")
        else:
            columns.append(f"row_number() over (partition by {', '.join(column['row_number_within'])}) as {name}")
    grouped = f" group by {', '.join(spec['one_row_per'])}" if "one_row_per" in spec else ""
    return f"select {', '.join(columns)} from read_csv('{file}', all_varchar = true){grouped}"


def test_cdnow_merges_the_purchases_of_a_day_and_keeps_every_line(tmp_path: Path) -> None:
    file = tmp_path / "cdnow.csv"
    with file.open("w", newline="") as target:
        csv.writer(target).writerows(
            [
                ("customer_id", "date", "number_of_cds", "dollar_value"),
                ("00002", "19970112", "1", "12.00"),
                ("00002", "19970112", "5", "77.00"),
                ("00002", "19970113", "1", "0.00"),
                ("00003", "19970112", "2", "20.76"),
            ]
        )
    streams = mapping("cdnow")["streams"]
    connection = duckdb.connect()
    orders = connection.execute(
        f"select order_id, ordered_at::date::varchar, gross_amount::varchar, status, currency "
        f"from ({select(streams['orders'], file)}) order by 1"
    ).fetchall()
    assert orders == [
        ("00002-19970112", "1997-01-12", "89.00", "completed", "USD"),
        ("00002-19970113", "1997-01-13", "0.00", "completed", "USD"),
        ("00003-19970112", "1997-01-12", "20.76", "completed", "USD"),
    ]
    lines = connection.execute(
        "select order_id, line_number, gross_amount::varchar "
        f"from ({select(streams['order_lines'], file)}) order by 1, 2"
    ).fetchall()
    assert [line[:2] for line in lines] == [
        ("00002-19970112", 1),
        ("00002-19970112", 2),
        ("00002-19970113", 1),
        ("00003-19970112", 1),
    ]
    assert sorted(line[2] for line in lines) == ["0.00", "12.00", "20.76", "77.00"]
    customers = connection.execute(select(streams["customers"], file) + " order by 1").fetchall()
    assert customers == [("00002",), ("00003",)]


def test_the_list_of_data_sets_is_complete() -> None:
    content = yaml.safe_load(DATASETS_FILE.read_text())
    assert set(content) == {"simulated", "cdnow", "complete_journey"}
    for entry in content.values():
        assert all((MAPPINGS / file).is_file() for file in entry["mappings"])
        hashes = [entry["wheel"]["sha256"], *entry["wheel"]["members"].values()] if "wheel" in entry else []
        assert all(len(value) == 64 for value in hashes)
