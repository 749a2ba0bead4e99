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
from reconciler.planning import Allowed, Plan, apply_guards, narrow
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
    "If a plan would delete a connection and create the same one, somebody probably changed its address. reconciler refuses, "
    "and names the line to add.",
    [wanted("crm-live", name="crm")],
    [recorded()],
    [live()],
)

CONNECTIONS = (
    _case(
        "Wanted, and nobody has the name",
        "reconciler **creates** the connection.",
        [wanted(description="Production CRM org", project=PROJECT)],
    ),
    _case(
        "Wanted, and the name is another's, with adopt",
        "reconciler **adopts** a Salesforce connection that no stack manages here. The connection keeps its id and gets the "
        "description of the manifest. reconciler holds its credentials until somebody decides.",
        [wanted(description="ours", lifecycle=Lifecycle(adopt=True))],
        [],
        [live(id="theirs", description="theirs")],
    ),
    _case(
        "Wanted, and the name is another's, without adopt",
        "An error. It names both ways out.",
        [wanted()],
        [],
        [live(id="theirs")],
    ),
    _case(
        "Adopted by id, and there is none",
        "reconciler looks at `adopt: ID` before it looks at the name. An id that does not exist is an error.",
        [wanted(lifecycle=Lifecycle(adopt="0c9e0000-0000-0000-0000-000000000000"))],
    ),
    _case(
        "Wanted, and the name is another app's",
        "An error that names the app and the id. Infisical allows a name only once, even for connections of different apps.",
        [wanted()],
        [],
        [live(id="theirs", app="github")],
    ),
    _case("As it should be", "reconciler does nothing.", [wanted()], [recorded()], [live()]),
    _case(
        "Another name and description",
        "reconciler **updates** the connection in place. The id stays the same.",
        [wanted(name="crm-live", description="new")],
        [recorded()],
        [live()],
    ),
    _case(
        "Another project",
        "reconciler **replaces** the connection, because Infisical cannot move it. It creates a new one in the new project, "
        "records both, and deletes the old one.",
        [wanted(project=PROJECT)],
        [recorded()],
        [live()],
    ),
    _case(
        "Only what is recorded changes",
        "reconciler only **records** the change. It never sends labels and lifecycle to Infisical.",
        [wanted(labels={"team": "crm"}, lifecycle=Lifecycle(prevent_destroy=True))],
        [recorded()],
        [live()],
    ),
    _case(
        "Another address",
        "With `renamedFrom`, reconciler only **records** the new address. It sends nothing.",
        [wanted("crm-live", name="crm", lifecycle=Lifecycle(renamed_from="crm"))],
        [recorded()],
        [live()],
    ),
    NOT_RENAMED,
    _case(
        "The new name is taken",
        "An error that names the connection with that name, unless the same plan frees the name.",
        [wanted(name="taken")],
        [recorded()],
        [live(), live("taken", id="theirs")],
    ),
    _case(
        "A chain of names",
        "Each change waits for the change that frees its name.",
        [wanted("a", name="b"), wanted("b", name="c")],
        [recorded("a"), recorded("b")],
        [live("a"), live("b")],
    ),
    _case(
        "Names go round in a circle",
        "Infisical cannot exchange names. You need two applies.",
        [wanted("a", name="b"), wanted("b", name="a")],
        [recorded("a"), recorded("b")],
        [live("a"), live("b")],
    ),
    _case("Deleted outside", "reconciler **creates** it **again**, and shows drift.", [wanted()], [GONE], []),
    _case(
        "Deleted and made anew outside",
        "The same as for a name that somebody else has: an error without `adopt`. With `adopt`, reconciler adopts it.",
        [wanted(lifecycle=Lifecycle(adopt=True))],
        [GONE],
        [live(id="made-anew")],
    ),
    _case("Its manifest is removed", "reconciler **deletes** the connection.", [], [recorded()], [live()]),
    _case(
        "Its manifest is removed, with retain",
        "reconciler **forgets** the connection. It stays in Infisical.",
        [],
        [recorded(lifecycle=Lifecycle(on_removal=OnRemoval.RETAIN))],
        [live()],
    ),
    _case(
        "Its manifest is removed, and it is protected",
        "reconciler refuses. The protection is in the state, so it stays after the manifest is removed. The rest of the plan "
        "goes on, and the exit code is 4.",
        [],
        [recorded(lifecycle=Lifecycle(prevent_destroy=True))],
        [live()],
    ),
    _case(
        "Another project, and it is protected",
        "reconciler refuses, because a replace deletes the old connection.",
        [wanted(project=PROJECT, lifecycle=Lifecycle(prevent_destroy=True))],
        [recorded(lifecycle=Lifecycle(prevent_destroy=True))],
        [live()],
    ),
    _case(
        "Its manifest is removed, and it was deleted outside",
        "reconciler **forgets** it, and shows drift.",
        [],
        [GONE],
        [],
    ),
    _case(
        "Left behind by a replace",
        "An earlier replace could not delete the old connection. A later apply deletes it.",
        [wanted(project=PROJECT)],
        [recorded(id="new", scope=CRM)],
        [live(id="new", scope=CRM), live(id="old")],
        superseded=[Superseded("crm", "old", ORGANISATION, "crm")],
    ),
    _case(
        "Not managed here",
        "reconciler counts the connection and never touches it.",
        [wanted()],
        [recorded()],
        [live(), live("theirs")],
    ),
    _case(
        "Ignored",
        "The fields in `ignoreChanges` may differ.",
        [wanted(description="ours", lifecycle=Lifecycle(ignore_changes=("description",)))],
        [recorded(description="ours", lifecycle=Lifecycle(ignore_changes=("description",)))],
        [live(description="theirs")],
    ),
)

