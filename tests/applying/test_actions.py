"""Every action of a plan, end to end: what is in Infisical and in the state afterwards, and that nothing is left to do."""

import pytest

from reconciler.embedded.testing import mark_in_use
from reconciler.model import ORGANISATION, Action, ChangeFinished, ChangeStarted, Connection, OnRemoval
from tests.applying.world import BAD, CHANGED, GOOD, HOST, KEY, SECRET, World, keys, wanted
from tests.wire.raw import refusal

pytestmark = pytest.mark.anyio


async def settled(world: World, *manifests: Connection, **options: object) -> None:
    """The next plan has nothing to do, and no intent is left."""
    plan, *_ = await world.decided(*manifests, **options)
    assert plan.changes == ()
    assert (await world.state()).intents == ()


async def test_create(world: World) -> None:
    outcome = await world.apply(wanted(description="Production", project="crm", version="2026-11", labels={"team": "crm"}))
    assert outcome.complete
    assert outcome.wrote
    live = (await world.live())["crm"]
    record = await world.record()
    assert (record.id, record.scope, record.description) == (live.id, live.scope, "Production")
    assert record.credentials_hash == live.credentials_hash
    state = await world.state()
    assert record.fingerprints == GOOD.fingerprints(state.key)
    assert (record.version, record.labels, record.file) == ("2026-11", {"team": "crm"}, "connections/crm.yaml")
    assert SECRET not in world.path.read_text()
    started, finished = world.events
    assert started == ChangeStarted("crm", Action.CREATE)
    assert isinstance(finished, ChangeFinished)
    assert finished.id == live.id
    await settled(world, wanted(description="Production", project="crm", version="2026-11", labels={"team": "crm"}))


async def test_update_of_the_name_and_the_description_sends_no_credentials(world: World) -> None:
    await world.apply(wanted())
    before = (await world.live())["crm"]
    edited = wanted(name="crm-two", description="second")
    assert (await world.apply(edited)).complete
    after = (await world.live())["crm-two"]
    assert (after.id, after.description, after.credentials_hash) == (before.id, "second", before.credentials_hash)
    assert b"credentials" not in world.gate.writes[-1].body
    assert (await world.record()).name == "crm-two"
    await settled(world, edited)


async def test_update_of_the_credentials_sends_all_three_and_records_hash_and_fingerprints(world: World) -> None:
    await world.apply(wanted())
    before = (await world.live())["crm"]
    assert (await world.apply(wanted(), values={"crm": CHANGED})).complete
    after, record, state = (await world.live())["crm"], await world.record(), await world.state()
    assert after.id == before.id
    assert before.credentials_hash != after.credentials_hash == record.credentials_hash
    assert record.fingerprints == CHANGED.fingerprints(state.key)
    assert b'"name"' not in world.gate.writes[-1].body
    await settled(world, wanted(), values={"crm": CHANGED})


async def test_a_description_that_is_removed_is_removed(world: World) -> None:
    await world.apply(wanted(description="old"))
    assert (await world.apply(wanted())).complete
    assert (await world.live())["crm"].description == ""
    await settled(world, wanted())


async def test_replace_creates_in_the_new_scope_first_and_deletes_the_old_one_then(world: World) -> None:
    await world.apply(wanted())
    old = await world.record()
    assert (await world.apply(wanted(project="crm"))).complete
    assert world.gate.told == ["POST", "POST", "DELETE"]
    live, record = await world.live(), await world.record()
    assert list(live) == ["crm"]
    assert live["crm"].scope.project_slug == "crm"
    assert record.id == live["crm"].id != old.id
    assert (await world.state()).superseded == ()
    await settled(world, wanted(project="crm"))


async def test_a_replace_whose_create_is_refused_deletes_nothing(world: World) -> None:
    await world.apply(wanted())
    old = await world.record()
    outcome = await world.apply(wanted(project="crm"), values={"crm": BAD})
    assert keys(outcome.failed) == ["crm"]
    assert world.gate.told == ["POST", "POST"]
    assert await world.record() == old
    state = await world.state()
    assert (state.intents, state.superseded) == ((), ())


