"""Answers that get lost, before or after the API has acted: nothing is made twice, nothing is forgotten, nothing is claimed."""

from datetime import timedelta
from importlib import import_module

import pytest

from reconciler.applying import writes
from reconciler.embedded.testing import mark_in_use, plant_connection
from reconciler.model import Action, Outcome, Verb
from tests.applying.world import BAD, CHANGED, Lose, World, keys, wanted
from tests.wire.raw import refusal, reply

pytestmark = pytest.mark.anyio

ANY = list(Lose)


def unknown(outcome: Outcome) -> list[str]:
    """The addresses whose outcome nobody can tell."""
    return keys(failure for failure in outcome.failed if failure.unknown)


async def no_intents(world: World) -> None:
    assert (await world.state()).intents == ()


@pytest.mark.parametrize("fault", ANY)
async def test_a_create_whose_answer_was_lost_is_found_by_its_name_and_recorded_once(world: World, fault: Lose) -> None:
    world.gate.on("POST", "crm", fault)
    assert (await world.apply(wanted(description="words", project="crm"))).complete
    live = await world.live()
    assert list(live) == ["crm"]
    record = await world.record()
    assert (record.id, record.credentials_hash) == (live["crm"].id, live["crm"].credentials_hash)
    assert record.fingerprints is not None
    await no_intents(world)
    assert world.gate.told == (["POST"] if fault.acts else ["POST", "POST"])


@pytest.mark.parametrize("fault", ANY)
async def test_an_update_whose_answer_was_lost_is_sent_again(world: World, fault: Lose) -> None:
    await world.apply(wanted())
    world.gate.on("PATCH", "", fault)
    assert (await world.apply(wanted(description="new"), values={"crm": CHANGED})).complete
    live = (await world.live())["crm"]
    record = await world.record()
    assert (live.description, record.description) == ("new", "new")
    assert record.credentials_hash == live.credentials_hash
    await no_intents(world)


@pytest.mark.parametrize("fault", ANY)
async def test_a_delete_whose_answer_was_lost_is_looked_up(world: World, fault: Lose) -> None:
    await world.apply(wanted())
    world.gate.on("DELETE", "", fault)
    assert (await world.apply()).complete
    assert await world.live() == {}
    assert (await world.state()).records == {}
    await no_intents(world)
    assert world.gate.told.count("DELETE") == (1 if fault.acts else 2)


@pytest.mark.parametrize("fault", ANY)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_replace_whose_answers_were_lost_leaves_one_connection(world: World, fault: Lose, method: str) -> None:
    await world.apply(wanted())
    world.gate.on(method, "", fault)
    assert (await world.apply(wanted(project="crm"))).complete
    live, state = await world.live(), await world.state()
    assert [one.scope.project_slug for one in live.values()] == ["crm"]
    assert (state.records["crm"].id, state.superseded, state.intents) == (live["crm"].id, (), ())


@pytest.mark.parametrize("fault", [Lose.BEFORE, Lose.FAIL_BEFORE])
async def test_a_create_that_never_gets_an_answer_is_in_doubt_and_its_intent_stays(world: World, fault: Lose) -> None:
    world.gate.on("POST", "crm", *[fault] * 3)
    outcome = await world.apply(wanted(), wanted("other"))
    assert unknown(outcome) == ["crm"]
    assert keys(outcome.done) == ["other"]
    assert outcome.wrote
    assert (
        outcome.failed[0].diagnostic.hint
        == "apply again: nobody can tell whether this change happened, and the next apply finds out first"
    )
    state = await world.state()
    assert [(one.verb, one.address) for one in state.intents] == [(Verb.CREATE, "crm")]
    assert "crm" not in state.records
    assert (await world.apply(wanted(), wanted("other"))).complete
    assert sorted(await world.live()) == ["crm", "other"]
    await no_intents(world)


@pytest.mark.parametrize("fault", [Lose.AFTER, Lose.FAIL_AFTER, Lose.STRANGE_AFTER])
async def test_a_create_that_nobody_can_look_up_is_in_doubt_and_the_next_run_finds_it(world: World, fault: Lose) -> None:
    """The network goes down right after the connection was made: forgetting the intent would leave an orphan."""
    world.gate.on("POST", "crm", fault, *[Lose.BEFORE] * 9)
    world.gate.on("GET", "connection-name", *[Lose.BEFORE] * 99)
    outcome = await world.apply(wanted())
    assert unknown(outcome) == ["crm"]
    made = (await world.live())["crm"]
    world.gate.faults.clear()
    assert (await world.apply(wanted())).complete
    assert (await world.live()) == {"crm": made}
    assert (await world.record()).id == made.id
    assert world.gate.told.count("POST") <= writes.ATTEMPTS
    await no_intents(world)


