"""Makes the page of figures: the results of the last full run of the benchmarks."""

from pathlib import Path

from generating import markdown

_RESULTS = Path(__file__).parents[2] / "benchmarks/results.md"


def page() -> str:
    """Return the page: the report of the benchmarks, with another title."""
    found = _RESULTS.read_text().removeprefix("# Benchmarks\n")
    note = "[How fast it is, and where the time goes](../explanation/performance.md) explains these numbers."
    return markdown.page("Figures", found, note)
