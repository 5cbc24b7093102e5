"""What stops a run before it starts, and what its error says."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from include.destinations.config import ConfigError, load_destinations
from include.destinations.rows import DestinationRow, DestinationType
from include.publisher.audiences import load_audiences
from include.publisher.errors import PublishError, SourceError
from include.publisher.publish import pairs, publish
from include.settings import PROJECT_ROOT, Settings
from tests.unit.publisher.world import DESTINATIONS, World, customers

SEGMENTS = ["new_customers", "loyal", "at_risk", "lapsed", "dormant"]


@pytest.fixture
def shipped(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, webhook_url=None)


def test_the_shipped_files_are_what_the_models_are_called(shipped: Settings) -> None:
    audiences = load_audiences(shipped)
    assert list(audiences) == [*SEGMENTS, "ads_lapsed", "profiles", "messages", "tasks"]
    for name in SEGMENTS:
        audience = audiences[name]
        assert (audience.mode, audience.channel, audience.owner) == ("members", "email", "marketing")
        assert audience.contact_fields == ("email", "first_name")
        assert audience.attributes == ("stage", "segment_id", "entered_at")
        assert audience.destinations == ("files", "webhook")
    assert {audience.guard.max_removal_share for audience in audiences.values()} == {0.20}
    assert {row.id: row.dry_run for row in load_destinations(shipped).values()} == {"files": False, "webhook": False}


def test_the_shipped_audiences_that_are_no_segment_for_e_mail(shipped: Settings) -> None:
    audiences = load_audiences(shipped)
    found = {name: (a.mode, a.channel, a.owner, a.contact_fields[0]) for name, a in audiences.items()}
    assert {name: found[name] for name in found if name not in SEGMENTS} == {
        "ads_lapsed": ("members", "ads", "marketing", "email"),
        "profiles": ("profiles", "email", "marketing", "email"),
        "messages": ("events", "email", "marketing", "email"),
        "tasks": ("events", "manager_task", "customer_service", "phone"),
    }
    assert audiences["messages"].attributes == audiences["tasks"].attributes
    assert audiences["messages"].attributes[0] == "trigger_key"


def test_the_webhook_is_on_only_with_an_address(shipped: Settings) -> None:
    assert {pair["destination_id"] for pair in pairs(shipped)} == {"files"}
    assert len(pairs(shipped)) == 6
    on = shipped.model_copy(update={"webhook_url": "https://hooks.example/x"})
    assert pairs(on)[:2] == [
        {"audience_id": "new_customers", "destination_id": "files"},
        {"audience_id": "new_customers", "destination_id": "webhook"},
    ]
    assert len(pairs(on)) == 15


def test_a_new_destination_is_in_dry_run(world: World) -> None:
    world.configure([{"id": "new", "type": "files"}])
    assert load_destinations(world.settings)["new"].dry_run is True
    world.promote(customers(1))
    assert publish("loyal", "new", "monday", world.settings).status == "dry_run"
    assert not (world.settings.data_dir / "published").exists()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"chanel": "email"}, ["audiences.yml", "audiences[0] (loyal)", "'chanel'", "Known keys: attributes, channel"]),
        ({"contact_fields": ["address"]}, ["contact_fields.0", "'address'"]),
        ({"attributes": ["email"]}, ["email cannot be attributes"]),
        ({"guard": {"max_removal_share": 20}}, ["guard.max_removal_share"]),
        ({"destinations": ["nowhere"]}, ["unknown destinations nowhere", "destinations.yml"]),
        ({"id": "Loyal; drop"}, ["'id'"]),
    ],
)
def test_an_unusable_audience_is_named_with_file_and_key(world: World, change: dict, parts: list[str]) -> None:
    world.configure(DESTINATIONS[:1], **change)
    with pytest.raises(ConfigError) as caught:
        load_audiences(world.settings)
    assert [part for part in parts if part not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        (
            [DESTINATIONS[0] | {"formts": ["csv"]}],
            ["destinations.yml", "destinations[0] (files)", "'formts'", "formats"],
        ),
        ([{"id": "x", "type": "telepathy"}], ["no destination type 'telepathy'", "include/destinations/telepathy.py"]),
        ([{"id": "x", "type": "base"}], ["no destination type 'base'"]),
        ([DESTINATIONS[0], DESTINATIONS[0]], ["more than once: files"]),
        ([DESTINATIONS[0] | {"folder": "../elsewhere"}], ["'folder'"]),
    ],
)
def test_an_unusable_destination_is_named_with_file_and_key(world: World, rows: list, parts: list[str]) -> None:
    world.settings.destinations_file.write_text(yaml.safe_dump({"destinations": rows}))
    with pytest.raises(ConfigError) as caught:
        load_destinations(world.settings)
    assert [part for part in parts if part not in str(caught.value)] == []


@pytest.mark.parametrize("content", ["audiences: {}", "[]", "others: []", ": :", None])
def test_a_file_of_another_shape_is_named(world: World, content: str | None) -> None:
    path = world.settings.audiences_file
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(ConfigError, match=r"audiences\.yml"):
        load_audiences(world.settings)


def test_unknown_names_and_switched_off_destinations(world: World) -> None:
    world.promote(customers(1))
    world.configure(DESTINATIONS)
    with pytest.raises(PublishError, match=r"Unknown audience 'nobody': .* has loyal"):
        publish("nobody", "files", "r", world.settings)
    with pytest.raises(PublishError, match="does not go to 'mars'"):
        publish("loyal", "mars", "r", world.settings)
    with pytest.raises(ConfigError, match="'webhook' is off: PERENNIAL_WEBHOOK_URL is not set"):
        publish("loyal", "webhook", "r", world.settings)


def broken(world: World, statement: str, contacts: bool = False) -> str:
    world.promote(customers(1, 2))
    path = world.settings.live_contacts if contacts else world.settings.live_warehouse
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as f; use f; {statement}")
    with pytest.raises(SourceError) as caught:
        publish("loyal", "files", "monday", world.settings)
    assert not (world.settings.data_dir / "published").exists()
    return str(caught.value)


def test_a_source_that_does_not_fit_is_refused(world: World) -> None:
    assert "pub_loyal lacks spent; it has customer_key, stage" in broken(
        world, "alter table publish.pub_loyal drop spent"
    )
    assert "no table publish.pub_loyal" in broken(world, "drop table publish.pub_loyal")
    assert "no table publish.pub_suppressions" in broken(world, "drop table publish.pub_suppressions")
    assert "meta.build has 0 rows" in broken(world, "delete from meta.build")
    assert "contacts.contacts lacks email" in broken(world, "alter table contacts.contacts drop email", contacts=True)
    doubled = broken(world, "insert into publish.pub_loyal select * from publish.pub_loyal")
    assert "0 rows without customer_key and 2 repeated keys" in doubled
    assert "1 rows without" in broken(world, "insert into contacts.contacts (email) values ('x')", contacts=True)


def test_files_of_two_builds_are_refused(world: World) -> None:
    world.promote(customers(1), build="b2", contacts_build="b1")
    with pytest.raises(SourceError, match=r"Promotion unfinished: .*'b2'.*'b1'.*run the DAG build_marts again"):
        publish("loyal", "files", "monday", world.settings)
    world.promote(customers(1), build="b2", contacts_build="b2")
    assert publish("loyal", "files", "monday", world.settings).adds == 1


@pytest.mark.parametrize("name", ["live_warehouse", "live_contacts"])
def test_a_missing_or_unreadable_file_is_named(world: World, name: str) -> None:
    world.promote(customers(1))
    path: Path = getattr(world.settings, name)
    path.unlink()
    with pytest.raises(SourceError, match=rf"{path.name} does not exist.*build_marts"):
        publish("loyal", "files", "monday", world.settings)
    path.write_text("no database")
    with pytest.raises(SourceError, match=rf"{path.name} cannot be opened as a DuckDB file"):
        publish("loyal", "files", "monday", world.settings)


def test_every_module_of_the_shipped_types_registers_itself() -> None:
    from include.destinations import files, webhook

    for module in (files, webhook):
        assert isinstance(module.DESTINATION, DestinationType)
        assert issubclass(module.DESTINATION.row, DestinationRow)


def test_the_files_of_this_part_stay_small() -> None:
    folders = [PROJECT_ROOT / "include" / name for name in ("publisher", "destinations")]
    long = [
        path.name for folder in folders for path in folder.glob("*.py") if len(path.read_text().splitlines()) >= 250
    ]
    assert long == []
