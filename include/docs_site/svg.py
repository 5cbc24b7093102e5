"""Boxes and arrows: as much SVG as the pictures of the documentation need. They follow the page into dark mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

LINE = 18
PADDING = 10
CHARACTER = 7.3  # width of one, in pixels, at the font size below
STYLE = (
    "text{font:12px ui-monospace,monospace;fill:currentColor}.title{font-weight:700}"
    "rect{fill:none;stroke:currentColor}path{fill:none;stroke:currentColor;stroke-opacity:.55}"
    ".dashed{stroke-dasharray:5 4}.tip{fill:currentColor;stroke:none}"
)
TITLE, DASHED = ' class="title"', ' class="dashed"'


@dataclass(frozen=True)
class Box:
    """A box of text lines at a place, in pixels; the first line is its title."""

    x: float
    y: float
    lines: Sequence[str]
    width: float

    @property
    def height(self) -> float:
        """How tall it is."""
        return len(self.lines) * LINE + PADDING

    @property
    def middle(self) -> float:
        """Height of its middle."""
        return self.y + self.height / 2

    def draw(self) -> str:
        """Give it as SVG."""
        texts = "".join(
            f'<text x="{self.x + PADDING:g}" y="{self.y + LINE * (row + 1):g}"'
            f"{' class=title' if row == 0 else ''}>{escape(line)}</text>".replace("class=title", 'class="title"')
            for row, line in enumerate(self.lines)
        )
        frame = f'<rect x="{self.x:g}" y="{self.y:g}" width="{self.width:g}" height="{self.height:g}" rx="4"/>'
        return frame + texts


def width_of(lines: Sequence[str]) -> float:
    """Width that the longest line needs."""
    return max(map(len, lines)) * CHARACTER + 2 * PADDING


def arrow(start: tuple[float, float], end: tuple[float, float], bend: float = 0, dashed: bool = False) -> str:
    """Draw an arrow; `bend` lifts its middle by so many pixels."""
    (x1, y1), (x2, y2) = start, end
    middle = (x1 + x2) / 2
    curve = f"M{x1:g} {y1:g} C{middle:g} {y1 - bend:g} {middle:g} {y2 - bend:g} {x2:g} {y2:g}"
    side = -7 if x2 >= x1 else 7
    tip = f'<path class="tip" d="M{x2:g} {y2:g} l{side} -4 l0 8 z"/>'
    return f'<path d="{curve}"{DASHED if dashed else ""}/>{tip}'


def loop(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Draw an arrow between two boxes that stand one above the other, around their right side."""
    (x1, y1), (x2, y2) = start, end
    out = max(x1, x2) + 60
    tip = f'<path class="tip" d="M{x2:g} {y2:g} l7 -4 l0 8 z"/>'
    return f'<path d="M{x1:g} {y1:g} C{out:g} {y1:g} {out:g} {y2:g} {x2:g} {y2:g}"/>{tip}'


def picture(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """Put the parts into one picture whose title a screen reader reads."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" width="100%">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>{''.join(parts)}</svg>"
    )