async def test_a_replace_whose_delete_is_refused_stays_as_superseded_until_it_is_gone(world: World) -> None:
    await world.apply(wanted())
    old = await world.record()
    mark_in_use(world.database, old.id)
    outcome = await world.apply(wanted(project="crm"))
    (failure,) = outcome.failed
    assert (failure.unknown, failure.partly, outcome.wrote) == (False, True, True)
    assert failure.diagnostic.summary == "Could not delete the old connection of `crm`."
    assert "existing connections" in failure.diagnostic.detail
    state = await world.state()
    assert state.records["crm"].id != old.id
    assert [(one.address, one.id, one.scope) for one in state.superseded] == [("crm", old.id, ORGANISATION)]
    assert state.intents == ()
    plan, *_ = await world.decided(wanted(project="crm"))
    assert [(change.key, change.action) for change in plan.changes] == [(f"crm ({old.id})", Action.DELETE)]
    assert not (await world.apply(wanted(project="crm"))).complete
    assert len((await world.state()).superseded) == 1
    await _release(world)
    assert (await world.apply(wanted(project="crm"))).complete
    assert (await world.state()).superseded == ()
    assert len(await world.live()) == 1
    await settled(world, wanted(project="crm"))


async def test_delete(world: World) -> None:
    await world.apply(wanted("a"), wanted("b"))
    assert (await world.apply(wanted("a"))).complete
    assert list(await world.live()) == ["a"]
    assert list((await world.state()).records) == ["a"]
    await settled(world, wanted("a"))


async def test_a_delete_refused_because_it_is_in_use_does_not_keep_the_others_from_going_on(world: World) -> None:
    await world.apply(*(wanted(name) for name in ("a", "b", "c")))
    mark_in_use(world.database, (await world.record("b")).id)
    outcome = await world.apply(wanted("d"))
    assert keys(outcome.done) == ["a", "c", "d"]
    (failure,) = outcome.failed
    assert (failure.address, failure.unknown) == ("b", False)
    assert failure.diagnostic.summary == "Could not delete `b`."
    assert "secret syncs" in failure.diagnostic.hint
    assert sorted(await world.live()) == ["b", "d"]
    assert sorted((await world.state()).records) == ["b", "d"]
    assert (await world.state()).intents == ()


async def test_a_delete_of_what_somebody_else_deleted_meanwhile_is_done(world: World) -> None:
    await world.apply(wanted())

    async def meanwhile() -> None:
        await world.writer.delete((await world.record()).id)

    assert (await world.apply(between=meanwhile)).complete
    assert (await world.state()).records == {}


async def test_an_update_of_what_somebody_else_deleted_meanwhile_fails_and_creates_nothing(world: World) -> None:
    await world.apply(wanted())

    async def meanwhile() -> None:
        await world.writer.delete((await world.record()).id)

    outcome = await world.apply(wanted(description="new"), between=meanwhile)
    assert keys(outcome.failed) == ["crm"]
    assert await world.live() == {}
    assert (await world.record()).description == ""


async def test_adopt_takes_over_without_writing_what_is_the_same(world: World) -> None:
    outside = await world.created_outside("crm")
    adopting = wanted(lifecycle={"adopt": True})
    assert (await world.apply(adopting)).complete
    assert world.gate.told == []
    record = await world.record()
    assert (record.id, record.credentials_hash, record.fingerprints) == (outside.id, outside.credentials_hash, None)


async def test_adopt_by_id_brings_name_and_description_and_with_reassert_the_credentials(world: World) -> None:
    outside = await world.created_outside("theirs", description="theirs")
    adopting = wanted(description="ours", lifecycle={"adopt": outside.id})
    assert (await world.apply(adopting, reassert=frozenset({"crm"}))).complete
    live = await world.live()
    assert list(live) == ["crm"]
    assert (live["crm"].id, live["crm"].description) == (outside.id, "ours")
    assert live["crm"].credentials_hash == (await world.record()).credentials_hash != outside.credentials_hash
    await settled(world, adopting)


async def test_theirs_accepted_are_recorded_and_not_sent(world: World) -> None:
    await world.apply(wanted())

    theirs = await world.writer.update((await world.record()).id, instance_url=HOST, credentials=CHANGED)
    writes = len(world.gate.writes)
    assert (await world.apply(wanted(), values={"crm": CHANGED}, accept=frozenset({"crm"}))).complete
    assert len(world.gate.writes) == writes
    record, state = await world.record(), await world.state()
    assert record.credentials_hash == theirs.credentials_hash
    assert record.fingerprints == CHANGED.fingerprints(state.key)
    await settled(world, wanted(), values={"crm": CHANGED})


