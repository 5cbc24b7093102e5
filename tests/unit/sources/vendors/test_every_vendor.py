"""What holds for every vendor: its file can be used, its mappings fit what it reads, and a page describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from include.settings import PROJECT_ROOT
from include.sources.mapping import load_yaml
from include.sources.source_file import MAPPINGS, find_vendor, mapping_of, parse_source_file, vendor_names

REQUIRED: dict[str, dict[str, Any]] = {
    "google_ads": {"customer_id": "1234567890"},
    "meta_ads": {"account_id": "9876543210"},
}
SHAPES = [(path.parent.name, path.stem) for path in sorted(MAPPINGS.glob("*/*.yml"))]


def source(vendor: str, shape: str) -> dict[str, Any]:
    place = {"connection": "c", "options": REQUIRED.get(vendor, {})} if shape == "perennial" else {"base": "x"}
    return {"source": "s", "vendor": vendor, "shape": shape, "time_zone": "UTC", "currency": "EUR"} | place


def test_the_vendors_are_these() -> None:
    assert vendor_names() == [
        "google_ads", "klaviyo", "mailchimp", "meta_ads", "retailcrm", "shopify", "woocommerce",
    ]  # fmt: skip
    assert {vendor for vendor, _ in SHAPES} == set(vendor_names())


@pytest.mark.parametrize(("vendor", "shape"), SHAPES)
def test_every_shipped_mapping_fits_the_contracts(vendor: str, shape: str) -> None:
    path = Path("source.yml")
    assert mapping_of(parse_source_file(path, source(vendor, shape)), path).streams


@pytest.mark.parametrize("vendor", vendor_names())
def test_what_is_pulled_is_what_the_mapping_reads_and_feeds(vendor: str) -> None:
    found = find_vendor(vendor)
    resources = found.resources(found.options(**REQUIRED.get(vendor, {})))
    streams = load_yaml((MAPPINGS / vendor / "perennial.yml").read_text(encoding="utf-8"))["streams"]
    assert set().union(*(resource.feeds for resource in resources)) == set(streams)
    for stream, spec in streams.items():
        for one in spec if isinstance(spec, list) else [spec]:
            read = {glob.partition("/")[0] for glob in (one["files"], *one.get("tables", {}).values())}
            feeding = {resource.name for resource in resources if stream in resource.feeds}
            assert read <= feeding, (stream, read - feeding)


@pytest.mark.parametrize("vendor", vendor_names())
def test_every_vendor_has_a_page(vendor: str) -> None:
    page = PROJECT_ROOT / "docs" / "sources" / f"{vendor}.md"
    assert f"vendor: {vendor}" in page.read_text(encoding="utf-8")
    assert f"({vendor}.md)" in (page.parent / "README.md").read_text(encoding="utf-8")
