"""What the check before an apply costs: as many log-ins as connections, each with an app of its own, beside bare requests."""

from pathlib import Path

from benchmarks.measure import Bench, Fact, Row, cpu, in_turns, seconds
from benchmarks.processes import PYTHON, BenchmarkBrokenError, Run, run
from benchmarks.server import serve
from benchmarks.stack import Stack, write_forms, write_logins

_LOG_IN = Path(__file__).with_name("floors") / "log_in.py"
_DELAYS_MS = (0, 50)


def measure(bench: Bench) -> list[Row | Fact]:
    """Return a row a delay of Salesforce."""
    at_once = run([PYTHON, "-c", "from reconciler.operations.salesforce import AT_ONCE; print(AT_ONCE)"]).out.strip()
    return [_row(bench, delay_ms, at_once) for delay_ms in _DELAYS_MS]


def _row(bench: Bench, delay_ms: int, at_once: str) -> Row:
    count = bench.effort.creates
    bench.say(f"check: {count:,} log-ins, Salesforce answers in {delay_ms} ms")
    folder = bench.folder / f"{delay_ms}ms"
    folder.mkdir()
    with serve(folder / "server", delay_ms=delay_ms, apps=count) as server:
        stack = write_logins(folder / "stack", count, server.url)
        forms = folder / "forms.json"
        write_forms(forms, count)
        command = [PYTHON, str(_LOG_IN), server.url, str(forms), at_once]
        runs = in_turns(bench.effort.runs, {"check": lambda: _check(stack, count), "floor": lambda: run(command)})
    return Row(
        f"`salesforce check` of {count:,} log-ins, Salesforce in {delay_ms} ms",
        f"a process with the same requests by bare httpx, {at_once} in flight",
        seconds(runs["check"]),
        seconds(runs["floor"]),
        besides=f"client CPU {cpu(runs['check'])}, floor {cpu(runs['floor'])}; "
        "an apply makes these requests before its first write, unless `salesforce.preflight` is `off`",
    )


def _check(stack: Stack, count: int) -> Run:
    done = stack.run("salesforce", "check")
    if done.out.count("\nok ") != count:
        raise BenchmarkBrokenError(f"not every log-in succeeded: {done.out[-300:]}{done.err[-300:]}")
    return done
