"""What a page is made of. A page says which query it shows and how; the browser draws the rows that the query gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Lines:
    """A line per value of `by` over `x`; `goal` names a column that is drawn as a dashed line of its own."""

    x: str
    y: str
    by: str | None = None
    goal: str | None = None


@dataclass(frozen=True)
class Bars:
    """A horizontal bar per value of `category`, in the order of the rows; one beside the other for several `values`.

    Attributes:
        marks: columns drawn as a mark on the bar's line: a goal, a benchmark.
        stacked: the values are parts of a whole.
        top: how many rows are drawn; the numbers below have all.
    """

    category: str
    values: tuple[str, ...]
    marks: tuple[str, ...] = ()
    stacked: bool = False
    top: int = 25


@dataclass(frozen=True)
class Flows:
    """A Sankey diagram: `width` customers go from node `source` to node `target`; flows back are told apart."""

    source: str
    target: str
    width: str
    is_back: str


@dataclass(frozen=True)
class Intervals:
    """A point with its interval per value of `category`; nothing is told where the interval crosses zero."""

    category: str
    value: str
    low: str
    high: str


@dataclass(frozen=True)
class Heat:
    """A heat map that is a table: a row per value of `row`, a column per value of `column`, each cell with its number.

    Attributes:
        size: column shown beside the row's name.
        missing: what it means that a cell has no value.
        hatched: whether such cells are hatched.
    """

    row: str
    column: str
    value: str
    size: str
    missing: str = "not over yet"
    hatched: bool = True


@dataclass(frozen=True)
class Tiles:
    """A tile per row: name, value, change, goal and, where a column `history` holds a list, its course."""


@dataclass(frozen=True)
class Listing:
    """A table in the order of the rows."""


Drawing = Lines | Bars | Flows | Intervals | Heat | Tiles | Listing


@dataclass(frozen=True)
class Chart:
    """One query and how it is shown.

    Attributes:
        id: name of the query, queries/<page>/<id>.sql.
        title: heading.
        table: schema.table of the live warehouse that it reads; its comment is the chart's definition.
        draw: how.
        units: unit of each column that is a number: count, money, share, ratio, days, or "unit" where the row says it.
        measures: columns of `table` whose comments belong to the definition.
        where: columns by which the page's selectors choose rows.
        empty: what is said when there are no rows.
        note: what to know when reading it, beyond the definition.
    """

    id: str
    title: str
    table: str
    draw: Drawing
    units: dict[str, str] = field(default_factory=dict)
    measures: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    empty: str = "Nothing to show yet."
    note: str = ""


@dataclass(frozen=True)
class Selector:
    """A choice at the head of a page: values of `column`, in the order of the rows of the chart that lists them.

    Attributes:
        column: column of the charts that is chosen by; its first value is chosen at first.
        label: what is asked.
        chart: id of the chart whose rows give the values.
        within: a selector before this one whose choice narrows the values.
    """

    column: str
    label: str
    chart: str
    within: str | None = None


@dataclass(frozen=True)
class Page:
    """One file of the site."""

    id: str
    title: str
    question: str
    charts: tuple[Chart, ...]
    selectors: tuple[Selector, ...] = ()

    @property
    def file(self) -> str:
        """Name of the file; the first page is the one to open."""
        return "index.html" if self.id == "overview" else f"{self.id}.html"

    @property
    def halves(self) -> set[str]:
        """Ids of the charts that stand side by side: bars and intervals next to another one."""
        paired: set[str] = set()
        for left, right in pairwise(self.charts):
            if left.id not in paired and all(isinstance(one.draw, Bars | Intervals) for one in (left, right)):
                paired |= {left.id, right.id}
        return paired


@dataclass(frozen=True)
class Rows:
    """What a query gave, column by column."""

    columns: tuple[str, ...]
    values: list[list[Any]]

    def __len__(self) -> int:
        return len(self.values[0]) if self.values else 0
