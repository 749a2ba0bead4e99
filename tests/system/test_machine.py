"""Years of a stack at random: manifests, edits, renames, removals, what others do in Infisical, lost permissions, kills.

After every apply the world is what the manifests say, what is protected or not managed is untouched, what was renamed has kept
its id, nothing is gone that the plan did not show, and the next plan is empty. `make soak` runs it for longer.
"""

import json
import os
import shutil
import signal
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule, run_state_machine_as_test

from reconciler import embedded
from reconciler.embedded import testing
from reconciler.embedded.infisical import Membership, Permissions
from tests.serving import Server, serve
from tests.stacks import HOST, Stack
from tests.system.test_properties import Runner

PROJECTS = ("crm", "sales")
ADDRESSES = ("a", "b", "c", "d", "e")
NAMES = (*ADDRESSES, "x", "y")
VALUES = [(f"key-number-{number}-of-the-org", f"secret-number-{number}-of-the-org") for number in range(3)]
STEPS = 25
EXAMPLES = int(os.environ.get("RECONCILER_EXAMPLES", "12"))
LIFECYCLES = st.fixed_dictionaries(
    {},
    optional={
        "preventDestroy": st.booleans(),
        "onRemoval": st.sampled_from(["destroy", "retain"]),
        "onCredentialDrift": st.sampled_from(["hold", "reassert", "accept"]),
        "ignoreChanges": st.lists(st.sampled_from(["description", "name"]), unique=True),
        "adopt": st.booleans(),
    },
)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "project": st.sampled_from(PROJECTS),
        "description": st.sampled_from(["", "one", "two", "a longer one 🚀"]),
        "name": st.sampled_from(NAMES),
        "version": st.sampled_from(["1", "2"]),
        "team": st.sampled_from(["crm", "sales"]),
        "lifecycle": LIFECYCLES,
    },
)


WHICH = st.integers(min_value=0, max_value=len(ADDRESSES) - 1)


def pick(there: Mapping[str, object], which: int) -> str:
    """One of the keys."""
    return sorted(there)[which % len(there)]


