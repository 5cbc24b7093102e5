"""Starts the vendors' stand-ins that a demo reads from, fed by the simulated shop, and writes the files that name them.

The streams that no chosen vendor has stay with the simulated shop's own files; all sources speak of the one shop.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from include.demo.choice import DemoError
from include.demo.tools.base import Tool
from include.settings import Settings
from include.sources.mapping import read_yaml
from include.sources.readers import quote

FOLDER = "standins"
PREFIX = "demo_source_"
SHOP = "simulated"
MAPPING = Path(__file__).resolve().parent.parent / "sources" / "mappings" / f"{SHOP}.yml"
COMMENT = "# Written anew by each `make demo SOURCES=…`; changes are lost. The accounts are stand-ins on this machine."


@dataclass(frozen=True)
class Fed:
    """A vendor's stand-in with the simulated shop's records in it.

    Attributes:
        open: makes it, filled but not started, from the folder of the shop's files and a secret it will ask for.
        connection: fields of its Airflow connection beside the address, from the stand-in and that secret.
        streams: entities it has -> condition of the files' rows that only the files have; None = it has all.
        source: further keys of its source file.
    """

    open: Callable[[Path, str], Tool]
    connection: Callable[[Any, str], Mapping[str, Any]]
    streams: Mapping[str, str | None]
    source: Mapping[str, Any] = field(default_factory=dict)


def _shopify(folder: Path, secret: str) -> Tool:
    from include.demo.apis.shopify import Shopify
    from include.demo.apis.shopify_feed import feed

    api = Shopify(secret)
    feed(api, folder)
    return api


def _klaviyo(folder: Path, secret: str) -> Tool:
    from include.demo.apis.klaviyo import KlaviyoApi
    from include.demo.apis.klaviyo_feed import feed

    api = KlaviyoApi()
    # A real account of this size is read overnight; the demo has no night.
    api.windows = dict.fromkeys(api.windows, ())
    feed(api, folder)
    return api


def _google_ads(folder: Path, secret: str) -> Tool:
    from include.demo.apis.google_ads import GoogleAds
    from include.demo.apis.google_ads_feed import feed

    api = GoogleAds(refresh_token=secret)
    feed(api, folder)
    return api


def _meta_ads(folder: Path, secret: str) -> Tool:
    from include.demo.apis.meta_ads import MetaAds
    from include.demo.apis.meta_ads_feed import feed

    api = MetaAds(secret)
    feed(api, folder)
    return api


def _google_connection(api: Any, secret: str) -> Mapping[str, Any]:
    user = {"type": "authorized_user", "client_id": "demo", "client_secret": secret, "refresh_token": secret}
    return {"password": json.dumps(user | {"token_uri": f"{api.url}/token"})}


def _klaviyo_key(api: Any, secret: str) -> Mapping[str, Any]:
    return {"password": f"pk_{secret}"}


def _password(api: Any, secret: str) -> Mapping[str, Any]:
    return {"password": secret}


NO_PROFILE = {"profile_id": {"expression": "cast(null as varchar)"}}
# The simulated shop's first day, so that its whole life is read.
SINCE = "2023-01-01"
FED: Mapping[str, Fed] = {
    "shopify": Fed(
        _shopify,
        _password,
        dict.fromkeys(("customers", "products", "orders", "order_lines", "refunds")),
        {"options": {"money": "presentment", "loyalty_metafield": "loyalty.card"}},
    ),
    "google_ads": Fed(
        _google_ads,
        _google_connection,
        {"ad_performance": "platform <> 'google_ads'"},
        {"options": {"customer_id": "1234567890"}, "since": SINCE, "time_zone": "Europe/Berlin"},
    ),
    "meta_ads": Fed(
        _meta_ads,
        _password,
        {"ad_performance": "platform <> 'meta_ads'"},
        {"options": {"account_id": "9876543210"}, "since": SINCE, "time_zone": "Europe/Berlin"},
    ),
    "klaviyo": Fed(
        _klaviyo,
        _klaviyo_key,
        {"email_events": None, "email_campaigns": None, "consents": "channel = 'ads'"},
        # What the shop's files do not have: ids of profiles, and their present state beside the history of consents.
        {"options": {"consents": "events"}, "columns": dict.fromkeys(("email_events", "consents"), NO_PROFILE)},
    ),
}


@dataclass
class Sources:
    """The running stand-ins.

    Attributes:
        settings: of the demo, with the source files that name the stand-ins.
        tools: vendor -> its stand-in.
        connections: id of the Airflow connection -> its fields.
    """

    settings: Settings
    tools: dict[str, Tool] = field(default_factory=dict)
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)


def parse_sources(text: str, dataset: str) -> tuple[str, ...]:
    """Read the names of SOURCES, separated by commas.

    Raises:
        DemoError: there is no stand-in of a name, or the data set is not the simulated shop.
    """
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [name for name in names if name not in FED]
    if unknown:
        raise DemoError(
            f"SOURCES={text}: there is no stand-in for {', '.join(unknown)}; expected any of {', '.join(FED)}, "
            "separated by commas."
        )
    if names and dataset != SHOP:
        raise DemoError(f"SOURCES={text} goes with DATASET={SHOP}, whose records the stand-ins hold; got {dataset}.")
    return names


@contextmanager
def vendor_sources(names: Sequence[str], settings: Settings, say: Callable[[str], None]) -> Iterator[Sources]:
    """Start the stand-ins of vendors, write the files that read from them, and stop them at the end.

    Args:
        names: from `parse_sources`; without any everything stays as it is.
        settings: of the demo on the simulated shop, whose files are there.
        say: called with each line of progress.
    """
    running = Sources(settings)
    if not names:
        yield running
        return
    folder, shop = settings.data_dir / FOLDER / "sources", settings.data_dir / "sources" / SHOP
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name in names:
            secret, fed = secrets.token_hex(16), FED[name]
            tool = fed.open(shop, secret)
            tool.start()
            stack.callback(tool.stop)
            say(f"a stand-in for {name} with the simulated shop's records listens on {tool.url}")
            running.tools[name] = tool
            connection = {"conn_type": "generic", "host": tool.url} | dict(fed.connection(tool, secret))
            running.connections[PREFIX + name] = connection
        files = [_written(folder / "files.yml", files_left(names, shop))]
        files += [_written(folder / f"{name}.yml", source_of(name)) for name in names]
        running.settings = settings.model_copy(update={"sources": tuple(files)})
        yield running


def source_of(name: str) -> dict[str, Any]:
    """Return the source file of a vendor's stand-in."""
    source = {"source": name, "vendor": name, "shop": SHOP, "connection": PREFIX + name, "time_zone": "UTC"}
    return source | {"streams": list(FED[name].streams)} | dict(FED[name].source)


