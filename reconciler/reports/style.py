"""Adds colour if it is wanted, and breaks lines so that they fit."""

import re
from dataclasses import dataclass

from reconciler.reports.characters import columns, fill

_CODES = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "bold": 1, "dim": 2}
_CODE = f"(?:0|{'|'.join(map(str, _CODES.values()))})"
PAINT = re.compile(rf"\x1b\[{_CODE}(?:;{_CODE})*m")
"""What `Style.paint` writes around a text, and no other control sequence."""


@dataclass(frozen=True, slots=True)
class Style:
    """How text is laid out: with `colour` or without, in lines of at most `width` columns."""

    colour: bool = False
    width: int = 80

    def paint(self, text: str, *codes: str) -> str:
        """Return `text` in these colours, or unchanged without colour."""
        if not self.colour or not codes:
            return text
        return f"\x1b[{';'.join(str(_CODES[code]) for code in codes)}m{text}\x1b[0m"

    def wrap(self, text: str, first: str = "", rest: str | None = None) -> str:
        """Return `text` as lines no wider than `width`. The first begins with `first`, the others with `rest`.

        Only a single word that is wider makes a line wider.
        """
        if text and text.isprintable() and not text.endswith(" ") and columns(first) + columns(text) <= self.width:
            return first + text
        rest = first if rest is None else rest
        lines: list[str] = []
        for number, line in enumerate(text.splitlines() or [""]):
            lines += fill(line, self.width, rest if number else first, rest) or [first.rstrip()]
        return "\n".join(lines)
