"""Text of others as code: in a span or a fence that nothing in it can end, make a link in, or call a person from."""

import re
from collections.abc import Sequence

from reconciler.reports.characters import visible

_RUN = re.compile(r"`+")


def span(text: str) -> str:
    """Return code in a line, also in a table: a bar would end the cell."""
    shown = visible(text)
    if not shown:
        return ""
    fence = "`" * (1 + _longest_run(shown))
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{blank}{shown}{blank}{fence}".replace("|", "\\|")


def collapsible(title: str, lines: Sequence[str]) -> str:
    """Return a fold with a diff in it. The title is code too, escaped by the rules of HTML."""
    text = "\n".join(visible(line) for line in lines)
    fence = "`" * max(3, 1 + _longest_run(text))
    safe = visible(title).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"\n<details><summary><code>{safe}</code></summary>\n\n{fence}diff\n{text}\n{fence}\n\n</details>\n"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _RUN.findall(text)), default=0)
