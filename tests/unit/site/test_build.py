"""The site is swapped in one step, is of the build that is live, and says what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.publisher import journal
from include.quality.checks import data_docs_index
from include.settings import Settings
from include.site import build
from include.site.build import build_site, index_of
from include.site.pages import PAGES
from include.site.read import FileGone, SiteError, build_of
from include.site.render import TABLES
from tests.support.live import live_warehouse


def embedded(page: Path) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text("utf-8"), re.S)
    assert found
    return json.loads(found[1])


def live_build(settings: Settings) -> str:
    with duckdb.connect(str(settings.live_warehouse), read_only=True) as connection:
        return build_of(connection).build_id


def test_the_site_is_whole_and_of_the_live_build(shop: Settings) -> None:
    index = build_site(shop)
    assert index == index_of(shop) == shop.live_warehouse.parent / "site" / "index.html"
    files = {path.relative_to(index.parent).as_posix() for path in index.parent.rglob("*") if path.is_file()}
    scripts = {f"assets/{name}" for name in ("format.js", "tables.js", "draw.js", "charts.js", "flows.js", "page.js")}
    assert files == {page.file for page in PAGES} | {TABLES, "assets/site.css"} | scripts
    for page in PAGES:
        assert embedded(index.parent / page.file)["build_id"] == live_build(shop)
    text = index.read_text("utf-8")
    assert "As of 2025-02-01 00:00 UTC" in text
    # No address but of the files beside it: it opens from disk, without a network.
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text) == []


def test_what_comes_from_data_cannot_end_the_script(shop: Settings) -> None:
    page = build_site(shop).with_name("acquisition.html")
    text = page.read_text("utf-8")
    assert "<b>bold" not in text
    campaigns = next(chart for chart in embedded(page)["charts"] if chart["id"] == "campaigns")
    assert campaigns["values"][campaigns["columns"].index("campaign_name")] == ["<b>bold & new</b>"]


def test_a_new_site_replaces_the_old_one_and_nothing_is_left(shop: Settings) -> None:
    link = build_site(shop).parent
    first = link.resolve()
    build_site(shop)
    assert link.is_symlink()
    assert link.resolve() != first
    kept = {path.name for path in link.parent.iterdir() if "site" in path.name}
    assert kept == {"site", link.resolve().name, ".site.lock"}


def test_a_failure_leaves_the_site_as_it_was(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build_site(shop).parent.resolve()

    def fail(connection: object, live: object, settings: object, folder: Path) -> None:
        folder.mkdir()
        (folder / "index.html").write_text("half")
        raise SiteError("no")

    monkeypatch.setattr(build, "write_site", fail)
    with pytest.raises(SiteError, match="no"):
        build_site(shop)
    assert index_of(shop).parent.resolve() == before
    assert list(before.parent.glob(".site.*.tmp")) == []


def test_a_promotion_meanwhile_is_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = live_warehouse(tmp_path)
    seen: list[str] = []

    def slow(connection: object, live: build.Build, settings: Settings, folder: Path) -> None:
        folder.mkdir()
        seen.append(live.build_id)
        if len(seen) == 1:
            live_warehouse(tmp_path)

    monkeypatch.setattr(build, "write_site", slow)
    link = build_site(settings).parent
    assert len(seen) == 2
    assert seen[1] == live_build(settings) != seen[0]
    assert link.resolve().name.startswith(f"site-{seen[1]}-")


def test_nothing_promoted_is_said(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="run the DAG build_marts"):
        build_site(Settings(_env_file=None, data_dir=tmp_path))


def test_data_docs_are_linked_from_where_the_site_will_be(shop: Settings) -> None:
    gates = {"gate 2: the build": "gate_2", "gate 1: simulated_shop": "gate_1/simulated_shop"}
    for folder in gates.values():
        docs = data_docs_index(shop.data_dir / "quality" / folder)
        docs.parent.mkdir(parents=True, exist_ok=True)
        docs.write_text(folder)
    page = build_site(shop).with_name("quality.html")
    for name, folder in gates.items():
        address = re.search(rf'href="([^"]+)">{name}<', page.read_text("utf-8"))
        assert address
        # Browsers take the address of the link, not of the folder behind it.
        assert (page.parent.parent / "site" / address[1]).resolve().read_text() == folder


def test_a_publication_meanwhile_is_drawn_again_and_not_for_ever(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The publisher removes old files of its journal before a query reads them."""
    monkeypatch.setattr(build, "PAUSE_SECONDS", 0)
    draw, left = build.write_site, [2]

    def gone(*arguments: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise FileGone("latest.sql of page publishing: IO Error")
        draw(*arguments)

    monkeypatch.setattr(build, "write_site", gone)
    assert build_site(shop).is_file()
    left[0] = build.ATTEMPTS
    with pytest.raises(SiteError, match=r"changed 10 times while it was built, last: latest\.sql of page publishing"):
        build_site(shop)


def test_a_file_that_went_away_is_told_from_other_errors(shop: Settings) -> None:
    place = journal.folder(shop)
    away = place.with_name("away")
    place.rename(away)
    try:
        with (
            duckdb.connect(str(shop.live_warehouse), read_only=True) as connection,
            pytest.raises(FileGone, match=r"meta\.build and publish\.publish_runs: IO Error"),
        ):
            build_of(connection)
    finally:
        away.rename(place)