CREDENTIALS = (
    _case(
        "Changed at the source",
        "**Update**: reconciler sends all three fields together.",
        [wanted()],
        [recorded()],
        [live()],
        values={"crm": OTHER_VALUES},
    ),
    _case(
        "Another version",
        "**Update**. Reviewers see it even if the plan has no values.",
        [wanted(version="2026-11")],
        [recorded()],
        [live()],
        values={"crm": None},
    ),
    _case(
        "Another instanceUrl",
        "**Update**.",
        [wanted(instance_url="acme--uat.sandbox.my.salesforce.com")],
        [recorded()],
        [live()],
    ),
    _case(
        "Written outside",
        "**Held**: reconciler does not touch the credentials, and exits with 4.",
        [wanted()],
        [recorded()],
        [live(credentials_hash=MOVED)],
    ),
    _case(
        "Written outside, and the values are not here",
        "**Held**.",
        [wanted()],
        [recorded()],
        [live(credentials_hash=MOVED)],
        values={"crm": None},
    ),
    _case(
        "Accepted",
        "With `--accept-credentials` or `onCredentialDrift: accept`, the credentials in Infisical stay.",
        [wanted()],
        [recorded()],
        [live(credentials_hash=MOVED)],
        accept=frozenset({"crm"}),
    ),
    _case(
        "Accepted, with another instanceUrl",
        "Still **held**: the credentials in Infisical are for another host than the manifest's.",
        [wanted()],
        [recorded()],
        [live(credentials_hash=MOVED, instance_url="other.my.salesforce.com")],
        accept=frozenset({"crm"}),
    ),
    _case(
        "Reasserted",
        "With `--reassert-credentials` or `onCredentialDrift: reassert`, reconciler sends the manifest's again.",
        [wanted(lifecycle=Lifecycle(on_credential_drift=CredentialDrift.REASSERT))],
        [recorded(lifecycle=Lifecycle(on_credential_drift=CredentialDrift.REASSERT))],
        [live(credentials_hash=MOVED)],
    ),
    _case(
        "The values are not here",
        "A **conditional update**: `apply` compares the credentials, and sends them only if they changed.",
        [wanted()],
        [recorded()],
        [live()],
        values={"crm": None},
    ),
    _case(
        "Never sent by us",
        "**Held** as `cannot be compared`, until you accept or reassert them.",
        [wanted()],
        [recorded(fingerprints=None)],
        [live()],
    ),
    _case(
        "Every hash moved and nothing else",
        "**Held**. The plan says that the server probably encrypted its data again.",
        [wanted("a"), wanted("b")],
        [recorded("a"), recorded("b")],
        [live("a", credentials_hash=MOVED), live("b", credentials_hash=MOVED)],
    ),
    _case(
        "Moved to another project, and written outside",
        "**Held**: a replace would delete credentials that nobody can read back.",
        [wanted(project=PROJECT)],
        [recorded()],
        [live(credentials_hash=MOVED)],
    ),
)

TEN = [f"c{number}" for number in range(10)]


def _ten(title: str, says: str, desired: Sequence[str], **changes: Any) -> Case:
    wants = [wanted(one, **changes) for one in desired]
    found = _case(title, says, wants, [recorded(one) for one in TEN], [live(one) for one in TEN])
    return _changed(found, lambda plan: apply_guards(plan, Guards(), Allowed()))


GUARDS = (
    _ten("Too many deletions", "The plan would end more than 30% of the recorded connections.", TEN[4:]),
    _ten(
        "Too many updates", "The plan would update more than 30% of ten or more recorded connections.", TEN, description="new"
    ),
    _changed(
        _case(
            "Nothing would remain",
            "The plan would end the last connection. The guard stops this, whatever its limit is.",
            [],
            [recorded()],
            [live()],
        ),
        lambda plan: apply_guards(plan, Guards(), Allowed()),
    ),
    _changed(
        _case(
            "Another number than the plan's",
            "The number is not the number of this plan, so it lifts no guard.",
            [],
            [recorded()],
            [live()],
        ),
        lambda plan: apply_guards(plan, Guards(), Allowed(deletes=7)),
    ),
)
PARTS = (
    _changed(
        _case(
            "Narrowed", "With `--only b`, reconciler decides everything, and leaves out the rest.", [wanted("a"), wanted("b")]
        ),
        lambda plan: narrow(plan, ["b"]),
    ),
    _changed(
        _case(
            "Narrowed, and it needs what is left out",
            "The change that would free the name is not selected, so the name is not free.",
            [wanted("a", name="b"), wanted("b", name="c")],
            [recorded("a"), recorded("b")],
            [live("a"), live("b")],
        ),
        lambda plan: narrow(plan, ["a"]),
    ),
    _changed(
        _case(
            "Destroyed",
            "`destroy` deletes every recorded connection, except the protected ones. It forgets those with "
            "`onRemoval: retain`.",
            [wanted("a"), wanted("b", lifecycle=Lifecycle(prevent_destroy=True))],
            [recorded("a"), recorded("b")],
            [live("a"), live("b")],
            destroy=True,
        ),
        lambda plan: replace(plan, choices=replace(plan.choices, destroy=True)),
    ),
    _case(
        "All adopted",
        "With `--adopt-all`, manifests need no `lifecycle.adopt`.",
        [wanted()],
        [],
        [live(id="theirs")],
        adopt_all=True,
    ),
)
SECTIONS = {
    "Connections": CONNECTIONS,
    "Credentials": CREDENTIALS,
    "Guards": GUARDS,
    "Parts of a stack, and other options": PARTS,
}
CASES = tuple(case for section in SECTIONS.values() for case in section)
