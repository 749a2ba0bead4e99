"""Start-up: what is waited for before anything happens, beside a Python that only imports click."""

from benchmarks.measure import Bench, Fact, Row, in_turns, seconds
from benchmarks.processes import PYTHON, RECONCILER, run
from benchmarks.stack import write_stack

_HEAVY = frozenset({"httpx", "deepdiff", "starlette", "uvicorn"})


def measure(bench: Bench) -> list[Row | Fact]:
    """Return the rows of `--version` and `--help`, and which libraries the light commands do not load."""
    bench.say("start-up")
    runs = in_turns(
        bench.effort.starts,
        {
            "floor": lambda: run([PYTHON, "-c", "import click"]),
            "--version": lambda: run([RECONCILER, "--version"]),
            "--help": lambda: run([RECONCILER, "--help"]),
        },
    )
    floor = seconds(runs["floor"])
    rows: list[Row | Fact] = [
        Row(f"`reconciler {option}`", '`python -c "import click"`', seconds(runs[option]), floor, line=3.0)
        for option in ("--version", "--help")
    ]
    stack = write_stack(bench.folder / "stack", 1)
    for argument in ("--version", "--help", "validate"):
        imported = run([PYTHON, "-X", "importtime", RECONCILER, argument], folder=stack.folder).err
        heavy = sorted(_HEAVY & {line.rpartition("|")[2].strip() for line in imported.splitlines()})
        found = f"loads {', '.join(heavy)}" if heavy else f"loads none of {', '.join(sorted(_HEAVY))}"
        rows.append(Fact(f"`reconciler {argument}`", found, holds=not heavy))
    return rows
