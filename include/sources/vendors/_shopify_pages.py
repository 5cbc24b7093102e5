"""A page of Shopify's list, of which only those records are parsed that have more than came with them.

To make Python objects of every record takes more time than all the rest of pulling it.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import orjson

from include.sources.pull.base import Unparsed
from include.sources.vendors import _shopify_queries as q

# As Shopify writes what it is asked for; a record in which it stands otherwise is parsed.
COMPLETE = re.compile(rb',"pageInfo":\{"hasNextPage":false,"endCursor":(?:null|"[^"\\]*")\}')


class Listed(msgspec.Struct, rename="camel"):
    """A list within an answer."""

    nodes: list[msgspec.Raw]
    page_info: dict[str, Any]


class Answer(msgspec.Struct):
    """An answer, its records as they came."""

    data: dict[str, Listed] | None = None
    errors: Any = None
    extensions: dict[str, Any] | None = None


class _Record(msgspec.Struct, rename="camel"):
    id: str
    updated_at: str | None = None
    refunds: list[msgspec.Raw] = []


def read_answer(content: bytes) -> Answer:
    """Read an answer to a query for a page.

    Raises:
        msgspec.DecodeError: it is no JSON, or of another shape.
    """
    return msgspec.json.decode(content, type=Answer)


def read_record(raw: msgspec.Raw, kind: q.Kind) -> Unparsed | dict[str, Any]:
    """Return a record unparsed if all of its connections are complete, without saying so of each; else parsed."""
    payload = COMPLETE.sub(b"", bytes(raw))
    record = msgspec.json.decode(raw, type=_Record)
    if b'"pageInfo"' in payload or (kind.refunds and len(record.refunds) >= q.REFUNDS):
        return orjson.loads(bytes(raw))
    return Unparsed(payload, record.id, record.updated_at)
