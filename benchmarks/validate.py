"""`validate` beside libyaml's safe loader on the same documents, and whether its time grows with their number alone."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Bench, Fact, Row, in_turns, peak, seconds
from benchmarks.processes import PYTHON, BenchmarkBrokenError, Run, run
from benchmarks.stack import Stack, write_stack

_READ_YAML = Path(__file__).with_name("floors") / "read_yaml.py"


def measure(bench: Bench) -> list[Row | Fact]:
    """Return the rows of one stream of documents, of a file each, and of a stream ten times as long."""
    small, large = bench.effort.small, bench.effort.large
    bench.say(f"validate: {large:,} documents")
    stream = write_stack(bench.folder / "stream", large, stream=True)
    files = write_stack(bench.folder / "files", large)
    short = write_stack(bench.folder / "short", small, stream=True)
    single = write_stack(bench.folder / "single", 1, stream=True)
    runs = in_turns(
        bench.effort.runs,
        {
            "stream": _validates(stream, large),
            "stream floor": _reads(stream, large),
            "files": _validates(files, large),
            "files floor": _reads(files, large),
            "short": _validates(short, small),
            "single": _validates(single, 1),
        },
    )
    alone = seconds(runs["single"])
    return [
        _beside_libyaml(runs, "stream", f"`validate`, {large:,} documents in one file", line=2.5),
        _beside_libyaml(runs, "files", f"`validate`, {large:,} files"),
        Row(
            f"`validate`, a document more of {large:,}",
            f"a document more of {small:,} (both: the time without that of a single document)",
            _each(seconds(runs["stream"]), alone, large),
            _each(seconds(runs["short"]), alone, small),
            line=1.2,
        ),
    ]


def _beside_libyaml(runs: dict[str, list[Run]], name: str, what: str, line: float | None = None) -> Row:
    product, floor = runs[name], runs[f"{name} floor"]
    besides = f"peak {peak(product)}, floor {peak(floor)}"
    return Row(what, "a process with libyaml's safe loader", seconds(product), seconds(floor), line, besides)


def _each(whole: tuple[float, ...], alone: tuple[float, ...], count: int) -> tuple[float, ...]:
    return tuple((one - start) / (count - 1) for one, start in zip(whole, alone, strict=True))


def _validates(stack: Stack, count: int) -> Callable[[], Run]:
    def once() -> Run:
        done = stack.run("validate")
        if not done.out.startswith(f"Valid: {count} connection"):
            raise BenchmarkBrokenError(f"validate of {count} connections says: {done.out[:200]}")
        return done

    return once


def _reads(stack: Stack, count: int) -> Callable[[], Run]:
    def once() -> Run:
        done = run([PYTHON, str(_READ_YAML), str(stack.folder / "connections")])
        if int(done.out) != count:
            raise BenchmarkBrokenError(f"the floor read {done.out.strip()} documents instead of {count}")
        return done

    return once
