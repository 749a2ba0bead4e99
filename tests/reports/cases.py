"""Every row of both decision tables, every guard and every refusal of a plan as one small plan: its golden file shows it as
text and as JSON, and the page docs/reference/cases.md is made of the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.model import (
    ORGANISATION,
    Connection,
    CredentialDrift,
    Guards,
    Lifecycle,
    LiveConnection,
    OnRemoval,
    ProjectRef,
    Record,
    Superseded,
)
from reconciler.planning import Allowed, Plan, guarded, narrowed
from tests.planning.world import CRM, MOVED, OTHER_VALUES, decided, live, plan_of, recorded, wanted


@dataclass(frozen=True)
class Case:
    """A row: `title` is a heading, `says` the rule in a sentence or two, `plan` what is then planned."""

    title: str
    says: str
    plan: Callable[[], Plan]

    @property
    def name(self) -> str:
        """The golden file's."""
        kept = "".join(char if char.isalnum() else "-" for char in self.title.lower())
        return "-".join(filter(None, kept.split("-")))


def _case(
    title: str,
    says: str,
    desired: Sequence[Connection] = (),
    records: Sequence[Record] = (),
    present: Sequence[LiveConnection] = (),
    **others: Any,
) -> Case:
    def plan() -> Plan:
        return plan_of(decided(desired, records, present, **others), recorded=len(records))

    return Case(title, says, plan)


def _changed(case: Case, change: Callable[[Plan], Plan]) -> Case:
    return replace(case, plan=lambda: change(case.plan()))


PROJECT = ProjectRef("slug", "crm")
GONE = recorded()
NOT_RENAMED = _case(
    "Removed and created alike",
    "A deletion and a creation of the same thing is likely a new address that forgot to say so: refused, with the line to add.",
    [wanted("crm-live", name="crm")],
    [recorded()],
    [live()],
)

