"""What became of an interrupted apply, told from Infisical alone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.model import Intent, LiveConnection, Reason, Record, State, Superseded, Verb, Why
from reconciler.planning import Settled, missing_ids, too_many_missing
from reconciler.planning import settle as settle_at
from tests.planning.world import CRM, MOVED, SALES, live, recorded, state

BEFORE = "2026-11-01T09:59:59+00:00"
CREATED = "2026-11-01T10:00:00.000Z"
AFTER = "2026-11-01T10:00:01+00:00"
NOW = datetime(2026, 11, 1, 10, 30, tzinfo=UTC)
SENT: Record = replace(recorded(description="ours"), id="", credentials_hash=None)


def settle(stored: State, present: Iterable[LiveConnection], now: datetime = NOW) -> Settled:
    return settle_at(stored, present, now)


def interrupted(intent: Intent, *records: Record, superseded: tuple[Superseded, ...] = ()) -> State:
    return state(*records, superseded=superseded, intents=(intent,))


def creating(**changes: Any) -> Intent:
    return replace(Intent(Verb.CREATE, "crm", "", SENT, sends_credentials=True, since=BEFORE), **changes)


def test_without_intents_the_state_is_what_it_is() -> None:
    stored = state(recorded())
    assert settle(stored, []).state is stored


def test_a_create_that_happened_is_recorded_with_id_and_hash() -> None:
    settled = settle(interrupted(creating()), [live(description="ours")])
    assert settled.state.records == {"crm": replace(SENT, id="id-crm", credentials_hash="a" * 64)}
    assert settled.state.intents == ()
    assert settled.done == {"crm": Reason(Why.CREATED_BY_INTERRUPTED_APPLY)}


def test_a_create_that_is_not_seen_may_still_be_on_its_way() -> None:
    settled = settle(interrupted(creating()), [])
    assert (settled.state.records, settled.state.intents, settled.resend) == ({}, (creating(),), frozenset())


def test_a_create_that_is_not_seen_for_an_hour_did_not_happen() -> None:
    settled = settle(interrupted(creating()), [], NOW + timedelta(hours=1))
    assert (settled.state.records, settled.state.intents, settled.diagnostics) == ({}, (), ())


def test_a_create_that_came_too_late_is_only_left_to_be_deleted() -> None:
    late = live(id="late", name="former-name", description="ours")
    stored = interrupted(creating(record=replace(SENT, name="former-name")), recorded())
    settled = settle(stored, [live(), late])
    assert settled.state.records == stored.records
    assert [item.id for item in settled.state.superseded] == ["late"]


@pytest.mark.parametrize(
    "theirs",
    [
        {"description": "theirs"},
        {"description": "ours", "instance_url": "other.my.salesforce.com"},
        {"description": "ours", "app": "aws"},
        {"description": "ours", "created_at": "2026-11-01T09:59:58.000Z"},
        {"description": "ours", "created_at": "no time"},
    ],
)
def test_what_is_not_what_was_sent_or_is_older_is_left_alone_and_reported(theirs: dict[str, str]) -> None:
    settled = settle(interrupted(creating()), [live(**theirs)])
    assert settled.state.records == {}
    assert "leaves it alone" in settled.diagnostics[0].hint


def test_the_same_name_in_another_scope_is_not_ours() -> None:
    settled = settle(interrupted(creating()), [live(description="ours", scope=CRM)])
    assert (settled.state.records, settled.diagnostics) == ({}, ())


def test_what_was_written_again_after_its_creation_is_ours_but_its_credentials_cannot_be_compared() -> None:
    settled = settle(interrupted(creating()), [live(description="ours", updated_at="2026-11-01T10:05:00.000Z")])
    found = settled.state.records["crm"]
    assert (found.id, found.credentials_hash, found.fingerprints) == ("id-crm", None, None)


def test_a_replace_that_got_as_far_as_its_create_remembers_the_old_one() -> None:
    intent = creating(connection_id="old-id", record=replace(SENT, scope=CRM))
    old = recorded(id="old-id", scope=SALES)
    settled = settle(
        interrupted(intent, old), [live(id="new-id", description="ours", scope=CRM), live(id="old-id", scope=SALES)]
    )
    assert settled.state.records["crm"].id == "new-id"
    assert settled.state.superseded == (Superseded("crm", "old-id", SALES, "crm"),)


def test_a_replace_that_also_renamed_the_address_leaves_no_record_behind() -> None:
    intent = creating(connection_id="old-id", record=replace(SENT, scope=CRM))
    old = recorded("former", id="old-id", scope=SALES)
    settled = settle(
        interrupted(intent, old), [live(id="new-id", description="ours", scope=CRM), live(id="old-id", scope=SALES)]
    )
    assert set(settled.state.records) == {"crm"}


def updating(*, sends: bool, **changes: Any) -> Intent:
    wanted = recorded(**({"description": "new"} | changes))
    return Intent(Verb.UPDATE, "crm", "id-crm", wanted, sends_credentials=sends, since=BEFORE)


def test_an_update_without_credentials_that_is_seen_is_done() -> None:
    settled = settle(interrupted(updating(sends=False), recorded()), [live(description="new")])
    assert settled.state.records["crm"].description == "new"
    assert settled.done == {"crm": Reason(Why.UPDATED_BY_INTERRUPTED_APPLY)}


def test_an_update_without_credentials_that_is_not_seen_is_not_done() -> None:
    stored = interrupted(updating(sends=False), recorded())
    settled = settle(stored, [live()])
    assert (settled.state.records, settled.state.intents) == (stored.records, ())


def test_an_update_of_credentials_whose_hash_never_moved_is_not_done() -> None:
    settled = settle(interrupted(updating(sends=True), recorded()), [live(description="new")])
    assert (settled.resend, settled.state.intents) == (frozenset(), ())


def test_an_update_of_credentials_whose_hash_moved_is_sent_again() -> None:
    intent = updating(sends=True)
    settled = settle(interrupted(intent, recorded()), [live(description="new", credentials_hash=MOVED)])
    assert settled.resend == {"id-crm"}
    assert settled.state.intents == (intent,)
    assert settled.state.records["crm"].description == "new"
    assert settled.state.records["crm"].credentials_hash != MOVED


def test_a_delete_whose_id_is_gone_is_done() -> None:
    intent = Intent(Verb.DELETE, "crm", "id-crm", None, sends_credentials=False, since=BEFORE)
    settled = settle(interrupted(intent, recorded()), [])
    assert (settled.state.records, settled.done) == ({}, {"crm": Reason(Why.DELETED_BY_INTERRUPTED_APPLY)})


def test_a_delete_whose_id_is_there_is_not_done() -> None:
    intent = Intent(Verb.DELETE, "crm", "id-crm", None, sends_credentials=False, since=BEFORE)
    settled = settle(interrupted(intent, recorded()), [live()])
    assert set(settled.state.records) == {"crm"}
    assert settled.state.intents == ()


def test_the_delete_of_a_replace_touches_the_old_one_only() -> None:
    intent = Intent(Verb.DELETE, "crm", "old-id", None, sends_credentials=False, since=BEFORE)
    left = Superseded("crm", "old-id", SALES, "crm")
    settled = settle(interrupted(intent, recorded(), superseded=(left,)), [live()])
    assert set(settled.state.records) == {"crm"}
    assert settled.state.superseded == ()


def test_every_known_id_that_the_list_lacks_is_asked_for_once() -> None:
    stored = interrupted(
        updating(sends=False), recorded(), recorded("seen"), superseded=(Superseded("crm", "old", SALES, "crm"),)
    )
    assert missing_ids(stored, [live("seen")]) == ("id-crm", "old")


@pytest.mark.parametrize(("missing", "records", "stopped"), [(5, 1, 0), (6, 1, 6), (6, 120, 0), (7, 120, 7)])
def test_more_than_five_and_more_than_five_percent_missing_is_the_wrong_place(missing: int, records: int, stopped: int) -> None:
    ids = [f"id-a{n}" for n in range(missing)]
    assert too_many_missing(ids, state(*(recorded(f"a{n}") for n in range(records)))) == stopped


def test_what_an_interrupted_apply_was_about_to_delete_is_expected_to_be_missing() -> None:
    ids = [f"id-a{n}" for n in range(20)]
    deletes = tuple(Intent(Verb.DELETE, one[3:], one, None, sends_credentials=False, since=BEFORE) for one in ids)
    assert not too_many_missing(ids, state(*(recorded(one[3:]) for one in ids), intents=deletes))
