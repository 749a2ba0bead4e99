"""Writes the Markdown of the reference pages."""

from collections.abc import Iterable, Sequence

_MADE = "<!-- Made by docs/generate.py. Change what it is made from, then run `make reference`. -->"


def page(title: str, *parts: str) -> str:
    """Return a page of `parts`, with a blank line between them."""
    return "\n\n".join([_MADE, f"# {title}", *(part.strip("\n") for part in parts if part)]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. It escapes each bar in a cell, and turns each line break into a space."""
    lines = [heads, ["---"] * len(heads), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Return `text` as a code span, or an empty text if `text` is empty."""
    return f"`{text}`" if text else ""


def block(text: str, language: str = "text") -> str:
    """Return `text` as a fenced code block."""
    return f"```{language}\n{text.strip(chr(10))}\n```"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