@pytest.mark.parametrize(
    "blind",
    [
        Lose.BEFORE,
        Lose.FAIL_BEFORE,
        refusal(403, "PermissionDenied", "You are not allowed to read"),
        refusal(403, "TokenError", "Your token has expired"),
        refusal(404, "Not Found", "Route not found"),
        reply(200, "<html>Maintenance</html>"),
        reply(302, location="https://login.example"),
    ],
)
async def test_a_create_that_cannot_be_looked_up_is_never_taken_for_somebody_elses(world: World, blind: Lose | bytes) -> None:
    """The first try has made it, so the second is told that the name is taken."""
    world.gate.on("POST", "crm", Lose.AFTER)
    world.gate.on("GET", "connection-name", *[blind] * 99)
    outcome = await world.apply(wanted())
    assert unknown(outcome) == ["crm"]
    assert [one.verb for one in (await world.state()).intents] == [Verb.CREATE]
    world.gate.faults.clear()
    assert (await world.apply(wanted())).complete
    assert list(await world.live()) == ["crm"]
    await no_intents(world)


REFUSALS = [
    refusal(403, "TokenError", "Your token has expired"),
    refusal(403, "PermissionDenied", "You are not allowed to create"),
    refusal(400, "BadRequest", "Failed to validate credentials: Request failed with status code 400"),
    refusal(422, "ValidationFailure", []),
    reply(429),
]


@pytest.mark.parametrize("refused", REFUSALS)
async def test_a_refusal_after_a_lost_create_says_nothing_of_the_first_try(world: World, refused: bytes) -> None:
    world.gate.on("POST", "crm", Lose.BEFORE, *[refused] * 20)
    outcome = await world.apply(wanted())
    assert unknown(outcome) == ["crm"]
    assert [one.verb for one in (await world.state()).intents] == [Verb.CREATE]


@pytest.mark.parametrize("refused", REFUSALS)
async def test_a_refusal_after_a_lost_update_says_nothing_of_the_first_try(world: World, refused: bytes) -> None:
    """The credentials did arrive: were the intent forgotten, the next plan would hold them as written by somebody else."""
    await world.apply(wanted())
    world.gate.on("PATCH", "", Lose.AFTER, *[refused] * 20)
    outcome = await world.apply(wanted(), values={"crm": CHANGED})
    assert unknown(outcome) == ["crm"]
    world.gate.faults.clear()
    plan, *_ = await world.decided(wanted(), values={"crm": CHANGED})
    assert [change.action for change in plan.changes] == [Action.UPDATE]
    assert (await world.apply(wanted(), values={"crm": CHANGED})).complete
    await no_intents(world)


@pytest.mark.parametrize("refused", REFUSALS)
async def test_a_refusal_after_a_lost_delete_says_nothing_of_the_first_try(world: World, refused: bytes) -> None:
    await world.apply(wanted())
    world.gate.on("DELETE", "", Lose.AFTER, *[refused] * 20)
    world.gate.on("GET", "/salesforce/", *[Lose.BEFORE] * 20)
    outcome = await world.apply()
    assert unknown(outcome) == ["crm"]
    world.gate.faults.clear()
    assert (await world.apply()).complete
    assert (await world.state()).records == {}
    await no_intents(world)


async def test_an_update_that_is_refused_twice_over_two_runs_is_still_known_as_ours(world: World) -> None:
    """Run one loses the answer, run two is refused: the doubt of run one must outlive run two."""
    await world.apply(wanted())
    world.gate.on("PATCH", "", Lose.AFTER, *[Lose.BEFORE] * 2)
    assert unknown(await world.apply(wanted(), values={"crm": CHANGED})) == ["crm"]
    (doubt,) = (await world.state()).intents
    refused = await world.apply(wanted(), values={"crm": BAD})
    assert (keys(refused.failed), unknown(refused)) == (["crm"], [])
    assert (await world.state()).intents == (doubt,)
    assert (await world.apply(wanted(), values={"crm": CHANGED})).complete
    await no_intents(world)


async def test_a_name_that_somebody_else_took_after_the_plan_is_not_claimed(world: World) -> None:
    async def meanwhile() -> None:
        await world.created_outside("crm")

    outcome = await world.apply(wanted(), between=meanwhile)
    (failure,) = outcome.failed
    assert not failure.unknown
    assert "lifecycle.adopt" in failure.diagnostic.hint
    assert not outcome.wrote
    assert (await world.state()).records == {}
    await no_intents(world)
    assert world.gate.told == ["POST"]


