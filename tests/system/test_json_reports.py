"""What every command prints with `--format json` fits its schema, with no key beyond it, and follows one convention."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler import schemas
from reconciler.reports import JsonReport
from reconciler.reports.versions import VERSIONS
from tests.reports.cases import CASES, Case
from tests.reports.test_goldens import EVENTS, OUTCOME, everything
from tests.reports.test_waiting import LIMITED
from tests.serving import ROOT
from tests.stacks import Ran, Stack

DATA = {"labels", "parts"}
"""Keys whose value is an object with keys that are data, and no names of ours."""


def strict(schema: Any) -> Any:
    """The schema, with no key allowed that it does not describe."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def fits(name: str, document: Any) -> None:
    Draft202012Validator(strict(schemas.load(name))).validate(document)
    assert [key for key in keys(document) if not re.fullmatch(r"@?[a-z][a-z0-9_]*", key)] == []


def keys(document: Any) -> Iterator[str]:
    """Every key in a document, but those that are data."""
    if isinstance(document, list):
        for item in document:
            yield from keys(item)
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            if key not in DATA:
                yield from keys(value)


def lines_fit(text: str) -> list[str]:
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        fits("apply-events", line)
    return [line["type"] for line in lines]


def report(stack: Stack, name: str, *arguments: str, code: int = 0, **environ: str) -> Any:
    """Run a command with `--format json`, and check what it prints."""
    ran: Ran = stack.run(*arguments, "--format", "json", **environ)
    assert ran.code == code, ran.all
    fits(name, ran.json)
    assert ran.json["format_version"] == VERSIONS[name]
    return ran.json


@pytest.fixture
def applied(stack: Stack) -> Stack:
    """A stack with two connections, one of them labelled and protected."""
    labels = {"labels": {"team": "crm"}}
    stack.manifest("crm", project="crm", metadata=labels, lifecycle={"preventDestroy": True}, description="Kunden 顧客")
    stack.manifest("other")
    stack.apply()
    return stack


@pytest.fixture
def with_app(stack: Stack) -> Stack:
    stack.manifest("crm")
    spec = {"label": "CRM", "apiName": "CRM", "contactEmail": "crm@acme.example", "callbackUrl": "https://localhost"}
    spec |= {"policies": {"runAs": "infisical@acme.example.crm"}, "connections": ["crm"]}  # type: ignore[dict-item]
    app = {"apiVersion": "reconciler/v1", "kind": "ExternalClientApp", "metadata": {"name": "app"}, "spec": spec}
    stack.write("connections/app.yaml", yaml.safe_dump(app))
    return stack


def test_every_report_has_a_version_and_a_schema() -> None:
    there = {path.name.removesuffix(".schema.json") for path in (ROOT / "schemas").glob("*.json")}
    assert {name for name in there if name.endswith(("-report", "-events"))} == set(VERSIONS)