CONNECTIONS = (
    _case("Wanted, and nobody has the name", "**Create**.", [wanted(description="Production CRM org", project=PROJECT)]),
    _case(
        "Wanted, and the name is another's, with adopt",
        "A Salesforce connection that is not managed here is **adopted**: it keeps its id, and its description becomes the "
        "manifest's. Its credentials are held until somebody decides.",
        [wanted(description="ours", lifecycle=Lifecycle(adopt=True))],
        [],
        [live(id="theirs", description="theirs")],
    ),
    _case(
        "Wanted, and the name is another's, without adopt",
        "An error that names both ways out.",
        [wanted()],
        [],
        [live(id="theirs")],
    ),
    _case(
        "Adopted by id, and there is none",
        "`adopt: ID` is decided before the name.",
        [wanted(lifecycle=Lifecycle(adopt="0c9e0000-0000-0000-0000-000000000000"))],
    ),
    _case(
        "Wanted, and the name is another app's",
        "An error that names the app and the id: Infisical has a name once, whatever the app.",
        [wanted()],
        [],
        [live(id="theirs", app="github")],
    ),
    _case("As it should be", "Nothing.", [wanted()], [recorded()], [live()]),
    _case(
        "Name and description are otherwise",
        "**Update** in place; the id stays.",
        [wanted(name="crm-live", description="new")],
        [recorded()],
        [live()],
    ),
    _case(
        "Another project",
        "**Replace**: a connection cannot move, so it is created there, both are recorded, and the old one is deleted.",
        [wanted(project=PROJECT)],
        [recorded()],
        [live()],
    ),
    _case(
        "Only what is recorded changes",
        "**Record**: labels and lifecycle are never sent.",
        [wanted(labels={"team": "crm"}, lifecycle=Lifecycle(prevent_destroy=True))],
        [recorded()],
        [live()],
    ),
    _case(
        "Another address",
        "**Record**, with `renamedFrom`: nothing is sent.",
        [wanted("crm-live", name="crm", lifecycle=Lifecycle(renamed_from="crm"))],
        [recorded()],
        [live()],
    ),
    NOT_RENAMED,
    _case(
        "The new name is taken",
        "An error that says by whom, unless that one gives the name up in the same plan.",
        [wanted(name="taken")],
        [recorded()],
        [live(), live("taken", id="theirs")],
    ),
    _case(
        "A chain of names",
        "Each waits for the one before it to give up its name.",
        [wanted("a", name="b"), wanted("b", name="c")],
        [recorded("a"), recorded("b")],
        [live("a"), live("b")],
    ),
    _case(
        "Names go round in a circle",
        "Infisical has no exchange of names: it takes two applies.",
        [wanted("a", name="b"), wanted("b", name="a")],
        [recorded("a"), recorded("b")],
        [live("a"), live("b")],
    ),
    _case("Deleted outside", "**Create again**, shown as drift.", [wanted()], [GONE], []),
    _case(
        "Deleted and made anew outside",
        "As a name that is another's: an error without `adopt`, else adopted.",
        [wanted(lifecycle=Lifecycle(adopt=True))],
        [GONE],
        [live(id="made-anew")],
    ),
    _case("Its manifest is removed", "**Delete**.", [], [recorded()], [live()]),
    _case(
        "Its manifest is removed, with retain",
        "**Forget**: it stays in Infisical.",
        [],
        [recorded(lifecycle=Lifecycle(on_removal=OnRemoval.RETAIN))],
        [live()],
    ),
    _case(
        "Its manifest is removed, and it is protected",
        "Refused: the protection is in the record, so it outlives the manifest. The rest of a plan goes on, with exit code 4.",
        [],
        [recorded(lifecycle=Lifecycle(prevent_destroy=True))],
        [live()],
    ),
    _case(
        "Another project, and it is protected",
        "Refused: a replace deletes.",
        [wanted(project=PROJECT, lifecycle=Lifecycle(prevent_destroy=True))],
        [recorded(lifecycle=Lifecycle(prevent_destroy=True))],
        [live()],
    ),
    _case("Its manifest is removed, and it was deleted outside", "**Forget**, shown as drift.", [], [GONE], []),
    _case(
        "Left behind by a replace",
        "What Infisical refused to delete then is deleted by a later apply.",
        [wanted(project=PROJECT)],
        [recorded(id="new", scope=CRM)],
        [live(id="new", scope=CRM), live(id="old")],
        superseded=[Superseded("crm", "old", ORGANISATION, "crm")],
    ),
    _case("Not managed here", "Counted, and never touched.", [wanted()], [recorded()], [live(), live("theirs")]),
    _case(
        "Ignored",
        "What `ignoreChanges` names may differ.",
        [wanted(description="ours", lifecycle=Lifecycle(ignore_changes=("description",)))],
        [recorded(description="ours", lifecycle=Lifecycle(ignore_changes=("description",)))],
        [live(description="theirs")],
    ),
)