def files_left(names: Sequence[str], folder: Path) -> dict[str, Any]:
    """Return the simulated shop's mapping without what these vendors have.

    Args:
        names: the vendors.
        folder: of the shop's files; a stream that they have no more rows of is left out.
    """
    mapping = read_yaml(MAPPING)
    streams = mapping["streams"]
    for name in names:
        for stream, condition in FED[name].streams.items():
            if condition is None:
                streams.pop(stream)
            else:
                spec = streams[stream]
                spec["where"] = f"{spec['where']} and {condition}" if "where" in spec else condition
    for stream in [name for name, spec in streams.items() if "where" in spec and not _has_rows(folder, spec)]:
        streams.pop(stream)
    return mapping


def _has_rows(folder: Path, spec: Mapping[str, Any]) -> bool:
    reader = {"csv": "read_csv", "parquet": "read_parquet", "jsonl": "read_json"}[spec["format"]]
    with duckdb.connect() as con:
        found = f"select 1 from {reader}({quote(str(folder / spec['files']))}) where {spec['where']}"
        return bool(con.execute(f"select exists ({found})").fetchall()[0][0])


def _written(path: Path, content: Mapping[str, Any]) -> Path:
    path.write_text(f"{COMMENT}\n{yaml.safe_dump(content, sort_keys=False, width=120)}", encoding="utf-8")
    return path