async def test_a_name_that_somebody_else_took_with_other_words_is_not_claimed_after_a_lost_answer_either(world: World) -> None:
    async def meanwhile() -> None:
        await world.created_outside("crm", description="theirs")

    world.gate.on("POST", "crm", Lose.FAIL_AFTER)
    outcome = await world.apply(wanted(description="ours"), between=meanwhile)
    assert (keys(outcome.failed), unknown(outcome)) == (["crm"], [])
    assert (await world.state()).records == {}
    assert (await world.live())["crm"].description == "theirs"
    await no_intents(world)


async def test_a_name_that_was_there_before_the_intent_is_not_claimed_after_a_lost_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same name, same description, same host, but made before this run was about to."""

    async def meanwhile() -> None:
        await world.created_outside("crm")

    monkeypatch.setattr(import_module("reconciler.applying.execute"), "_CLOCK_MARGIN", timedelta(seconds=-5))
    world.gate.on("POST", "crm", Lose.FAIL_AFTER)
    outcome = await world.apply(wanted(), between=meanwhile)
    assert (keys(outcome.failed), unknown(outcome)) == (["crm"], [])
    assert (await world.state()).records == {}


async def test_a_name_that_another_app_took_is_known_not_to_be_ours(world: World) -> None:
    async def meanwhile() -> None:
        plant_connection(world.database, app="aws", name="crm")

    world.gate.on("POST", "crm", Lose.BEFORE)
    outcome = await world.apply(wanted(), between=meanwhile)
    assert (keys(outcome.failed), unknown(outcome)) == (["crm"], [])
    assert "another app" in outcome.failed[0].diagnostic.hint
    await no_intents(world)


async def test_a_404_of_an_unknown_path_does_not_pass_for_a_delete(world: World) -> None:
    await world.apply(wanted())
    world.gate.on("DELETE", "", refusal(404, "Not Found", "Route DELETE:/x not found"))
    outcome = await world.apply()
    assert keys(outcome.failed) == ["crm"]
    assert list(await world.live()) == ["crm"]
    assert list((await world.state()).records) == ["crm"]


async def test_a_lost_delete_of_what_is_in_use_is_refused_and_not_in_doubt(world: World) -> None:
    await world.apply(wanted())
    mark_in_use(world.database, (await world.record()).id)
    world.gate.on("DELETE", "", Lose.AFTER)
    outcome = await world.apply()
    assert (keys(outcome.failed), unknown(outcome)) == (["crm"], [])
    assert list((await world.state()).records) == ["crm"]
    await no_intents(world)


async def test_a_delete_that_never_gets_an_answer_is_in_doubt_and_stays_recorded(world: World) -> None:
    await world.apply(wanted())
    world.gate.on("DELETE", "", *[Lose.FAIL_BEFORE] * 3)
    assert unknown(await world.apply()) == ["crm"]
    state = await world.state()
    assert (list(state.records), [one.verb for one in state.intents]) == (["crm"], [Verb.DELETE])
    assert (await world.apply()).complete
    assert await world.live() == {}
    await no_intents(world)


async def test_what_is_rate_limited_was_not_carried_out_and_is_done_once(world: World) -> None:
    limited = refusal(429, "RateLimitExceeded", "Please try again in 1 seconds", retry_after="1")
    world.gate.on("POST", "", limited, limited)
    world.gate.on("DELETE", "", limited)
    assert (await world.apply(wanted())).complete
    assert (await world.apply()).complete
    assert world.gate.told == ["POST", "POST", "POST", "DELETE", "DELETE"]


async def test_a_rate_limit_that_never_lifts_is_a_refusal_and_not_a_doubt(world: World) -> None:
    world.gate.on("POST", "", *[reply(429)] * 8)
    outcome = await world.apply(wanted())
    assert (keys(outcome.failed), unknown(outcome), outcome.wrote) == (["crm"], [], False)
    await no_intents(world)


async def test_a_network_that_goes_down_for_good_leaves_every_write_in_doubt_to_be_looked_up(world: World) -> None:
    await world.apply(*(wanted(name) for name in ("updated", "deleted")))

    async def down_at_the_first_write(asked: object) -> None:
        world.gate.down = True

    world.gate.hold = down_at_the_first_write
    after = (wanted("updated", description="new"), wanted("created"))
    outcome = await world.apply(*after, at_once=1)
    assert len(outcome.failed) == 3
    world.gate.down, world.gate.hold = False, None
    assert (await world.apply(*after)).complete
    live = await world.live()
    assert sorted(live) == ["created", "updated"]
    assert live["updated"].description == "new"
    assert sorted((await world.state()).records) == ["created", "updated"]
    await no_intents(world)
