"""What waits for what, how many at once, and how a run is stopped."""

import anyio
import anyio.lowlevel
import pytest

from reconciler.applying.execute import WRITES_IN_FLIGHT
from reconciler.embedded.testing import mark_in_use
from reconciler.model import ChangeFailed, ChangeFinished, ChangeNotTried, ChangeStarted, Noted, Reason, Waiting, Why
from tests.applying.world import BAD, Lose, World, keys, wanted
from tests.wire.raw import Asked

pytestmark = pytest.mark.anyio


async def test_a_name_is_taken_only_after_it_was_freed_and_a_chain_of_names_runs_in_order(world: World) -> None:
    """c leaves its name to b, b to a, and d is new under the name that a had."""
    await world.apply(*(wanted(address, name=f"name-{address}") for address in ("a", "b", "c")))
    chain = [
        wanted("a", name="name-b"),
        wanted("b", name="name-c"),
        wanted("c", name="name-free"),
        wanted("d", name="name-a"),
    ]
    assert (await world.apply(*chain)).complete
    finished = [event.address for event in world.events if isinstance(event, ChangeFinished)][3:]
    assert finished == ["c", "b", "a", "d"]
    state = await world.state()
    live = await world.live()
    assert {address: record.name for address, record in state.records.items()} == {one.address: one.name for one in chain}
    assert {one.id: name for name, one in live.items()} == {record.id: record.name for record in state.records.values()}


async def test_a_delete_frees_its_name_for_a_create(world: World) -> None:
    await world.apply(wanted("old", name="shared", description="old"))
    assert (await world.apply(wanted("new", name="shared", description="new"))).complete
    assert world.gate.told == ["POST", "DELETE", "POST"]
    assert list((await world.state()).records) == ["new"]


async def test_what_waits_for_a_failure_is_not_tried_nor_what_waits_for_that(world: World) -> None:
    await world.apply(*(wanted(address, name=f"name-{address}") for address in ("a", "b", "c")))
    mark_in_use(world.database, (await world.record("c")).id)
    writes = len(world.gate.writes)
    outcome = await world.apply(wanted("a", name="name-b"), wanted("b", name="name-c"), wanted("e"))
    assert keys(outcome.failed) == ["c"]
    assert {one.address: one.reason for one in outcome.not_tried} == {
        "b": Reason(Why.WAITS_FOR_ANOTHER, waits_for="c"),
        "a": Reason(Why.WAITS_FOR_ANOTHER, waits_for="b"),
    }
    assert keys(outcome.done) == ["e"]
    assert len(world.gate.writes) == writes + 2
    assert (await world.state()).intents == ()
    assert sorted(await world.live()) == ["e", "name-a", "name-b", "name-c"]


async def test_what_waits_for_a_doubt_is_not_tried_either(world: World) -> None:
    await world.apply(wanted("old", name="shared", description="old"))
    world.gate.on("DELETE", "", *[Lose.FAIL_BEFORE] * 3)
    outcome = await world.apply(wanted("new", name="shared", description="new"))
    assert (keys(outcome.failed), keys(outcome.not_tried)) == (["old"], ["new"])
    assert [one.address for one in (await world.state()).intents] == ["old"]


async def test_a_replace_whose_old_connection_stays_does_not_free_its_name(world: World) -> None:
    await world.apply(wanted("moving", name="shared", description="old"))
    mark_in_use(world.database, (await world.record("moving")).id)
    outcome = await world.apply(
        wanted("moving", name="shared", project="crm", description="old"), wanted("new", name="shared", description="new")
    )
    assert (keys(outcome.failed), keys(outcome.not_tried)) == (["moving"], ["new"])
    assert len((await world.state()).superseded) == 1


async def test_never_more_than_eight_writes_are_in_flight(world: World) -> None:
    """Ten creates in flight starve a self-hosted Infisical."""

    async def slowly(_asked: Asked) -> None:
        for _ in range(20):
            await anyio.lowlevel.checkpoint()

    world.gate.hold = slowly
    manifests = [wanted(f"crm-{number}") for number in range(40)]
    assert (await world.apply(*manifests)).complete
    assert world.gate.most_in_flight == WRITES_IN_FLIGHT == 8
    assert (await world.apply(*(wanted(f"crm-{number}", project="crm") for number in range(40)))).complete
    assert world.gate.most_in_flight == 8
    assert (await world.apply()).complete
    assert world.gate.most_in_flight == 8
    assert await world.live() == {}


async def test_a_stopped_run_finishes_what_is_in_flight_and_tries_nothing_more(world: World) -> None:
    stop, arrived, go = anyio.Event(), 0, anyio.Event()

    async def hold(asked: Asked) -> None:
        nonlocal arrived
        arrived += asked.method == "POST"
        if arrived == 3:
            stop.set()
            go.set()
        await go.wait()

    world.gate.hold = lambda asked: hold(asked) if asked.method == "POST" else _nothing()
    outcome = await world.apply(*(wanted(f"crm-{number}") for number in range(10)), stop=stop, at_once=3)
    assert (len(outcome.done), len(outcome.not_tried), outcome.failed) == (3, 7, ())
    assert {one.reason for one in outcome.not_tried} == {Reason(Why.RUN_STOPPED)}
    assert not outcome.complete
    state = await world.state()
    assert state.intents == ()
    assert len(state.records) == 3
    assert {record.name for record in state.records.values()} == set(await world.live())


async def test_a_run_stopped_before_its_first_write_writes_nothing_and_leaves_no_intent(world: World) -> None:
    stop = anyio.Event()
    stop.set()
    outcome = await world.apply(wanted("a"), wanted("b"), stop=stop)
    assert (keys(outcome.not_tried), outcome.wrote) == (["a", "b"], False)
    assert world.gate.told == []
    state = await world.state()
    assert (state.records, state.intents) == ({}, ())


async def test_a_stopped_run_keeps_the_doubt_of_an_earlier_one(world: World) -> None:
    from tests.applying.world import CHANGED

    await world.apply(wanted())
    world.gate.on("PATCH", "", Lose.AFTER, *[Lose.BEFORE] * 2)
    await world.apply(wanted(), values={"crm": CHANGED})
    (doubt,) = (await world.state()).intents
    stop = anyio.Event()
    stop.set()
    assert keys((await world.apply(wanted(), values={"crm": CHANGED}, stop=stop)).not_tried) == ["crm"]
    assert (await world.state()).intents == (doubt,)


async def test_every_change_is_told_once_as_started_and_once_as_ended_or_as_not_tried(world: World) -> None:
    await world.apply(wanted("blocked", name="taken"), wanted("plain"))
    world.events.clear()
    mark_in_use(world.database, (await world.record("blocked")).id)
    await world.apply(wanted("plain", description="new"), wanted("bad"), wanted("late", name="taken"), values={"bad": BAD})
    changes = [event for event in world.events if not isinstance(event, Noted | Waiting)]
    told = {address: [type(event) for event in changes if event.address == address] for address in ("plain", "bad", "late")}
    assert told == {
        "plain": [ChangeStarted, ChangeFinished],
        "bad": [ChangeStarted, ChangeFailed],
        "late": [ChangeNotTried],
    }


async def _nothing() -> None:
    return None