@pytest.mark.parametrize("shape", ["diagnostic", "organization", "project", "attributes", "resource_drift"])
def test_a_shape_is_the_same_in_every_schema(shape: str) -> None:
    shapes = [found for name in VERSIONS if (found := schemas.load(name)["$defs"].get(shape))]
    assert len(shapes) > 1
    assert all(found == shapes[0] for found in shapes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_of_every_row(case: Case) -> None:
    fits("plan-report", json.loads(JsonReport().plan(case.plan())))


def test_every_kind_of_line() -> None:
    lines = JsonReport()
    text = lines.begun() + lines.planned(everything()) + lines.outcome(everything(), OUTCOME)
    shown = lines_fit(text + "".join(lines.event(event) for event in (*EVENTS, LIMITED)))
    assert set(shown) == set(schemas.load("apply-events")["properties"]["type"]["enum"])


def test_plan_and_show(applied: Stack) -> None:
    applied.manifest("new", description="new")
    applied.remove("other")
    planned = report(applied, "plan-report", "plan", "--out", "plan.json")
    assert set(planned["reconciler"]["organization"]) == {"id", "name"}
    assert "organisation" not in json.dumps(planned)
    report(applied, "plan-report", "show", "plan.json")
    stopped = report(applied, "plan-report", "show", "nothing.json", code=1)
    assert (stopped["errored"], "resource_changes" in stopped) == (True, False)


def test_apply_and_destroy(stack: Stack) -> None:
    stack.manifest("crm")
    stack.manifest("broken", credentials={"instanceUrl": "unknown.my.salesforce.com"})
    lines_fit(stack.run("apply", "--auto-approve", "--format", "json").out)
    stack.remove("broken")
    assert lines_fit(stack.run("apply", "--auto-approve", "--format", "json").out)[-1] == "change_summary"
    assert lines_fit(stack.run("destroy", "--auto-approve", "--allow-deletes", "1", "--format", "json").out)
    assert lines_fit(stack.run("apply", "nothing.json", "--format", "json").out) == ["diagnostic"]


def test_validate(applied: Stack) -> None:
    assert report(applied, "validate-report", "validate")["valid"] is True
    applied.manifest("wrong", project=7)
    assert report(applied, "validate-report", "validate", code=3)["error_count"] == 1
    applied.write("reconciler.yaml", "kind: [")
    assert report(applied, "validate-report", "validate", code=3)["valid"] is False


def test_drift(applied: Stack) -> None:
    assert report(applied, "drift-report", "drift")["drift"] is False
    drifted = report(applied, "drift-report", "drift", code=2, CRM_SECRET="a-new-value-0001")
    fields = {"address": "crm", "fields": ["consumerSecret"]}
    assert fields in drifted["changed_at_the_source"]
    applied.write("reconciler.yaml", "kind: [")
    assert report(applied, "stopped-report", "drift", code=3)["errored"] is True


def test_export(applied: Stack) -> None:
    exported = report(applied, "export-report", "export", "--out", "exported")
    assert exported["files"] == ["exported/other.yaml", "exported/crm.yaml"]
    report(applied, "stopped-report", "export", "--out", "exported", code=1)


def test_login(applied: Stack) -> None:
    login = report(applied, "login-report", "login", "--check", "--for", "apply")
    assert (login["purpose"], login["enough"], login["errored"]) == ("apply", True, False)
    applied.manifest("lost", project="nowhere")
    assert report(applied, "login-report", "login", "--check", code=1)["errored"] is True


def test_salesforce_check(applied: Stack) -> None:
    assert report(applied, "salesforce-check-report", "salesforce", "check")["valid"] is True
    wrong = report(applied, "salesforce-check-report", "salesforce", "check", code=1, CRM_SECRET="a-wrong-value-0001")
    assert [problem["name"] for problem in wrong["connections"][0]["problems"]] == ["E4"]
    report(applied, "stopped-report", "salesforce", "check", "nobody", code=1)


def test_salesforce_metadata(with_app: Stack) -> None:
    written = report(with_app, "salesforce-metadata-report", "salesforce", "metadata", "--out", "project")
    assert (written["folder"], "README.md" in written["files"]) == ("project", True)
    compared = report(with_app, "salesforce-metadata-check-report", "salesforce", "metadata", "--check", "project")
    assert (compared["apps"], compared["differences"]) == (["app"], [])
    next((with_app.folder / "project").rglob("*.ecaPlcy-meta.xml")).unlink()
    report(with_app, "salesforce-metadata-check-report", "salesforce", "metadata", "--check", "project", code=2)
    report(with_app, "stopped-report", "salesforce", "metadata", "nobody", code=1)


def test_state(applied: Stack) -> None:
    listed = report(applied, "state-list-report", "state", "list")
    assert [each["address"] for each in listed["connections"]] == ["crm", "other"]
    shown = report(applied, "state-show-report", "state", "show", "crm")
    assert (shown["project"]["slug"], shown["lifecycle"]["prevent_destroy"], shown["fingerprinted"]) == ("crm", True, True)
    record = applied.state()["records"]["crm"]
    fingerprints = record["fingerprints"].values()
    assert record["id"] == shown["id"]
    assert not any(fingerprint in json.dumps(shown) for fingerprint in fingerprints)
    moved = report(applied, "state-mv-report", "state", "mv", "other", "another")
    assert (moved["old_address"], moved["address"]) == ("other", "another")
    removed = report(applied, "state-rm-report", "state", "rm", "another")
    assert removed["forgotten"] == [{"address": "another", "id": moved["id"]}]
    applied.write("pulled.json", applied.run("state", "pull").out)
    assert report(applied, "state-push-report", "state", "push", "pulled.json")["recorded"] == 1
    report(applied, "stopped-report", "state", "rm", "crm", code=4)
    report(applied, "stopped-report", "state", "show", "nobody", code=1)


def test_the_state_before_the_first_apply(stack: Stack) -> None:
    listed = report(stack, "state-list-report", "state", "list")
    assert (listed["connections"], listed["lineage"], listed["organization"]) == ([], None, None)


def test_version(stack: Stack) -> None:
    version = report(stack, "version-report", "version")
    assert version["formats"]["plan_report"] == VERSIONS["plan-report"]
