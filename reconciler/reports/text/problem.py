"""One problem as text: what is wrong, where, the line with a mark, and the next step."""

from collections.abc import Iterator

from reconciler.model import Diagnostic, Location, Severity
from reconciler.reports.characters import visible
from reconciler.reports.problems import quoted_line
from reconciler.reports.style import Style


def problem_text(style: Style, diagnostic: Diagnostic) -> str:
    """Return a diagnostic as lines of text, without a line break at the end."""
    return "\n".join(_problem(style, diagnostic))


def _problem(style: Style, diagnostic: Diagnostic) -> Iterator[str]:
    colour = "red" if diagnostic.severity is Severity.ERROR else "yellow"
    severity = diagnostic.severity.value
    title = style.wrap(f"{severity}: {visible(diagnostic.summary)}", "", "  ")
    yield style.paint(severity, "bold", colour) + title.removeprefix(severity)
    if diagnostic.location:
        yield style.wrap(f"at {visible(str(diagnostic.location))}", "  ", "    ")
        yield from _quoted(style, diagnostic.location, colour)
    for line in diagnostic.detail.splitlines():
        yield style.wrap(visible(line), "  ", "  ")
    if diagnostic.hint:
        yield style.wrap(f"next: {visible(diagnostic.hint)}", "  ", "        ")


def _quoted(style: Style, location: Location, colour: str) -> Iterator[str]:
    """Yield as much of the line as fits, and a mark under the part that the problem is about."""
    quoted = quoted_line(location, style.width)
    if quoted is not None:
        number = f"  {quoted.number} | "
        yield style.paint(number, "dim") + quoted.code
        bar = f"{'|':>{len(number) - 1}} "
        yield style.paint(bar, "dim") + " " * quoted.gap + style.paint("^" * quoted.marks, "bold", colour)