CREDENTIALS = (
    _case("Changed at the source", "**Update**: all three fields are sent together.", [wanted()], [recorded()], [live()],
          values={"crm": OTHER_VALUES}),
    _case("Another version", "**Update**, which a review sees without any value.", [wanted(version="2026-11")], [recorded()],
          [live()], values={"crm": None}),
    _case("Another instanceUrl", "**Update**.", [wanted(instance_url="acme--uat.sandbox.my.salesforce.com")], [recorded()],
          [live()]),
    _case("Written outside", "**Held**: not touched, exit code 4 for it alone.", [wanted()], [recorded()],
          [live(credentials_hash=MOVED)]),
    _case("Written outside, and the values are not here", "**Held**.", [wanted()], [recorded()],
          [live(credentials_hash=MOVED)], values={"crm": None}),
    _case("Accepted", "`--accept-credentials`, or `onCredentialDrift: accept`: theirs stay.", [wanted()], [recorded()],
          [live(credentials_hash=MOVED)], accept=frozenset({"crm"})),
    _case("Accepted, with another instanceUrl", "Still held: theirs log in elsewhere than the manifest says.", [wanted()],
          [recorded()], [live(credentials_hash=MOVED, instance_url="other.my.salesforce.com")], accept=frozenset({"crm"})),
    _case("Reasserted", "`--reassert-credentials`, or `onCredentialDrift: reassert`: ours are sent again.",
          [wanted(lifecycle=Lifecycle(on_credential_drift=CredentialDrift.REASSERT))],
          [recorded(lifecycle=Lifecycle(on_credential_drift=CredentialDrift.REASSERT))], [live(credentials_hash=MOVED)]),
    _case("The values are not here", "A **conditional update**: compared at the apply, and sent only if changed.",
          [wanted()], [recorded()], [live()], values={"crm": None}),
    _case("Never sent by us", "**Held** as `cannot be compared`, until accepted or reasserted.", [wanted()],
          [recorded(fingerprints=None)], [live()]),
    _case("Every hash moved and nothing else", "Held, and the plan says what that looks like.", [wanted("a"), wanted("b")],
          [recorded("a"), recorded("b")], [live("a", credentials_hash=MOVED), live("b", credentials_hash=MOVED)]),
    _case("Moved to another project, and written outside", "**Held**: a replace would end what nobody can read back.",
          [wanted(project=PROJECT)], [recorded()], [live(credentials_hash=MOVED)]),
)  # fmt: skip

TEN = [f"c{number}" for number in range(10)]


def _ten(title: str, says: str, desired: Sequence[str], **changes: Any) -> Case:
    wants = [wanted(one, **changes) for one in desired]
    found = _case(title, says, wants, [recorded(one) for one in TEN], [live(one) for one in TEN])
    return _changed(found, lambda plan: guarded(plan, Guards(), Allowed()))


GUARDS = (
    _ten("Too many deletions", "More than 30 % of the recorded connections would end.", TEN[4:]),
    _ten("Too many updates", "More than 30 % of ten or more recorded connections would be updated.", TEN, description="new"),
    _changed(
        _case("Nothing would remain", "The last one never goes by itself.", [], [recorded()], [live()]),
        lambda plan: guarded(plan, Guards(), Allowed()),
    ),
    _changed(
        _case(
            "Another number than the plan's",
            "A number that was read off another plan lifts nothing.",
            [],
            [recorded()],
            [live()],
        ),
        lambda plan: guarded(plan, Guards(), Allowed(deletes=7)),
    ),
)
PARTS = (
    _changed(
        _case("Narrowed", "With `--only b`: the rest is decided too, and left out.", [wanted("a"), wanted("b")]),
        lambda plan: narrowed(plan, ["b"]),
    ),
    _changed(
        _case(
            "Narrowed, and it needs what is left out",
            "A name that is given up by what was not selected is not free.",
            [wanted("a", name="b"), wanted("b", name="c")],
            [recorded("a"), recorded("b")],
            [live("a"), live("b")],
        ),
        lambda plan: narrowed(plan, ["a"]),
    ),
    _changed(
        _case("Destroyed", "With `destroy`: all that is recorded goes, but for what is protected.",
              [wanted("a"), wanted("b", lifecycle=Lifecycle(prevent_destroy=True))], [recorded("a"), recorded("b")],
              [live("a"), live("b")], destroy=True),
        lambda plan: replace(plan, choices=replace(plan.choices, destroy=True)),
    ),
    _case("All adopted", "With `--adopt-all`: no manifest has to say so.", [wanted()], [], [live(id="theirs")], adopt_all=True),
)  # fmt: skip
SECTIONS = {
    "Connections": CONNECTIONS,
    "Credentials": CREDENTIALS,
    "Guards": GUARDS,
    "Parts, and words beside the manifests": PARTS,
}
CASES = tuple(case for section in SECTIONS.values() for case in section)
