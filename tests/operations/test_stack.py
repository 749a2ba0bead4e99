"""A stack is opened in one order, and the state's lock is held for exactly as long as somebody asked for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from reconciler.model import Diagnostic, State, Stop, Stopped
from reconciler.operations import stack as stack_module
from reconciler.operations import stored_state
from reconciler.operations.location import StackLocation
from reconciler.operations.login import session as session_module
from reconciler.operations.login.session import Session, open_session
from reconciler.operations.stack import Need, open_stack
from reconciler.operations.stored_state import Lock, StatePlace, open_state
from reconciler.state import Conflict, Locked, LockInfo, StateError, Version
from tests.stacks import Stack

pytestmark = pytest.mark.anyio


class Recording:
    """A place for a state that is behind the log-in, and all that happens to it."""

    def __init__(self, fails: StateError | None = None) -> None:
        self.happened: list[str] = []
        self._fails = fails

    async def load(self) -> tuple[State | None, Version]:
        self.happened.append("load")
        if self._fails:
            raise self._fails
        return None, ""

    async def store(self, state: State, version: Version) -> Version:
        raise AssertionError

    @asynccontextmanager
    async def hold_lock(self, info: LockInfo, wait_seconds: float, _: object) -> AsyncIterator[None]:
        self.happened.append(f"lock for {info.operation}, wait {wait_seconds:g}")
        yield
        self.happened.append("unlock")


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    return record(monkeypatch)


def record(monkeypatch: pytest.MonkeyPatch, fails: StateError | None = None) -> Recording:
    """Keep the state of every stack in a place that needs the log-in."""
    recording = Recording(fails)

    @asynccontextmanager
    async def session(*arguments: object) -> AsyncIterator[Session]:
        recording.happened.append("log in")
        async with open_session(*arguments) as opened:  # type: ignore[arg-type]
            yield opened
        recording.happened.append("log out")

    def place(_: object) -> StatePlace:
        return StatePlace(needs_log_in=True, backend=lambda opened: recording if opened else pytest.fail("no log-in"))

    for module in (stack_module, stored_state):
        monkeypatch.setattr(module, "state_place", place)
    for opener in (stack_module, session_module):
        monkeypatch.setattr(opener, "open_session", session)
    return recording


@pytest.fixture
def location(tmp_path: Path) -> StackLocation:
    stack = Stack.embedded(tmp_path)
    stack.manifest("crm", project="crm")
    return StackLocation(tmp_path, None, {})


async def test_the_log_in_comes_before_the_lock_and_the_lock_before_the_state(
    location: StackLocation, recording: Recording
) -> None:
    async with open_stack(location, lock=Lock("apply", 5)) as stack:
        recording.happened.append("work")
        assert [connection.address for connection in stack.manifests.connections] == ["crm"]

    assert recording.happened == ["log in", "lock for apply, wait 5", "load", "work", "unlock", "log out"]


async def test_without_a_lock_nothing_is_locked(location: StackLocation, recording: Recording) -> None:
    async with open_stack(location):
        pass

    assert recording.happened == ["log in", "load", "log out"]


async def test_a_state_behind_the_log_in_is_logged_in_for(location: StackLocation, recording: Recording) -> None:
    async with open_state(location, Lock("state rm")):
        pass

    assert recording.happened == ["log in", "lock for state rm, wait 0", "load", "unlock", "log out"]


async def test_a_local_state_needs_no_infisical(tmp_path: Path) -> None:
    Stack.at(tmp_path, "https://infisical.invalid", {})

    async with open_state(StackLocation(tmp_path, None, {})) as stored:
        assert stored.state is None


async def test_invalid_manifests_stop_a_run_before_anything_is_opened(location: StackLocation, recording: Recording) -> None:
    (location.start / "connections" / "crm.yaml").write_text("kind: Nothing\n")

    with pytest.raises(Stopped) as stopped:
        async with open_stack(location):
            pytest.fail("it was opened")

    assert stopped.value.reason is Stop.INVALID
    assert recording.happened == []


@pytest.mark.parametrize(("need", "noticed"), [(Need.OPTIONAL, 1), (Need.UNUSED, 0)])
async def test_who_can_do_without_the_manifests_goes_on_without_them(
    location: StackLocation, recording: Recording, need: Need, noticed: int
) -> None:
    (location.start / "connections" / "crm.yaml").write_text("kind: Nothing\n")
    notices: list[Diagnostic] = []
    heard = StackLocation(location.start, None, {}, notice=notices.append)

    async with open_stack(heard, manifests=need) as stack:
        assert stack.manifests.connections == ()

    assert len(notices) == noticed
    assert recording.happened == ["log in", "load", "log out"]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (StateError("It cannot be read.", "look"), Stop.FAILED),
        (Locked("Somebody has it.", "wait"), Stop.LOCKED),
        (Conflict("Somebody stored another.", "again"), Stop.STALE),
    ],
)
async def test_what_goes_wrong_with_a_state_stops_the_run_wherever_it_comes_up(
    location: StackLocation, monkeypatch: pytest.MonkeyPatch, failure: StateError, reason: Stop
) -> None:
    record(monkeypatch, failure)
    with pytest.raises(Stopped) as at_the_load:
        async with open_stack(location):
            pytest.fail("it was opened")

    record(monkeypatch)
    with pytest.raises(Stopped) as in_the_block:
        async with open_stack(location):
            raise failure

    for stopped in (at_the_load.value, in_the_block.value):
        (problem,) = stopped.diagnostics
        assert (stopped.reason, problem.summary, problem.hint) == (reason, str(failure), failure.hint)
