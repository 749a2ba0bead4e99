"""What people and programs read, whole. `UPDATE_GOLDENS=1 make test` writes the files anew; read the difference."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model import (
    Action,
    ApplyEvent,
    ChangeFailed,
    ChangeFinished,
    ChangeNotTried,
    ChangeStarted,
    Lifecycle,
    Location,
    OnRemoval,
    Outcome,
    ProjectRef,
    Reason,
    Why,
    error,
    warning,
)
from reconciler.planning import Plan
from reconciler.reports import JsonReport, MarkdownReport, Style, TextReport
from tests.planning.world import MOVED, OTHER_VALUES, decided, live, plan_of, recorded, wanted

GOLDEN = Path(__file__).parent / "golden"
LONG = "The production org of Acme, which every team uses; ask the CRM team before you change anything about it, and tell " * 2


def everything() -> Plan:
    """A plan with every action, reason and section in it."""
    desired = [
        wanted("adopted", lifecycle=Lifecycle(adopt=True), description="ours"),
        wanted("created", project=ProjectRef("slug", "crm"), description="Production 🚀", version="2026-11"),
        wanted("described", description=LONG.strip(), labels={"team": "crm", "tier": "critical"}),
        wanted("gone"),
        wanted("held"),
        wanted("moved", project=ProjectRef("slug", "crm")),
        wanted("protected-move", project=ProjectRef("slug", "crm"), lifecycle=Lifecycle(prevent_destroy=True)),
        wanted("reasserted"),
        wanted("rotated", instance_url="acme--uat.sandbox.my.salesforce.com"),
        wanted("renamed", name="former", lifecycle=Lifecycle(renamed_from="former", prevent_destroy=True)),
        wanted("unknown"),
        wanted("untouched"),
    ]
    names = ["described", "gone", "held", "moved", "protected-move", "reasserted", "rotated", "former", "unknown", "untouched"]
    names += ["removed", "protected", "retained"]
    records = [recorded(one) for one in names]
    records[-2] = replace(records[-2], lifecycle=Lifecycle(prevent_destroy=True))
    records[-1] = replace(records[-1], lifecycle=Lifecycle(on_removal=OnRemoval.RETAIN))
    moved = {"held", "reasserted"}
    present = [live(one, credentials_hash=MOVED) if one in moved else live(one) for one in names if one != "gone"]
    present = [replace(one, description="edited by hand\x1b[31m") if one.name == "described" else one for one in present]
    present += [live("adopted", id="theirs"), live("nobody", id="unmanaged")]
    values = {"unknown": None, "rotated": OTHER_VALUES}
    decisions = decided(desired, records, present, values=values, reassert=frozenset({"reasserted"}))
    missing = warning(
        "`unknown` has no consumerKey: the variable CRM_KEY is not set.",
        location=Location("connections/unknown.yaml", 9, 30),
        hint="set CRM_KEY before the run",
    )
    return plan_of(decisions, diagnostics=(missing,))


def nothing() -> Plan:
    """A plan without changes."""
    return plan_of(decided([wanted()], [recorded()], [live()]))


OUTCOME = Outcome(
    done=(ChangeFinished("created", Action.CREATE, 1.234, "id-1"), ChangeFinished("removed", Action.DELETE, 0.05, "id-2")),
    failed=(
        ChangeFailed(
            "rotated",
            Action.UPDATE,
            2.5,
            error(
                "Could not update rotated.",
                detail="Infisical says: Failed to validate credentials (400, request req-abcdefghijklmn)",
                location=Location("connections/rotated.yaml", 4, 9),
                hint="check key and secret",
                address="rotated",
            ),
        ),
    ),
    not_tried=(ChangeNotTried("moved", Action.REPLACE, Reason(Why.RUN_STOPPED)),),
)
EVENTS: tuple[ApplyEvent, ...] = (ChangeStarted("created", Action.CREATE), *OUTCOME.done, *OUTCOME.failed, *OUTCOME.not_tried)


def _json_lines(plan: Plan) -> str:
    report = JsonReport()
    lines = (
        report.begun() + report.planned(plan) + "".join(report.event(event) for event in EVENTS) + report.outcome(plan, OUTCOME)
    )
    shown = [json.loads(line) | {"@timestamp": "-"} for line in lines.splitlines()]
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in shown)


def _text_events(report: TextReport) -> str:
    return "".join(report.event(event) for event in EVENTS) + report.outcome(everything(), OUTCOME)


PLAIN, COLOUR = TextReport(Style()), TextReport(Style(colour=True))
CASES = {
    "plan.txt": lambda: PLAIN.plan(everything()),
    "plan-colour.txt": lambda: COLOUR.plan(everything()),
    "plan-none.txt": lambda: PLAIN.plan(nothing()),
    "plan.md": lambda: MarkdownReport().plan(everything()),
    "plan-none.md": lambda: MarkdownReport().plan(nothing()),
    "plan.json": lambda: JsonReport().plan(everything()),
    "apply.txt": lambda: _text_events(PLAIN),
    "apply.jsonl": lambda: _json_lines(everything()),
    "diagnostics.json": lambda: JsonReport().plan_stopped([failure.diagnostic for failure in OUTCOME.failed]),
}


@pytest.mark.parametrize("name", CASES)
def test_it_reads_as_the_golden_file_does(name: str) -> None:
    shown, path = CASES[name](), GOLDEN / name
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["plan.txt", "plan-none.txt", "apply.txt"])
def test_text_fits_eighty_columns(name: str) -> None:
    assert [line for line in CASES[name]().splitlines() if len(line) > 80] == []


def test_without_colour_there_is_no_escape_sequence_not_even_one_from_infisical() -> None:
    assert "\x1b" not in PLAIN.plan(everything())
    assert "edited by hand\\x1b[31m" in PLAIN.plan(everything())


def test_the_json_plan_never_has_a_key_or_secret_and_says_which_are_sensitive() -> None:
    plan = json.loads(JsonReport().plan(everything()))
    for one in plan["resource_changes"]:
        for side in ("before", "after"):
            found = one["change"][side]
            if found is not None:
                assert (found["credentials"]["consumer_key"], found["credentials"]["consumer_secret"]) == (None, None)
                assert one["change"][f"{side}_sensitive"] == {"credentials": {"consumer_key": True, "consumer_secret": True}}


def test_every_action_has_terraforms_words() -> None:
    plan = json.loads(JsonReport().plan(everything()))
    actions = {one["name"]: one["change"]["actions"] for one in plan["resource_changes"]}
    assert actions == {
        "adopted": ["update"],
        "created": ["create"],
        "described": ["update"],
        "gone": ["create"],
        "held": ["no-op"],
        "moved": ["create", "delete"],
        "protected-move": ["no-op"],
        "reasserted": ["update"],
        "removed": ["delete"],
        "renamed": ["no-op"],
        "retained": ["forget"],
        "rotated": ["update"],
        "unknown": ["update"],
        "untouched": ["no-op"],
    }
    assert next(one for one in plan["resource_changes"] if one["name"] == "adopted")["change"]["importing"] == {"id": "theirs"}