class Life(RuleBasedStateMachine):
    """One stack, and everybody who has a hand in its Infisical."""

    server: Server
    stranger: Mapping[str, str]
    ids = Bundle("ids")

    @initialize(first=st.dictionaries(st.sampled_from(ADDRESSES), SPECS, min_size=2))
    def begin(self, first: dict[str, dict[str, Any]]) -> None:
        """An empty Infisical, and a stack that was applied once."""
        with sqlite3.connect(self.server.database) as db:
            db.execute("DELETE FROM connection_users")
            db.execute("DELETE FROM connections")
        self.folder = Path(tempfile.mkdtemp())
        self.stack = Stack.at(self.folder / "stack", self.server.url, self.server.environ)
        self.stack.configure(infisical={"url": self.server.url}, guards={"maxDeletePercent": 100, "maxUpdatePercent": 100})
        self.run = Runner(self.stack)
        self.wanted: dict[str, dict[str, Any]] = {address: dict(spec) for address, spec in first.items()}
        self.rotate(0)
        self.write()
        self.apply(saved=False, word=None)

    def teardown(self) -> None:
        """Nothing printed and nothing kept has a value in it."""
        if not hasattr(self, "folder"):
            return
        kept = [path.read_text() for path in self.stack.folder.rglob("*") if path.suffix in {".json", ".yaml"}]
        for value in (one for pair in VALUES for one in pair):
            assert not any(value in text for text in (*kept, *self.run.printed))
        shutil.rmtree(self.folder)

    # -- the repository ------------------------------------------------------------------------------------------

    @rule(address=st.sampled_from(ADDRESSES), spec=SPECS)
    def want(self, address: str, spec: dict[str, Any]) -> None:
        """A manifest is added or edited in everything."""
        self.wanted[address] = dict(spec)
        self.write()

    @rule(which=WHICH, spec=SPECS)
    def edit(self, which: int, spec: dict[str, Any]) -> None:
        """Some of a manifest is edited: also its name, its project, its protection."""
        if self.wanted:
            self.wanted[pick(self.wanted, which)].update(spec)
            self.write()

    @rule(which=WHICH)
    def remove(self, which: int) -> None:
        """A manifest is removed."""
        if self.wanted:
            del self.wanted[pick(self.wanted, which)]
            self.write()

    @rule(which=WHICH, new=st.sampled_from(ADDRESSES))
    def rename(self, which: int, new: str) -> None:
        """An address is renamed; the name in Infisical stays."""
        if self.wanted and new not in self.wanted and new not in self.records():
            old = pick(self.wanted, which)
            spec = self.wanted.pop(old)
            lifecycle = {**spec.get("lifecycle", {}), "renamedFrom": old}
            self.wanted[new] = {"name": old} | spec | {"lifecycle": lifecycle}
            self.write()

    @rule(number=st.sampled_from(range(len(VALUES))))
    def rotate(self, number: int) -> None:
        """The values change at their source."""
        for name, value in zip(("key", "secret"), VALUES[number], strict=True):
            (self.stack.folder / f"{name}.txt").write_text(value)

    # -- others in Infisical -------------------------------------------------------------------------------------

    @rule(
        target=ids,
        name=st.sampled_from(NAMES),
        project=st.sampled_from((None, *PROJECTS)),
        app=st.sampled_from(("salesforce", "github")),
    )
    def somebody_creates(self, name: str, project: str | None, app: str) -> str:
        """A connection that is not of this stack, of a name that it may want."""
        if any((one["name"], self.project(one)) == (name, project) for one in self.world().values()):
            return ""
        public = {"instanceUrl": HOST} if app == "salesforce" else {}
        return testing.plant_connection(self.server.database, app=app, name=name, project=project, public=public)

    @rule(which=WHICH, change=st.sampled_from(({"description": "by hand"}, {"name": "by-hand"}, {"credentials": VALUES[0]})))
    def somebody_writes(self, which: int, change: dict[str, Any]) -> None:
        """A recorded connection is changed outside; its credentials perhaps to what they are."""
        if found := self.recorded_and_there(which):
            if "credentials" in change:
                key, secret = change["credentials"]
                change = {"credentials": {"instanceUrl": HOST, "consumerKey": key, "consumerSecret": secret}}
            with self.server.client() as client:
                client.patch(f"/app-connections/salesforce/{found}", json=change)  # a name that is taken stays

    @rule(which=WHICH)
    def somebody_deletes(self, which: int) -> None:
        """A recorded connection is deleted outside."""
        if found := self.recorded_and_there(which):
            with self.server.client() as client:
                client.delete(f"/app-connections/salesforce/{found}").raise_for_status()

    @rule(gone=consumes(ids))
    def somebody_deletes_theirs(self, gone: str) -> None:
        """What was made by hand is deleted again, unless it was taken over."""
        if gone in self.world() and gone not in {record["id"] for record in self.records().values()}:
            with sqlite3.connect(self.server.database) as db:
                db.execute("DELETE FROM connections WHERE id = ?", (gone,))

    # -- runs ----------------------------------------------------------------------------------------------------

    @rule()
    def plan(self) -> None:
        """A plan changes nothing."""
        before = self.everything()
        assert self.run("plan") in {0, 1, 4}
        assert self.run("drift") in {0, 1, 2}
        assert self.everything() == before

    @rule()
    def run_without_permission(self) -> None:
        """An identity that sees nothing stops, says so, and costs nothing."""
        before, own = self.everything(), dict(self.stack.environ)
        self.stack.environ |= self.stranger
        recorded = bool(self.records())
        code = self.run("apply", "--auto-approve")
        self.stack.environ = own
        assert code in ({1, 5} if recorded else {0, 1, 4, 5, 7})
        if recorded:
            assert self.everything() == before

    @rule(seconds=st.floats(min_value=0, max_value=0.3))
    def killed(self, seconds: float) -> None:
        """An apply is killed at some moment."""
        process = self.stack.start("apply", "--auto-approve", "--allow-deletes", "1")
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait(30)

    @rule(which=WHICH, spec=SPECS, saved=st.booleans())
    def edit_and_apply(self, which: int, spec: dict[str, Any], saved: bool) -> None:
        """The usual day."""
        self.edit(which, spec)
        self.apply(saved=saved, word=None)

    @rule(which=WHICH)
    def remove_and_apply(self, which: int) -> None:
        """The other one."""
        self.remove(which)
        self.apply(saved=True, word=None)

    @rule(saved=st.booleans(), word=st.sampled_from((None, "--accept-credentials", "--reassert-credentials")))
    def apply(self, saved: bool, word: str | None) -> None:
        """An apply does all that its plan shows and nothing else."""
        words = [word, "*"] if word and self.wanted else []
        file = self.folder / "plan.json"
        before, records = self.world(), self.records()
        plan = self.planned(*words, "--out", str(file))
        if plan["errored"]:
            assert self.run("apply", "--auto-approve", *words) == 1
            assert (self.world(), self.records()) == (before, records)
            for problem in plan["reconciler"]["diagnostics"]:
                self.wanted.pop(problem["address"], None)
            self.write()
            return
        lifted = [text for one in plan["reconciler"]["guarded"] for text in ("--allow-deletes", str(one["number"]))]
        how = [str(file)] if saved else ["--auto-approve"]
        code = self.run("apply", *how, *words, *lifted)
        assert code in {0, 4}, self.run.printed[-2:]
        assert (code == 4) is bool(plan["reconciler"]["kept"])
        self.check(before, records, plan)

    def check(self, before: dict[str, Any], records: dict[str, Any], plan: dict[str, Any]) -> None:
        """What must be true after an apply that did all it could."""
        after, now = self.world(), self.records()
        changes = {one["name"]: one["change"]["actions"] for one in plan["resource_changes"] if "deposed" not in one}
        shown = {one["change"]["before"]["id"] for one in plan["resource_changes"] if "delete" in one["change"]["actions"]}
        assert before.keys() - after.keys() == shown & before.keys()
        managed = {record["id"] for record in now.values()}
        assert len(managed) == len(now)
        for unmanaged in after.keys() - managed:
            assert after[unmanaged] == before[unmanaged]
        kept = {one["address"]: one for one in plan["reconciler"]["kept"]}
        assert now.keys() == self.wanted.keys() | {one for one in kept if one not in self.wanted}
        for address, spec in self.wanted.items():
            self.as_wanted(address, spec, after[now[address]["id"]], kept.get(address))
            former = spec.get("lifecycle", {}).get("renamedFrom", address)
            old = records.get(address) or records.get(former)
            if old and changes.get(address, ["no-op"]) in (["no-op"], ["update"]) and old["id"] in before:
                assert now[address]["id"] == old["id"]
        claimed = self.wanted.keys() | {spec.get("lifecycle", {}).get("renamedFrom") for spec in self.wanted.values()}
        for address, record in records.items():
            rules = record["lifecycle"]
            guarded = rules["prevent_destroy"] and rules["on_removal"] == "destroy" and address not in claimed
            if guarded and record["id"] in before:
                assert after.get(record["id"]) == before[record["id"]]
                assert now[address]["id"] == record["id"]
        left = self.planned()
        lifted = {address for address in kept if address in self.wanted}  # an apply lifts a protection, the next goes on
        assert {one["address"] for one in left["reconciler"]["changes"]} <= lifted
        assert not left["errored"]

    def as_wanted(self, address: str, spec: dict[str, Any], live: dict[str, Any], kept: dict[str, Any] | None) -> None:
        """Name, description and project are the manifest's, but for what it ignores or what is protected from a replace."""
        lifecycle = spec.get("lifecycle", {})
        ignored = lifecycle.get("ignoreChanges", ())
        if kept and self.project(live) != spec.get("project"):
            return
        assert self.project(live) == spec.get("project")
        if "name" not in ignored:
            assert live["name"] == spec.get("name", address)
        if "description" not in ignored:
            assert (live["description"] or "") == spec.get("description", "")
        assert live["credentials"]["instanceUrl"] == HOST

    # -- looking -------------------------------------------------------------------------------------------------

    def planned(self, *options: str) -> dict[str, Any]:
        """The JSON plan."""
        assert self.run("plan", "--format", "json", *options) in {0, 1, 4}
        found: dict[str, Any] = json.loads(self.run.printed[-2])
        return found

    def world(self) -> dict[str, dict[str, Any]]:
        """Every connection of every app, by id."""
        return {str(one["id"]): dict(one) for one in self.server.connections()}

    def project(self, one: dict[str, Any]) -> str | None:
        """The slug of a connection's project."""
        return one["project"]["slug"] if one.get("project") else None

    def records(self) -> dict[str, Any]:
        """What is recorded, by address."""
        found: dict[str, Any] = self.stack.state()["records"] if self.state_file.exists() else {}
        return found

    @property
    def state_file(self) -> Path:
        """Where the state is."""
        return self.stack.folder / ".reconciler/state.json"

    def everything(self) -> tuple[Any, ...]:
        """The world and the state, to the byte."""
        return self.world(), self.state_file.read_bytes() if self.state_file.exists() else None

    def recorded_and_there(self, which: int) -> str | None:
        """The id of a recorded connection that is there, None when there is none."""
        world = self.world()
        there = {address: record["id"] for address, record in self.records().items() if record["id"] in world}
        return str(there[pick(there, which)]) if there else None

    def write(self) -> None:
        """Make the manifests exactly what is wanted; an empty file when that is nothing."""
        folder = self.stack.folder / "connections"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        (folder / "none.yaml").write_text("# nothing\n")
        taken: set[tuple[str | None, str]] = set()
        for address, spec in sorted(self.wanted.items()):
            if (spec.get("project"), spec.get("name", address)) in taken:
                spec.pop("name", None)  # two manifests of one name are invalid, and plan nothing
            if (spec.get("project"), spec.get("name", address)) in taken:
                del self.wanted[address]
                continue
            taken.add((spec.get("project"), spec.get("name", address)))
            credentials: dict[str, Any] = {"consumerKey": {"fromFile": "key.txt"}, "consumerSecret": {"fromFile": "secret.txt"}}
            credentials |= {"version": spec["version"]} if "version" in spec else {}
            metadata = {"labels": {"team": spec["team"]}} if "team" in spec else {}
            rest = {key: spec[key] for key in ("project", "description", "name") if spec.get(key)}
            self.stack.manifest(address, credentials=credentials, metadata=metadata, lifecycle=spec.get("lifecycle"), **rest)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all lives; its org takes every pair of values."""
    folder = tmp_path_factory.mktemp("machine")
    apps = [{"consumerKey": key, "consumerSecret": secret, "runAs": "integration@acme.example"} for key, secret in VALUES]
    document = {"apiVersion": "reconciler/v1", "kind": "SimulatedSalesforceOrgs", "orgs": [{"host": HOST, "apps": apps}]}
    (folder / "orgs.yaml").write_text(yaml.safe_dump(document))
    with serve(folder, folder / "orgs.yaml", PROJECTS) as server:
        yield server


@pytest.mark.timeout(0)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_after_every_apply_the_world_is_what_the_manifests_say(served: Server) -> None:
    blind = Permissions(frozenset(), {"crm": Membership(frozenset(), frozenset())})
    made = embedded.create_identity(served.database, f"blind-{uuid.uuid4().hex}", blind)
    Life.server = served
    Life.stranger = {
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": made.client_id,
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": made.client_secret,
    }
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=EXAMPLES,
            phases=[Phase.explicit, Phase.generate],  # shrinking a life takes longer than reading it
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
