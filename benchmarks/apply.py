"""An `apply` of creates beside a bare loop of the same requests, each against a server that was just started and is empty."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Bench, Fact, Row, cpu, in_turns, seconds
from benchmarks.processes import PYTHON, BenchmarkBrokenError, Run, run
from benchmarks.server import Server, serve
from benchmarks.stack import Stack, point_at, write_bodies, write_stack

_CREATE = Path(__file__).with_name("floors") / "create.py"
_DELAYS_MS = (0, 50)


def measure(bench: Bench) -> list[Row | Fact]:
    """Return a row a delay of Salesforce."""
    in_flight = run([PYTHON, "-c", "from reconciler.applying import WRITES_IN_FLIGHT; print(WRITES_IN_FLIGHT)"]).out.strip()
    return [_row(bench, delay_ms, in_flight) for delay_ms in _DELAYS_MS]


def _row(bench: Bench, delay_ms: int, in_flight: str) -> Row:
    count = bench.effort.creates
    bench.say(f"apply: {count:,} creates, Salesforce answers in {delay_ms} ms")
    folder = bench.folder / f"{delay_ms}ms"
    stack = write_stack(folder / "stack", count)
    bodies = folder / "bodies.json"
    write_bodies(bodies, count)
    calls: dict[str, int] = {}

    def freshly(name: str, contender: Callable[[Server], Run]) -> Callable[[], Run]:
        def once() -> Run:
            number = sum(1 for _ in folder.glob("server-*"))
            with serve(folder / f"server-{number}", delay_ms=delay_ms) as server:
                done = contender(server)
                calls[name] = server.calls()
            return done

        return once

    def floor(server: Server) -> Run:
        command = [PYTHON, str(_CREATE), server.url, str(bodies), in_flight]
        return run(command, environ={"INFISICAL_TOKEN": server.token})

    runs = in_turns(
        bench.effort.runs,
        {"apply": freshly("apply", lambda server: _apply(stack, server, count)), "floor": freshly("floor", floor)},
    )
    return Row(
        f"`apply` of {count:,} creates, Salesforce in {delay_ms} ms",
        f"a process with the same requests by bare httpx, {in_flight} in flight",
        seconds(runs["apply"]),
        seconds(runs["floor"]),
        line=1.5,
        besides=f"client CPU {cpu(runs['apply'])}, floor {cpu(runs['floor'])}; "
        f"{calls['apply']:,} API calls, floor {calls['floor']:,}",
    )


def _apply(stack: Stack, server: Server, count: int) -> Run:
    stack.forget()
    point_at(stack.folder, server.url)
    done = Stack(stack.folder, {"INFISICAL_TOKEN": server.token}).run("apply", "--auto-approve")
    if f"{count} created" not in done.out:
        raise BenchmarkBrokenError(f"not everything was created: {done.out[-300:]}")
    return done
