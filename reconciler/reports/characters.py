"""Makes text safe for a terminal, and measures it in the columns that it takes there."""

import re
import unicodedata
from collections.abc import Iterator

_BLANKS = re.compile(r"(\s+)")
_NOT_BEFORE = frozenset({"Pe", "Pf", "Po"})
"""Unicode's categories of closing and ending characters. No line begins with one."""
_NOT_AFTER = frozenset({"Ps", "Pi"})
"""Unicode's categories of opening characters. No line ends with one."""


def visible(text: str) -> str:
    """Return `text` with every control, bidi and other unprintable character written out as its escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes: wide characters and emoji take two, combining ones none."""
    if text.isascii():
        return len(text)
    from wcwidth import width  # its tables take longer to load than most commands take to show ASCII

    return width(text, control_codes="ignore")


def cut(text: str, room: int) -> str:
    """Return the beginning of `text` in at most `room` columns, with an ellipsis instead of the rest."""
    if columns(text) <= room:
        return text
    kept, used = [], 0
    for grapheme in _graphemes(text):
        used += columns(grapheme)
        if used > room - 1:
            break
        kept.append(grapheme)
    return f"{''.join(kept)}…"


def end_of(text: str, room: int) -> str:
    """Return as much of the end of `text` as fits in `room` columns."""
    if columns(text) <= room:
        return text
    kept, used = [], 0
    for grapheme in reversed(list(_graphemes(text))):
        used += columns(grapheme)
        if used > room:
            break
        kept.append(grapheme)
    return "".join(reversed(kept))


def fill(text: str, width: int, first: str, rest: str) -> list[str]:
    """Return `text`, which has no line break, as lines of at most `width` columns.

    The first line begins with `first`, the others with `rest`. A line breaks at blanks, and between wide characters, which
    have no blanks between words. A word that does not fit in a line gets its own line.
    """
    lines: list[str] = []
    indent, line, used, blanks = first, "", columns(first), ""
    for piece in _pieces(text):
        if piece.isspace():
            blanks += " " * len(piece)
            continue
        taken = len(blanks) + columns(piece)
        if line and used + taken > width:
            lines.append(indent + line)
            indent, line, used, blanks, taken = rest, "", columns(rest), "", columns(piece)
        line += blanks + piece
        used += taken
        blanks = ""
    return [*lines, indent + line] if line else lines


def _pieces(text: str) -> Iterator[str]:
    """Yield the pieces between which a line can break: blanks, words, and the parts of words with wide characters."""
    for chunk in _BLANKS.split(text):
        if chunk.isascii() or chunk.isspace():
            if chunk:
                yield chunk
            continue
        part, wide_before = "", False
        for grapheme in _graphemes(chunk):
            wide = columns(grapheme) > 1
            if part and (wide or wide_before) and not _holds_together(part[-1], grapheme[0]):
                yield part
                part = ""
            part += grapheme
            wide_before = wide
        yield part


def _holds_together(before: str, after: str) -> bool:
    return unicodedata.category(before) in _NOT_AFTER or unicodedata.category(after) in _NOT_BEFORE


def _graphemes(text: str) -> Iterator[str]:
    """Yield what a reader sees as one character: an emoji that is a sequence, a letter with its accents."""
    if text.isascii():
        return iter(text)
    from wcwidth import iter_graphemes

    return iter_graphemes(text)
