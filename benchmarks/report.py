"""Results as a Markdown page for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan
from statistics import median

from benchmarks.measure import Effort, Fact, Row

_HEADINGS = ("what", "floor", "reconciler takes", "floor takes", "ratio", "limit", "", "also measured")
_HOW = """\
The benchmark runs reconciler and a *floor* in turns, within the same minutes. A floor is a program that does the least
that any tool would have to do for the same job. Each time is the wall time of a whole process: the median of {runs}
runs ({starts} for the start-up), after one run that does not count. A ratio above its limit is a MISS. A row without a
limit is for information. `python -m benchmarks` measures again.

The API is the simulated one, in its own process on the same machine. Every `apply` and its floor get a new, empty API. Starting
the API does not count. The floor of an `apply` is a whole process too: it starts, looks up the id of the project, and creates
the connections. A list call is timed alone, in an interpreter that has loaded httpx and opened its connection.
"""
_SMALL = "This was a quick run. It has too few runs and too small sizes, so the ratios and the limits mean nothing.\n"


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
        parts.append(_table(("what", "result", ""), [(one.what, one.found, _verdict(one.holds)) for one in facts]))
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
