"""The line of a file that a problem is about, cut to fit, and the place of the marks under it."""

from dataclasses import dataclass

from reconciler.model import Location
from reconciler.model.source import MASK
from reconciler.reports.characters import columns, cut, end_of, visible


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line of a file: its number, what is shown of it, and the marks under it (`gap` columns, then `marks` of them)."""

    number: int
    code: str
    gap: int
    marks: int


def quoted_line(location: Location, width: int) -> QuotedLine | None:
    """Return the line at `location`, cut to fit in `width` columns with its number. None if there is none to show."""
    excerpt = location.excerpt
    if excerpt is None or excerpt.code.strip() in {"", MASK}:
        return None
    room = width - len(f"  {location.line} | ")
    fits = len(excerpt.code) < room and columns(visible(excerpt.code)) < room
    before = visible(excerpt.code[max(0, excerpt.start - room) : excerpt.start])
    if not fits and (excerpt.start > room or columns(before) >= room // 2):
        before = "…" + end_of(before, room // 2)
    about = visible(excerpt.code[excerpt.start : min(excerpt.end, excerpt.start + room)])
    after = visible(excerpt.code[excerpt.end : excerpt.end + room])
    gap = columns(before)
    return QuotedLine(location.line, cut(before + about + after, room), gap, max(1, min(columns(about), room - gap)))
