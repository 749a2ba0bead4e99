"""The library: the verbs of the command line for programs, async and sync, also inside a running event loop."""

import asyncio
import threading
from pathlib import Path

import anyio
import pytest

import reconciler
from reconciler import library
from reconciler.model import Action, ApplyEvent, ChangeFinished
from tests.stacks import KEY, SECRET, Stack

ENVIRON = {"CRM_KEY": KEY, "CRM_SECRET": SECRET}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stack with one connection that nobody applied yet."""
    stack = Stack.embedded(tmp_path / "stack")
    stack.manifest("crm")
    return stack.folder


def apply_all(stack: reconciler.Stack, events: list[ApplyEvent] | None = None) -> reconciler.Applied:
    return stack.apply(lambda _plan: True, on_event=(events if events is not None else []).append)


def test_the_round_of_the_command_line(folder: Path) -> None:
    stack = reconciler.Stack(folder, environ=ENVIRON)
    assert (stack.validate().valid, stack.state()) == (True, None)
    assert [change.action for change in stack.plan().changes] == [Action.CREATE]

    events: list[ApplyEvent] = []
    applied = apply_all(stack, events)

    assert applied.outcome is not None
    assert applied.outcome.complete
    assert [event.address for event in events if isinstance(event, ChangeFinished)] == ["crm"]
    state = stack.state()
    assert state is not None
    assert list(state.records) == ["crm"]
    assert (stack.plan().changes, stack.drift().any) == ((), False)


def test_nothing_is_written_without_approval(folder: Path) -> None:
    stack = reconciler.Stack(folder, environ=ENVIRON)
    shown: list[reconciler.Plan] = []

    def refuse(plan: reconciler.Plan) -> bool:
        shown.append(plan)
        return False

    applied = stack.apply(refuse)
    assert (applied.approval, applied.outcome, stack.state()) == (reconciler.Approval.NO, None, None)
    assert [change.address for plan in shown for change in plan.changes] == ["crm"]


def test_what_stops_a_run_is_one_error_with_its_place_and_next_step(folder: Path) -> None:
    (folder / "connections" / "crm.yaml").write_text("apiVersion: reconciler/v1\nkind: Nonsense\n")
    with pytest.raises(reconciler.Stopped) as caught:
        reconciler.Stack(folder, environ=ENVIRON).plan()
    assert caught.value.reason is reconciler.Stop.INVALID
    problem = caught.value.diagnostics[0]
    assert problem.location is not None
    assert (str(caught.value), bool(caught.value.hint)) == (problem.summary, True)


def test_a_value_that_is_missing_stops_an_apply_and_is_named(folder: Path) -> None:
    applied = apply_all(reconciler.Stack(folder, environ={}))
    assert applied.outcome is None
    assert applied.plan is not None
    assert applied.plan.errored


async def _round(folder: Path) -> tuple[int, int]:
    stack = reconciler.AsyncStack(folder, environ=ENVIRON)
    before = len((await stack.plan()).changes)
    await stack.apply(lambda _plan: True)
    return before, len((await stack.plan()).changes)


def test_the_async_face(folder: Path) -> None:
    assert asyncio.run(_round(folder)) == (1, 0)


def test_the_sync_face_works_where_a_loop_already_runs(folder: Path) -> None:
    async def inside() -> int:
        return len(reconciler.Stack(folder, environ=ENVIRON).plan().changes)

    assert asyncio.run(inside()) == 1


def test_an_error_inside_a_running_loop_is_the_same_error(folder: Path) -> None:
    async def inside() -> None:
        reconciler.Stack(folder / "nowhere" / "..", config=folder / "missing.yaml", environ=ENVIRON).plan()

    with pytest.raises(reconciler.Stopped):
        asyncio.run(inside())


def test_the_sync_face_works_in_a_thread(folder: Path) -> None:
    counts: list[int] = []
    thread = threading.Thread(target=lambda: counts.append(len(reconciler.Stack(folder, environ=ENVIRON).plan().changes)))
    thread.start()
    thread.join()
    assert counts == [1]


def test_several_stops_at_once_are_one(folder: Path) -> None:
    from reconciler.library import _plainly
    from reconciler.model import error

    async def fail(name: str) -> None:
        raise reconciler.Stopped(reconciler.Stop.FAILED, error(f"{name} failed."))

    async def both() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(fail, "this")
            group.start_soon(fail, "that")

    with pytest.raises(reconciler.Stopped) as caught:
        asyncio.run(_plainly(both()))
    assert {diagnostic.summary for diagnostic in caught.value.diagnostics} <= {"this failed.", "that failed."}


def test_an_interruption_from_another_thread_ends_a_run_before_it_writes(folder: Path) -> None:
    stack = reconciler.Stack(folder, environ=ENVIRON)
    with reconciler.Interruption() as interruption:
        interruption.ask()
        applied = stack.apply(lambda _plan: True, interruption=interruption)
    assert (applied.plan, applied.interrupted is not None, stack.state()) == (None, True, None)


def test_what_the_package_names_is_there_and_nothing_else() -> None:
    assert all(getattr(reconciler, name) for name in reconciler.__all__)
    assert set(reconciler.__all__) == {*library.__all__, "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = reconciler.nonsense


def test_the_example_of_the_page_is_the_one_that_the_page_runs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "python.md").read_text()
    shown = page.partition("```python\n")[2].partition("```")[0]
    run = page.partition("<<'END'\n")[2].partition("END\n-->")[0]
    assert shown == run != ""
