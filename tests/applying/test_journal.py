"""What is stored when: all intents before the first write, outcomes as they come, and a state that cannot be stored."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from reconciler.applying import Journal, journal
from reconciler.model import ChangeFinished, State, Verb
from reconciler.state import LocalBackend, StateError, Version
from tests.applying.world import World, keys, wanted
from tests.state.values import a_record
from tests.wire.raw import Asked

pytestmark = pytest.mark.anyio

CRM = [wanted(f"crm-{number}") for number in range(12)]


class Failing(LocalBackend):
    """A state file that cannot be written from one store on, for a number of stores."""

    def __init__(self, path: Path, first: int, count: int = 10**6, error: type[StateError] = StateError) -> None:
        super().__init__(path)
        self.stores, self._first, self._last, self._error = 0, first, first + count, error

    async def store(self, state: State, version: Version) -> Version:
        self.stores += 1
        if self._first <= self.stores < self._last:
            raise self._error("The state cannot be written: No space left on device.", "make room")
        return await super().store(state, version)


def on_disk(world: World) -> dict[str, list[str]]:
    document = json.loads(world.path.read_bytes())
    return {"records": sorted(document["records"]), "intents": sorted(one["address"] for one in document["intents"])}


async def test_all_intents_are_stored_before_the_first_write_arrives(world: World) -> None:
    await world.apply(*CRM[:4])
    seen: list[dict[str, list[str]]] = []

    def watch(asked: Asked) -> None:
        if asked.method != "GET" and not seen:
            seen.append(on_disk(world))

    world.gate.watch = watch
    edited = [wanted("crm-0", description="new"), wanted("crm-1", project="crm"), wanted("crm-2"), *CRM[4:]]
    assert (await world.apply(*edited)).complete
    intents = ["crm-0", "crm-1", "crm-1", "crm-3", *(one.address for one in CRM[4:])]
    assert seen == [{"records": ["crm-0", "crm-1", "crm-2", "crm-3"], "intents": sorted(intents)}]
    assert on_disk(world)["intents"] == []


async def test_an_intent_says_when_by_the_servers_clock_and_what_will_be_recorded(world: World) -> None:
    seen: list[State] = []

    async def hold(asked: Asked) -> None:
        if asked.method == "POST":
            seen.append(await world.state())

    world.gate.hold = hold
    await world.apply(wanted(description="words", project="crm"))
    (intent,) = seen[0].intents
    assert (intent.verb, intent.address, intent.connection_id, intent.sends_credentials) == (Verb.CREATE, "crm", "", True)
    assert intent.record is not None
    assert (intent.record.id, intent.record.credentials_hash, intent.record.description) == ("", None, "words")
    assert intent.record.fingerprints is not None
    assert intent.since < (await world.live())["crm"].created_at


@pytest.mark.parametrize("every", ["second", "hundred changes"])
async def test_outcomes_are_stored_while_the_run_goes_on(world: World, every: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last write is held back until the file shows all the others as done."""
    if every == "second":
        monkeypatch.setattr(journal, "_EVERY_SECONDS", 0.01)
    else:
        monkeypatch.setattr(journal, "_EVERY_SECONDS", 1000.0)
        monkeypatch.setattr(journal, "_EVERY_CHANGES", 22)

    async def hold(asked: Asked) -> None:
        if b'"crm-11"' in asked.body:
            with anyio.fail_after(30):
                while on_disk(world)["intents"] != ["crm-11"]:  # noqa: ASYNC110  # a file
                    await anyio.sleep(0.005)

    world.gate.hold = hold
    assert (await world.apply(*CRM)).complete
    assert on_disk(world) == {"records": sorted(one.address for one in CRM), "intents": []}


async def test_every_stored_document_has_a_new_serial_and_the_same_lineage(world: World) -> None:
    await world.apply(wanted())
    first = await world.state()
    await world.apply(wanted(description="new"))
    second = await world.state()
    assert second.lineage == first.lineage
    assert second.key == first.key
    assert second.serial > first.serial > 0


async def test_a_run_whose_intents_cannot_be_stored_writes_nothing(world: World) -> None:
    with pytest.raises(StateError, match="No space left"):
        await world.apply(*CRM, backend=Failing(world.path, 1))
    assert world.gate.told == []
    assert not world.path.exists()
    assert world.events == []


async def test_a_state_that_cannot_be_stored_mid_way_stops_the_run_and_is_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_EVERY_SECONDS", 0.001)
    backend = Failing(world.path, 2)
    world.gate.hold = until(lambda: backend.stores >= 2)
    outcome = await world.apply(*CRM, backend=backend, at_once=2)
    assert outcome.problem is not None
    assert outcome.problem.summary == "The state cannot be written: No space left on device."
    assert "It contains what the run intended, so the next apply finds out what happened." in outcome.problem.detail
    assert outcome.problem.hint == "make room"
    assert not outcome.complete
    assert outcome.not_tried
    assert outcome.done
    assert set(await world.live()) == set(keys(outcome.done))
    world.gate.hold = None
    assert (await world.apply(*CRM)).complete
    assert set(await world.live()) == {one.address for one in CRM}
    assert on_disk(world) == {"records": sorted(one.address for one in CRM), "intents": []}


