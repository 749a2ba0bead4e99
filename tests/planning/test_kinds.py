"""The decision table knows no kind by name: a kind with other fields is decided by the same rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model import ORGANISATION, Action, Lifecycle, Location, Reason, Scope, Why
from reconciler.planning import Attributes, Change, Choices, KeptWhy, Kind, Situation, decide
from reconciler.planning.decide import Decisions
from reconciler.planning.kind import Desired, Effect, Field, Present, Recorded

TIMER = Kind(
    name="Timer",
    noun="timer",
    app="timer",
    fields=(
        Field("name", "name", Effect.IN_PLACE),
        Field("interval", "interval", Effect.IN_PLACE),
        Field("target", "target", Effect.REPLACES),
    ),
)
"""A kind without write-only fields, with a field of its own that Infisical cannot change."""

CRM = Scope("11111111-1111-1111-1111-111111111111", "crm")


def attributes(lifecycle: Lifecycle | None = None, scope: Scope = ORGANISATION, **values: str) -> Attributes:
    given: Mapping[str, str | None] = {"name": "nightly", "interval": "1h", "target": "a"} | values
    return Attributes(scope, given, lifecycle=lifecycle or Lifecycle())


def desired(address: str = "nightly", **values: Any) -> Desired:
    place = Location(f"timers/{address}.yaml", 4, 9)
    return Desired(address, attributes(**values), None, place.file, place, place, place)


def recorded(address: str = "nightly", **values: Any) -> Recorded:
    return Recorded(address, f"id-{address}", attributes(**values), None, None, f"timers/{address}.yaml")


def present(address: str = "nightly", app: str = "timer", **values: Any) -> Present:
    return Present(f"id-{address}", app, attributes(**values), None)


def decided(
    wanted: Sequence[Desired] = (), records: Sequence[Recorded] = (), there: Sequence[Present] = (), **choices: Any
) -> Decisions:
    by_address = {record.address: record for record in records}
    return decide(Situation(TIMER, wanted, by_address, there, choices=Choices(**choices)))


def only(decisions: Decisions) -> Change:
    assert (decisions.diagnostics, decisions.kept) == ([], [])
    (change,) = decisions.changes
    return change


def test_what_is_wanted_and_not_there_is_created() -> None:
    change = only(decided([desired()]))
    assert (change.action, change.reason) == (Action.CREATE, Reason(Why.NOT_IN_INFISICAL))


def test_what_is_as_wanted_stays_and_nothing_is_held_for_want_of_credentials() -> None:
    decisions = decided([desired()], [recorded()], [present()])
    assert (decisions.changes, decisions.kept, [change.address for change in decisions.unchanged]) == ([], [], ["nightly"])


def test_a_field_that_can_change_in_place_is_updated() -> None:
    change = only(decided([desired(interval="2h")], [recorded()], [present()]))
    assert (change.action, change.fields, change.id) == (Action.UPDATE, ("interval",), "id-nightly")


def test_a_field_that_cannot_change_in_place_replaces() -> None:
    change = only(decided([desired(target="b", interval="2h")], [recorded()], [present()]))
    assert (change.action, change.fields) == (Action.REPLACE, ("interval", "target"))


def test_a_protected_one_is_not_replaced() -> None:
    protected = Lifecycle(prevent_destroy=True)
    decisions = decided([desired(lifecycle=protected, target="b")], [recorded(lifecycle=protected)], [present()])
    assert (decisions.changes, [kept.why for kept in decisions.kept]) == ([], [KeptWhy.PROTECTED])


def test_what_changed_outside_is_drift_and_is_brought_back() -> None:
    decisions = decided([desired()], [recorded()], [present(interval="5m")])
    assert [drift.fields for drift in decisions.drift] == [("interval",)]
    assert only(decisions).fields == ("interval",)


def test_an_ignored_field_is_neither_drift_nor_an_update() -> None:
    ignoring = Lifecycle(ignore_changes=("interval",))
    decisions = decided([desired(lifecycle=ignoring)], [recorded(lifecycle=ignoring)], [present(interval="5m")])
    assert (decisions.changes, decisions.drift) == ([], [])


def test_the_manifest_is_removed() -> None:
    assert only(decided([], [recorded()], [present()])).action is Action.DELETE


def test_an_existing_one_is_adopted_and_brought_to_what_the_manifest_wants() -> None:
    change = only(decided([desired(lifecycle=Lifecycle(adopt=True), interval="2h")], [], [present()]))
    assert (change.action, change.fields) == (Action.ADOPT, ("interval",))


def test_a_name_that_another_kind_has_is_an_error() -> None:
    (problem,) = decided([desired()], [], [present(app="salesforce")]).diagnostics
    assert "app `salesforce`" in problem.summary


def test_another_kinds_resources_are_not_counted_as_unmanaged() -> None:
    assert decided([], [], [present(app="salesforce"), present("other", name="other")]).unmanaged == 1


def test_a_rename_of_the_address_that_forgot_to_say_so_is_refused() -> None:
    (problem,) = decided([desired("new")], [recorded()], [present()]).diagnostics
    assert "renamedFrom: nightly" in problem.hint
    (apart,) = [change for change in decided([desired("new", target="b")], [recorded()], [present()]).changes if change.before]
    assert apart.action is Action.DELETE
