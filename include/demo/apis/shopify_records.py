"""How the stand-in for Shopify shows a record: in a page, in further pages, and in the file of a bulk operation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from include.sources.vendors import _shopify_queries as q

ROOTS = {kind.gid: kind.root for kind in (q.ORDERS, q.PRODUCTS, q.CHECKOUTS)}
CHILDREN = {kind.root: kind.children for kind in (q.ORDERS, q.PRODUCTS, q.CHECKOUTS)} | {"customers": ()}
Json = dict[str, Any]


def page_info(more: bool, end: int) -> Json:
    """Return what a connection says of its pages; its cursors are numbers."""
    return {"hasNextPage": more, "endCursor": str(end) if more else None}


def with_page_info(record: Mapping[str, Any]) -> Json:
    """Return a record whose connections say that there is no further page."""
    shown = {name: _with_page_info(value) for name, value in record.items()}
    if "refunds" in shown:
        shown["refunds"] = [with_page_info(one) for one in shown["refunds"]]
    return shown


def _with_page_info(value: Any) -> Any:
    is_connection = isinstance(value, dict) and "nodes" in value
    return {"nodes": value["nodes"], "pageInfo": page_info(False, 0)} if is_connection else value


def is_long(root: str, record: Json) -> bool:
    """Whether not all of a record fits into a page."""
    return cut(root, record) != record


def cut(root: str, record: Json) -> Json:
    """Return a record as a page shows it."""
    shown = record | {one.name: _first(record[one.name], one.first) for one in CHILDREN[root]}
    if root == "orders":
        shown["refunds"] = [cut_refund(one) for one in record["refunds"][: q.REFUNDS]]
    return shown


def cut_refund(refund: Json) -> Json:
    """Return a refund as a page shows it."""
    return refund | {one.name: _first(refund[one.name], one.first) for one in q.OF_REFUND}


def bare_refund(refund: Json) -> Json:
    """Return a refund without its connections."""
    names = {one.name for one in q.OF_REFUND}
    return {name: value for name, value in refund.items() if name not in names}


def _first(connection: Json, first: int) -> Json:
    nodes = connection["nodes"]
    return {"nodes": nodes[:first], "pageInfo": page_info(len(nodes) > first, first)}


def bulk_file(root: str, payloads: Iterable[str]) -> bytes:
    """Return JSON lines: first all records, then all children, each with the id of its parent."""
    parents, children = [], []
    for payload in payloads:
        record = json.loads(payload)
        for child in CHILDREN[root]:
            for node in record.pop(child.name)["nodes"]:
                children.append(json.dumps(node | {"__parentId": record["id"]}))
        if "refunds" in record:
            record["refunds"] = [bare_refund(one) for one in record["refunds"]]
        parents.append(json.dumps(record))
    return "".join(f"{line}\n" for line in [*parents, *children]).encode()
