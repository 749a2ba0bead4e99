"""Results as a Markdown page for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan
from statistics import median

from benchmarks.measure import Effort, Fact, Row

_HEADINGS = ("what", "floor", "product", "floor's", "ratio", "line", "", "besides")
_HOW = """\
Each product run is beside a *floor*, the least that any tool would have to do, run in turns with it in the same minutes:
medians of {runs} rounds ({starts} of the start-up), after one that is not counted. Whole processes, wall time. A ratio above
its line is a MISS; a row without a line is only told. `python -m benchmarks` measures this anew.

The API is the embedded one, in a process of its own on the same machine. Every `apply` and its floor meet a new, empty one,
whose start is not counted; what is counted of the floor is a whole process too: start, the look-up of the project's id, the
creates. A list call is timed alone, in an interpreter that has httpx loaded and its connection open.
"""
_SMALL = "A quick run: too few rounds and too small sizes for the ratios and their lines to mean anything.\n"


def markdown(results: Sequence[Row | Fact], machine: Mapping[str, str], effort: Effort, *, quick: bool) -> str:
    """Return the page."""
    rows = [one for one in results if isinstance(one, Row)]
    facts = [one for one in results if isinstance(one, Fact)]
    parts = ["# Benchmarks\n", _HOW.format(runs=effort.runs, starts=effort.starts)]
    if quick:
        parts.append(_SMALL)
    if rows:
        parts.append(_table(_HEADINGS, [_cells(row, quick=quick) for row in rows], right=(2, 3, 4, 5)))
    if facts:
        parts.append(_table(("what", "found", ""), [(one.what, one.found, _verdict(one.holds)) for one in facts]))
    parts.append(_table(("measured on", ""), list(machine.items())))
    return "\n".join(parts)


def as_json(results: Sequence[Row | Fact], machine: Mapping[str, str], effort: Effort, *, quick: bool) -> str:
    """Return the same with every single run, in seconds."""
    rows = [
        {**asdict(one), "ratio": None if isnan(one.ratio) else one.ratio, "met": one.met}
        for one in results
        if isinstance(one, Row)
    ]
    facts = [asdict(one) for one in results if isinstance(one, Fact)]
    document = {"quick": quick, "effort": asdict(effort), "machine": dict(machine), "rows": rows, "facts": facts}
    return json.dumps(document, indent=2) + "\n"


def _cells(row: Row, *, quick: bool) -> tuple[str, ...]:
    line = "" if row.line is None else f"≤ {row.line:g}"
    times = (_time(median(row.product)), _time(median(row.floor)))
    ratio = "" if isnan(row.ratio) else f"{row.ratio:.2f}"
    return (row.what, row.floor_is, *times, ratio, line, "" if quick else _verdict(row.met), row.besides)


def _verdict(met: bool | None) -> str:
    return "" if met is None else "ok" if met else "MISS"


def _time(seconds: float) -> str:
    if seconds <= 0:
        return "-"
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.0f} ms" if seconds >= 0.001 else f"{seconds * 1e6:.0f} µs"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    rules = ("--:" if place in right else "---" for place in range(len(headings)))
    lines = [headings, tuple(rules), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
