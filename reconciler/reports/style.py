"""Colour when it is wanted, width, and text that cannot play tricks with a terminal."""

import textwrap
import unicodedata
from dataclasses import dataclass

_CODES = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "bold": 1, "dim": 2}


@dataclass(frozen=True, slots=True)
class Style:
    """How text is laid out: `colour` with escape sequences or without, lines of `width` characters."""

    colour: bool = False
    width: int = 80

    def paint(self, text: str, *codes: str) -> str:
        """Return `text` in colours, or as it is."""
        if not self.colour or not codes:
            return text
        return f"\x1b[{';'.join(str(_CODES[code]) for code in codes)}m{text}\x1b[0m"

    def wrap(self, text: str, first: str = "", rest: str | None = None) -> str:
        """Return `text` as lines no wider than `width`, the first behind `first`, the others behind `rest`."""
        if text and len(first) + len(text) <= self.width and text.isprintable() and not text.endswith(" "):
            return first + text
        rest = first if rest is None else rest
        lines = text.splitlines() or [""]
        wrapped = []
        for number, line in enumerate(lines):
            wrapped += textwrap.wrap(
                line,
                self.width,
                initial_indent=first if number == 0 else rest,
                subsequent_indent=rest,
                break_long_words=False,
                break_on_hyphens=False,
            ) or [first.rstrip()]
        return "\n".join(wrapped)


def visible(text: str) -> str:
    """Return `text` with every control, bidi and other unprintable character written out as its escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes: wide characters and emoji take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def cut(text: str, room: int) -> str:
    """Return `text` in at most `room` columns, with an ellipsis where something was cut off."""
    if len(text) <= room and columns(text) <= room:
        return text
    text = text[: room - 1]
    while columns(text) > room - 1:
        text = text[:-1]
    return f"{text}…"
