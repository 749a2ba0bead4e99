"""One problem for people: what is wrong, where, the line itself with a mark, and what to do next."""

from collections.abc import Iterator

from reconciler.model import Diagnostic, Location, Severity
from reconciler.model.source import MASK
from reconciler.reports.characters import columns, cut, end_of, visible
from reconciler.reports.style import Style


def text(style: Style, one: Diagnostic) -> str:
    """Return a diagnostic as lines of text, without a line break at the end."""
    colour = "red" if one.severity is Severity.ERROR else "yellow"
    word = one.severity.value
    title = style.wrap(f"{word}: {visible(one.summary)}", "", "  ")
    lines = [title.replace(word, style.paint(word, "bold", colour), 1)]
    if one.location:
        lines.append(f"  at {visible(str(one.location))}")
        lines += _excerpt(style, one.location, colour)
    for line in one.detail.splitlines():
        lines.append(style.wrap(visible(line), "  ", "  "))
    if one.hint:
        lines.append(style.wrap(f"next: {visible(one.hint)}", "  ", "        "))
    return "\n".join(lines)


def _excerpt(style: Style, location: Location, colour: str) -> Iterator[str]:
    """The line, as much of it as fits, and a mark under what the problem is about."""
    excerpt = location.excerpt
    if excerpt is None or excerpt.code.strip() in {"", MASK}:
        return
    number = f"  {location.line} | "
    room = style.width - len(number)
    code, start = excerpt.code, excerpt.start
    before, about = visible(code[:start]), visible(code[start : min(excerpt.end, start + room)])
    if columns(before) >= room // 2 and columns(visible(code)) >= room:
        before = f"…{end_of(before, room // 2)}"
    after = visible(code[excerpt.end : excerpt.end + room])
    yield style.paint(number, "dim") + cut(before + about + after, room)
    gap = columns(before)
    marks = "^" * max(1, min(columns(about), room - gap))
    yield style.paint(f"{'|':>{len(number) - 1}} ", "dim") + " " * gap + style.paint(marks, "bold", colour)
