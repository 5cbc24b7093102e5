"""One customer's time line as a drawing (SVG): a lane per stage, below them orders, refunds and messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape

from include.explain.customer import Section

WIDTH, LEFT, RIGHT, LANE, BELOW = 1000, 130, 20, 30, 48
COMING = timedelta(days=90)
"""How far the coming stays are drawn."""
MARKS = {"orders": "●", "refunds": "▼", "messages": "|"}


@dataclass(frozen=True)
class Stay:
    """A stay in a stage; end is None while nobody knows it."""

    stage: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Moments:
    """What happened when, by kind, with the words that say it."""

    kind: str
    at: tuple[tuple[datetime, str], ...]


def timeline(stays: Sequence[Stay], moments: Iterable[Moments], as_of: datetime) -> str:
    """Draw the time line.

    Args:
        stays: in the order of time; those after as_of come if nothing happens.
        moments: drawn on lanes of their own; kinds without a moment have none.
        as_of: end of what is known, UTC; a line is drawn there.

    Returns:
        An svg element with a title and a text for each bar and mark; empty when there is nothing to draw.
    """
    shown = [one for one in moments if one.at]
    times = [stay.start for stay in stays] + [at for one in shown for at, _ in one.at]
    if not times:
        return ""
    first, last = min([*times, as_of]), as_of + COMING
    stages = list(dict.fromkeys(stay.stage for stay in stays if stay.start < last))
    lanes = [*stages, *(one.kind for one in shown)]
    height = LANE * len(lanes) + BELOW

    def x(moment: datetime) -> float:
        share = (min(moment, last) - first) / (last - first)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    parts = [_text(LEFT - 8, LANE * row + 20, lane, "end") for row, lane in enumerate(lanes)]
    parts += [_line(LANE * (row + 1), WIDTH) for row in range(len(lanes))]
    for stay in stays:
        if stay.start < last:
            parts.append(_bar(stay, stages.index(stay.stage), x(stay.start), x(stay.end or last), stay.start >= as_of))
    for row, one in enumerate(shown, start=len(stages)):
        parts += [_mark(MARKS.get(one.kind, "●"), x(at), LANE * row + 20, said) for at, said in one.at]
    parts += [
        f'<line class="tick" x1="{x(day)}" x2="{x(day)}" y1="0" y2="{height - BELOW + 6}"/>'
        + _text(x(day), height - 28, day.strftime("%b %Y"), "middle")
        for day in ticks(first, last)
    ]
    now = x(as_of)
    parts.append(f'<line class="now" x1="{now}" x2="{now}" y1="0" y2="{height - 22}"/>')
    parts.append(_text(now, height - 6, f"as of {as_of:%Y-%m-%d}", "middle"))
    title = f"Time line: {', '.join(lanes)}. The tables below say the same in words."
    return (
        f'<svg class="timeline" role="img" aria-label="{escape(title)}" viewBox="0 0 {WIDTH} {height}">'
        f"{''.join(parts)}</svg>"
    )


def ticks(first: datetime, last: datetime, most: int = 8) -> list[datetime]:
    """First days of months, evenly apart, at most `most` of them."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = max(1, -(-months // most))
    starts = [divmod(first.year * 12 + first.month - 1 + number, 12) for number in range(1, months + 1, step)]
    return [datetime(year, month + 1, 1) for year, month in starts]  # noqa: DTZ001 - UTC without a zone, as in the warehouse


def stays_of(section: Section) -> list[Stay]:
    """Read the section about stages."""
    at = {name: number for number, name in enumerate(section.columns)}
    return [Stay(row[at["stage"]], row[at["valid_from"]], row[at["valid_to"]]) for row in section.rows]


def moments_of(kind: str, section: Section, when: str, words: Sequence[str]) -> Moments:
    """Read moments out of a section: the column `when`, said in the columns `words`."""
    at = {name: number for number, name in enumerate(section.columns)}
    found = []
    for row in section.rows:
        moment = row[at[when]]
        if moment is None:
            continue
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime.combine(moment, datetime.min.time())
        said = ", ".join(str(row[at[word]]) for word in words if row[at[word]] is not None)
        found.append((moment, f"{moment:%Y-%m-%d}: {said}"))
    return Moments(kind, tuple(found))


def _bar(stay: Stay, row: int, start: float, end: float, is_coming: bool) -> str:
    until = f"{stay.end:%Y-%m-%d}" if stay.end else "further on"
    said = f"{stay.stage} from {stay.start:%Y-%m-%d} to {until}{', if nothing happens' if is_coming else ''}"
    kind = "coming" if is_coming else "stay"
    width = max(2.0, round(end - start, 1))
    return (
        f'<rect class="{kind}" x="{start}" y="{LANE * row + 6}" width="{width}" height="{LANE - 12}">'
        f"<title>{escape(said)}</title></rect>"
    )


def _mark(sign: str, x: float, y: float, said: str) -> str:
    return f'<text class="mark" x="{x}" y="{y}" text-anchor="middle">{sign}<title>{escape(said)}</title></text>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _line(y: float, width: int) -> str:
    return f'<line class="lane" x1="0" x2="{width}" y1="{y}" y2="{y}"/>'
