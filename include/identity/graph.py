"""Which identities are one customer, and which link made them so: connected components and their merge history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

UNKNOWN_TIME = np.iinfo(np.int64).max
"""The time of a link nobody dated: it comes after all others."""


@dataclass(frozen=True)
class Customers:
    """Which nodes belong together, and the merges that brought them together.

    Attributes:
        elder: per node the smallest node of its component.
        absorbed: per merge the identity that was the elder of its side until then and no longer is one.
        survivor: per merge the identity that was, and stays, the elder of the other side.
        link: per merge the position of the link that joined the two sides.
    """

    elder: np.ndarray
    absorbed: np.ndarray
    survivor: np.ndarray
    link: np.ndarray


def customers(nodes: int, identities: int, left: np.ndarray, right: np.ndarray, seen: np.ndarray) -> Customers:
    """Resolve a graph of identities and the identifiers they share.

    Links are taken in the order of time, as Kruskal's algorithm takes them: one that joins two components which both
    hold an identity is a merge, and the elder of the two elders survives it. So every identity but the eldest of its
    component is absorbed exactly once, and chains and stars of any size need no rounds until nothing changes.

    Args:
        nodes: number of nodes. Nodes are numbered from 0, the identities first, elder before younger.
        identities: number of nodes that are a customer by themselves; the others are identifiers.
        left: node at one end of each link.
        right: node at its other end.
        seen: when the link was first seen, any unit; UNKNOWN_TIME when nobody knows. Equal times are taken in the
            order of the nodes.

    Raises:
        ValueError: the three arrays differ in length, or a link names a node that is not there.
    """
    if not len(left) == len(right) == len(seen):
        raise ValueError(f"Links need three values each, got {len(left)} left, {len(right)} right, {len(seen)} times.")
    if len(left) and not (min(left.min(), right.min()) >= 0 and max(left.max(), right.max()) < nodes):
        raise ValueError(f"Links name nodes outside 0..{nodes - 1}; number the nodes again.")
    order, low, high = _in_order_of_time(left, right, seen)
    # Weights start at 1: a sparse matrix has no edge of weight 0.
    weight = np.arange(1, len(order) + 1, dtype=np.float64)
    graph = csr_matrix((weight, (low, high)), shape=(nodes, nodes))
    count, label = connected_components(graph, directed=False)
    eldest = np.full(count, nodes)
    np.minimum.at(eldest, label, np.arange(nodes))
    # One identity alone in its component absorbs nobody: its links need not be walked.
    members = np.bincount(label[:identities], minlength=count)
    tree = minimum_spanning_tree(graph, overwrite=True).data.astype(np.int64) - 1
    tree = np.sort(tree[members[label[low[tree]]] > 1])
    absorbed, survivor, which = _merges(nodes, identities, low[tree], high[tree])
    return Customers(eldest[label], absorbed, survivor, order[tree[which]])


def _in_order_of_time(left: np.ndarray, right: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return positions of the links, each pair of nodes once, and the smaller and the larger node of each."""
    low, high = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((high, low, seen))
    order = order[low[order] != high[order]]
    # A pair that is linked twice counts from the first time; a sparse matrix would add the two weights up.
    pair = low[order].astype(np.int64) << 32 | high[order]
    _, first = np.unique(pair, return_index=True)
    first.sort()
    order = order[first]
    return order, low[order].astype(np.int32), high[order].astype(np.int32)


def _merges(nodes: int, identities: int, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, ...]:
    """Walk the links of a forest in order; return absorbed, survivor and the position of the link, per merge."""
    # A node points towards the elder of its side; numbers tell elders apart, so the smaller one is the root.
    parent = list(range(nodes))
    found: list[tuple[int, int, int]] = []
    for position, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        while parent[a] != a:
            parent[a] = a = parent[parent[a]]
        while parent[b] != b:
            parent[b] = b = parent[parent[b]]
        elder, younger = (a, b) if a < b else (b, a)
        parent[younger] = elder
        if younger < identities:
            found.append((younger, elder, position))
    merges = np.array(found, dtype=np.int64).reshape(-1, 3)
    return merges[:, 0], merges[:, 1], merges[:, 2]
