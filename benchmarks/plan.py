"""A `plan` that finds nothing to do, beside reading the same manifests and asking for the same list once."""

from dataclasses import replace
from pathlib import Path

from benchmarks.measure import Bench, Fact, Row, in_turns, peak, seconds
from benchmarks.processes import PYTHON, BenchmarkBrokenError, Run, run
from benchmarks.server import Server, serve
from benchmarks.stack import Stack, write_stack

_LIST_CALL = Path(__file__).with_name("floors") / "list_call.py"


def measure(bench: Bench) -> list[Row | Fact]:
    """Return the rows of a small and a large stack."""
    return [_row(bench, count) for count in (bench.effort.small, bench.effort.large)]


def _row(bench: Bench, count: int) -> Row:
    folder = bench.folder / str(count)
    with serve(folder) as server:
        stack = write_stack(folder / "stack", count, url=server.url, token=server.token)
        bench.say(f"plan: {count:,} connections are applied first")
        stack.run("apply", "--auto-approve")
        bench.say(f"plan: {count:,} connections")
        before = server.calls()
        _plan(stack)
        calls = server.calls() - before
        runs = in_turns(
            bench.effort.runs,
            {
                "plan": lambda: _plan(stack),
                "validate": lambda: stack.run("validate"),
                "list": lambda: _list_call(server),
            },
        )
    floor = tuple(sum(both) for both in zip(seconds(runs["validate"]), seconds(runs["list"]), strict=True))
    return Row(
        f"`plan` without changes, {count:,} connections",
        "our `validate` of the same files, and one list call by a warm httpx",
        seconds(runs["plan"]),
        floor,
        line=1.5,
        besides=f"peak {peak(runs['plan'])}, `validate` {peak(runs['validate'])}; {calls} API calls",
    )


def _plan(stack: Stack) -> Run:
    done = stack.run("plan")
    if "No changes." not in done.out:
        raise BenchmarkBrokenError(f"the plan has changes: {done.out[-300:]}")
    return done


def _list_call(server: Server) -> Run:
    """Return the run with the seconds of the call alone, which the script takes itself."""
    done = run([PYTHON, str(_LIST_CALL), server.url], environ={"INFISICAL_TOKEN": server.token})
    return replace(done, seconds=float(done.out))