async def test_what_only_the_state_keeps_is_recorded_without_a_request_that_writes(world: World) -> None:
    await world.apply(wanted())
    writes = len(world.gate.writes)
    local = wanted(labels={"tier": "critical"}, lifecycle={"prevent_destroy": True})
    assert (await world.apply(local)).complete
    assert len(world.gate.writes) == writes
    record = await world.record()
    assert (record.labels, record.lifecycle.prevent_destroy) == ({"tier": "critical"}, True)
    await settled(world, local)


async def test_a_renamed_address_keeps_its_connection_and_leaves_no_trace_of_the_old_one(world: World) -> None:
    await world.apply(wanted(description="same"))
    before = await world.record()
    moved = wanted("crm-new", name="crm", description="same", lifecycle={"renamed_from": "crm"})
    assert (await world.apply(moved)).complete
    state = await world.state()
    assert list(state.records) == ["crm-new"]
    assert state.records["crm-new"].id == before.id
    assert world.gate.told == ["POST"]
    await settled(world, moved)


async def test_a_renamed_address_that_is_replaced_too_leaves_one_record_and_one_connection(world: World) -> None:
    await world.apply(wanted())
    moved = wanted("crm-new", project="crm", lifecycle={"renamed_from": "crm"})
    assert (await world.apply(moved)).complete
    state = await world.state()
    assert (list(state.records), state.superseded) == (["crm-new"], ())
    assert list(await world.live()) == ["crm-new"]
    await settled(world, moved)


async def test_re_create_of_what_was_deleted_outside(world: World) -> None:
    await world.apply(wanted())
    gone = await world.record()
    await world.writer.delete(gone.id)
    assert (await world.apply(wanted())).complete
    assert (await world.record()).id == (await world.live())["crm"].id != gone.id
    await settled(world, wanted())


async def test_forget_leaves_the_connection_where_it_is(world: World) -> None:
    await world.apply(wanted(lifecycle={"on_removal": OnRemoval.RETAIN}))
    writes = len(world.gate.writes)
    assert (await world.apply()).complete
    assert len(world.gate.writes) == writes
    assert list(await world.live()) == ["crm"]
    assert (await world.state()).records == {}


async def test_forget_of_what_is_gone_anyway(world: World) -> None:
    await world.apply(wanted())
    await world.writer.delete((await world.record()).id)
    writes = len(world.gate.writes)
    assert (await world.apply()).complete
    assert (len(world.gate.writes), (await world.state()).records) == (writes, {})


async def test_refused_credentials_leave_nothing_behind_and_say_what_to_check(world: World) -> None:
    outcome = await world.apply(wanted("good"), wanted("bad"), values={"bad": BAD})
    assert keys(outcome.done) == ["good"]
    (failure,) = outcome.failed
    assert failure.diagnostic.location is not None
    assert failure.diagnostic.location.file == "connections/bad.yaml"
    assert "Run As" in failure.diagnostic.hint
    assert BAD.consumer_secret.reveal() not in str(failure)
    state = await world.state()
    assert (list(state.records), state.intents) == (["good"], ())
    assert list(await world.live()) == ["good"]


async def test_a_refusal_that_repeats_the_secret_leaves_it_nowhere(world: World) -> None:
    world.gate.on("POST", "", refusal(400, "BadRequest", f"no luck with {SECRET} of {KEY}"))
    outcome = await world.apply(wanted())
    (failure,) = outcome.failed
    assert "the message repeats a credential" in failure.diagnostic.detail
    everything = f"{outcome} {world.events} {world.path.read_text()}"
    assert SECRET not in everything
    assert KEY not in everything


async def test_all_of_it_at_once(world: World) -> None:
    await world.apply(*(wanted(name) for name in ("stays", "edited", "moved", "removed")))
    outside = await world.created_outside("theirs")
    after = [
        wanted("stays"),
        wanted("edited", description="new"),
        wanted("moved", project="erp"),
        wanted("theirs", lifecycle={"adopt": outside.id}),
        wanted("new"),
    ]
    outcome = await world.apply(*after)
    assert outcome.complete
    assert sorted(await world.live()) == ["edited", "moved", "new", "stays", "theirs"]
    assert sorted((await world.state()).records) == ["edited", "moved", "new", "stays", "theirs"]


async def _release(world: World) -> None:
    import sqlite3

    with sqlite3.connect(world.database) as db:
        db.execute("DELETE FROM connection_users")
    db.close()