async def test_a_state_that_could_be_stored_in_the_end_stops_the_run_and_says_that_nothing_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_EVERY_SECONDS", 0.001)
    backend = Failing(world.path, 2, count=1)
    world.gate.hold = until(lambda: backend.stores >= 2)
    outcome = await world.apply(*CRM, backend=backend, at_once=2)
    assert outcome.problem is not None
    assert "nothing is missing" in outcome.problem.detail
    state = await world.state()
    assert (sorted(state.records), state.intents) == (keys(outcome.done), ())
    assert len(outcome.not_tried) == len(CRM) - len(outcome.done)


async def test_a_state_that_cannot_be_stored_at_the_end_is_reported_and_the_next_run_looks_it_up(world: World) -> None:
    outcome = await world.apply(wanted(), backend=Failing(world.path, 2))
    assert (keys(outcome.done), outcome.complete) == (["crm"], False)
    assert outcome.problem is not None
    made = (await world.live())["crm"]
    assert (await world.apply(wanted())).complete
    assert await world.live() == {"crm": made}
    assert (await world.record()).id == made.id
    assert world.gate.told == ["POST"]


async def test_a_state_that_somebody_else_stored_mid_way_is_left_as_it_is_and_the_run_says_what_that_means(
    world: World,
) -> None:
    async def meddle(asked: Asked) -> None:
        if asked.method == "POST":
            stored, version = await world.backend.load()
            assert stored is not None
            await world.backend.store(State("another", 99, bytes(32)), version)

    world.gate.hold = meddle
    outcome = await world.apply(wanted())
    assert outcome.problem is not None
    assert "Somebody else changed the state" in outcome.problem.summary
    assert "The other run's state is unchanged, and does not contain it either." in outcome.problem.detail
    assert "lifecycle.adopt" in outcome.problem.hint
    assert (await world.state()).lineage == "another"


async def test_a_listener_that_breaks_loses_nothing_of_what_was_done(world: World) -> None:
    """Standard output was closed: what is recorded and intended is still stored."""
    world.events = Broken()
    with pytest.raises(ExceptionGroup):
        await world.apply(wanted("a"), wanted("b"), at_once=1)
    live = set(await world.live())
    state = await world.state()
    assert live == set(state.records) | {one.address for one in state.intents} & live
    world.events = []
    assert (await world.apply(wanted("a"), wanted("b"))).complete
    assert set(await world.live()) == {"a", "b"}
    assert (await world.state()).intents == ()


async def test_a_run_that_is_cancelled_keeps_the_intents_of_what_was_in_flight(world: World) -> None:
    with anyio.CancelScope() as scope:

        async def hold(asked: Asked) -> None:
            if asked.method == "POST" and len(world.gate.writes) == 2:
                scope.cancel()

        world.gate.hold = hold
        await world.apply(wanted("a"), wanted("b"), wanted("c"), at_once=1)
    world.gate.hold = None
    live, state = set(await world.live()), await world.state()
    assert live <= set(state.records) | {one.address for one in state.intents}
    assert (await world.apply(wanted("a"), wanted("b"), wanted("c"))).complete
    assert set(await world.live()) == {"a", "b", "c"}


async def test_a_plan_without_changes_still_records_what_an_interrupted_run_did(world: World) -> None:
    await world.apply(wanted(), backend=Failing(world.path, 2))
    outcome = await world.apply(wanted(), only=())
    assert outcome.complete
    assert list((await world.state()).records) == ["crm"]


async def test_a_journal_knows_what_it_was_told_before_it_is_stored(tmp_path: Path) -> None:
    one = Journal(LocalBackend(tmp_path / "state.json"), State.born(), "")
    one.put(a_record("a"))
    one.put(a_record("b"), previous_address="a")
    assert one.record("a") is None
    assert one.record("b") == a_record("b")
    one.drop("b", "another-id")
    assert one.record("b") is not None
    one.drop("b", "id-of-b")
    assert one.record("b") is None
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    await one.store()
    await one.store()
    stored, _ = await LocalBackend(tmp_path / "state.json").load()
    assert stored is not None
    assert stored.serial == 1


class Broken(list):  # type: ignore[type-arg]
    """Events that nobody can take any more."""

    def append(self, event: object) -> None:
        """Break at the first end of a change."""
        if isinstance(event, ChangeFinished):
            raise BrokenPipeError


def until(holds: Callable[[], bool]) -> Callable[[Asked], object]:
    """Let two writes be done, and hold the others back until then."""
    writes = 0

    async def hold(asked: Asked) -> None:
        nonlocal writes
        writes += asked.method != "GET"
        if writes > 2:
            with anyio.fail_after(30):
                while not holds():  # noqa: ASYNC110
                    await anyio.sleep(0.002)

    return hold
