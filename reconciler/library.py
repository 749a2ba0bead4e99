"""reconciler for programs: the verbs of the command line on one stack, async and sync.

Both call the same operations. They print nothing, ask nothing and install no signal handler. Instead they return their results,
and ask through callbacks.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from reconciler.model import ApplyEvent, Diagnostic, State, Stop, Stopped, Validated, Waiting
from reconciler.operations.apply import Applied, Approval, Callbacks, Request, apply
from reconciler.operations.drift import drift
from reconciler.operations.event_loop import run
from reconciler.operations.interruption import Interruption
from reconciler.operations.location import StackLocation
from reconciler.operations.options import Options
from reconciler.operations.plan import plan
from reconciler.operations.state import read_state
from reconciler.operations.validate import validate
from reconciler.planning import Drifted, Plan

__all__ = [
    "Applied",
    "Approval",
    "AsyncStack",
    "Drifted",
    "Interruption",
    "Options",
    "Plan",
    "Stack",
    "State",
    "Stop",
    "Stopped",
    "Validated",
]

P = ParamSpec("P")
T = TypeVar("T")

Approve = Callable[[Plan], bool]
"""An apply calls it with the plan before it writes anything, and goes on only if it returns True."""


def _ignore(_event: ApplyEvent | Diagnostic | Waiting) -> None:
    """Ignore an event for which the caller gave no callback."""


class AsyncStack:
    """A stack, for programs that use `async`. Every method opens the stack anew and closes it again.

    `directory` is the stack, or a directory below it. `config` names its `reconciler.yaml` instead. Log-ins and references read
    the environment variables in `environ`, those of this process if it is None. `on_notice` gets each warning that is not
    part of a result, and `on_waiting` is called before each long wait.

    Every method raises `Stopped` when it cannot do its work: `Stopped.diagnostics` says what is wrong, where, and what to do.
    """

    def __init__(
        self,
        directory: str | Path = ".",
        *,
        config: str | Path | None = None,
        environ: Mapping[str, str] | None = None,
        on_notice: Callable[[Diagnostic], None] = _ignore,
        on_waiting: Callable[[Waiting], None] = _ignore,
    ) -> None:
        self._location = StackLocation(
            start=Path(directory).absolute(),
            config=None if config is None else Path(config).absolute(),
            environ=os.environ if environ is None else environ,
            notice=on_notice,
            waiting=on_waiting,
        )

    def validate(self) -> Validated:
        """Check `reconciler.yaml` and every manifest. It reads files only."""
        return validate(self._location)

    async def plan(self, options: Options | None = None) -> Plan:
        """Return what an apply would do. It locks and writes nothing."""
        return await _plainly(plan(self._location, options or Options()))

    async def apply(
        self,
        approve: Approve,
        *,
        options: Options | None = None,
        plan_file: str | Path | None = None,
        lock_seconds: float = 0.0,
        on_event: Callable[[ApplyEvent], None] = _ignore,
        interruption: Interruption | None = None,
    ) -> Applied:
        """Change Infisical so that it matches the manifests, if `approve` returns True, and return the result.

        If `plan_file` names a saved plan, exactly what it shows is applied. `on_event` gets each change when it begins and when
        it ends. `interruption` ends the run early, from another task or thread: before the first write at once, later when the
        changes in flight are done. The run waits up to `lock_seconds` for another run to release the state.
        """
        request = Request(options or Options(), Path(plan_file) if plan_file else None, None, lock_seconds)
        callbacks = Callbacks(lambda planned: Approval.YES if approve(planned) else Approval.NO, on_event)
        if interruption is not None:
            return await _plainly(apply(self._location, request, callbacks, interruption))
        with Interruption() as never:
            return await _plainly(apply(self._location, request, callbacks, never))

    async def drift(self) -> Drifted:
        """Return what changed outside reconciler since the last apply. It locks and writes nothing."""
        return await _plainly(drift(self._location))

    async def state(self) -> State | None:
        """Return what was last applied, None before the first apply."""
        return await _plainly(read_state(self._location))


class Stack:
    """A stack, for programs without `async`: the same as `AsyncStack`, and usable where an event loop already runs."""

    def __init__(
        self,
        directory: str | Path = ".",
        *,
        config: str | Path | None = None,
        environ: Mapping[str, str] | None = None,
        on_notice: Callable[[Diagnostic], None] = _ignore,
        on_waiting: Callable[[Waiting], None] = _ignore,
    ) -> None:
        self._stack = AsyncStack(directory, config=config, environ=environ, on_notice=on_notice, on_waiting=on_waiting)

    def validate(self) -> Validated:
        """See `AsyncStack.validate`."""
        return self._stack.validate()

    def plan(self, options: Options | None = None) -> Plan:
        """See `AsyncStack.plan`."""
        return _wait_for(self._stack.plan, options)

    def apply(
        self,
        approve: Approve,
        *,
        options: Options | None = None,
        plan_file: str | Path | None = None,
        lock_seconds: float = 0.0,
        on_event: Callable[[ApplyEvent], None] = _ignore,
        interruption: Interruption | None = None,
    ) -> Applied:
        """See `AsyncStack.apply`."""
        return _wait_for(
            self._stack.apply,
            approve,
            options=options,
            plan_file=plan_file,
            lock_seconds=lock_seconds,
            on_event=on_event,
            interruption=interruption,
        )

    def drift(self) -> Drifted:
        """See `AsyncStack.drift`."""
        return _wait_for(self._stack.drift)

    def state(self) -> State | None:
        """See `AsyncStack.state`."""
        return _wait_for(self._stack.state)


def _wait_for(operation: Callable[P, Awaitable[T]], *arguments: P.args, **options: P.kwargs) -> T:
    """Run an async operation to its end. If an event loop already runs here, run the operation in another thread."""
    if not _in_a_loop():
        return run(operation, *arguments, **options)
    with ThreadPoolExecutor(1, "reconciler") as thread:
        return thread.submit(run, operation, *arguments, **options).result()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _plainly(operation: Awaitable[T]) -> T:
    """Wait for an operation. If several of its tasks were stopped, raise one `Stopped`, not a group of exceptions."""
    try:
        return await operation
    except BaseExceptionGroup as group:
        stops, others = group.split(Stopped)
        if stops is None or others is not None:
            raise
        raise _merge(list(_leaves(stops))) from None


def _merge(stops: list[Stopped]) -> Stopped:
    return Stopped(stops[0].reason, *(diagnostic for stop in stops for diagnostic in stop.diagnostics))


def _leaves(group: BaseExceptionGroup[Stopped]) -> Iterator[Stopped]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each
