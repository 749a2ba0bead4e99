"""The page of figures: what the last full run of the benchmarks found."""

from pathlib import Path

from generating import markdown

_RESULTS = Path(__file__).parents[2] / "benchmarks/results.md"


def page() -> str:
    """Return the page; its text is the benchmarks' own report, under a title of its own."""
    found = _RESULTS.read_text().removeprefix("# Benchmarks\n")
    note = "[How fast it is, and where the time goes](../explanation/performance.md) explains these numbers."
    return markdown.page("Figures", found, note)
