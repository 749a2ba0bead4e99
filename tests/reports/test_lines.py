"""The fields of a change as values: what is shown of labels and of rules of the lifecycle, those of tomorrow included."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from reconciler.model import Action, Lifecycle, OnRemoval
from reconciler.model.action import LABELS, LIFECYCLE
from reconciler.planning import Change, Decisions, wanted
from reconciler.reports import MarkdownReport, Style, TextReport
from reconciler.reports.lines import Line, Mark, change_lines
from tests.planning.world import CRM, plan_of
from tests.planning.world import wanted as manifest


@dataclass(frozen=True)
class Tomorrow(Lifecycle):
    """A lifecycle with rules that reports know nothing of."""

    rotation: tuple[tuple[str, Any], ...] = ()
    notify_team: str | None = None

    def lasting(self) -> dict[str, Any]:
        """See `Lifecycle.lasting`."""
        rotation = dict(self.rotation) or None
        return Lifecycle.lasting(self) | {"rotation": rotation, "notify_team": self.notify_team}


def change(*fields: str, before: dict[str, Any], after: dict[str, Any]) -> Change:
    attributes = wanted(manifest(), CRM)
    return Change("crm", Action.RECORD, before=replace(attributes, **before), after=replace(attributes, **after), fields=fields)


def lifecycle(before: Lifecycle, after: Lifecycle) -> list[tuple[str, str]]:
    lines = change_lines(change(LIFECYCLE, before={"lifecycle": before}, after={"lifecycle": after}))
    assert {line.mark for line in lines} == {Mark.CHANGED}
    return [(line.label, line.text) for line in lines]


def test_rules_that_change_are_shown_under_the_names_of_the_manifest_in_its_order() -> None:
    after = Lifecycle(prevent_destroy=True, on_removal=OnRemoval.RETAIN, ignore_changes=("name", "description"), adopt=True)
    assert lifecycle(Lifecycle(), after) == [
        ("preventDestroy", "false -> true"),
        ("onRemoval", "destroy -> retain"),
        ("ignoreChanges", "none -> name, description"),
    ]


def test_a_rule_that_reports_do_not_know_is_shown_like_any_other() -> None:
    before, after = Tomorrow(), Tomorrow(rotation=(("every", "90d"), ("retire_after", "7d")), notify_team="crm\x1b[2J")
    assert lifecycle(before, after) == [
        ("rotation", "none -> every: 90d, retireAfter: 7d"),
        ("notifyTeam", "none -> crm\\x1b[2J"),
    ]
    assert lifecycle(after, replace(after, rotation=(("every", "30d"), ("retire_after", "7d")))) == [
        ("rotation.every", "90d -> 30d")
    ]


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ({}, {"team": "crm", "tier": "critical"}, "none -> team=crm, tier=critical"),
        ({"team": "crm"}, {}, "team=crm -> none"),
        ({"team": "crm", "tier": "low"}, {"team": "crm", "tier": "high"}, "tier=low -> tier=high"),
        ({"team": "crm"}, {"team": "crm", "tier": "high"}, "no tier -> tier=high"),
        ({"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4"}, "a=1, c=3 -> no a, c=4"),
    ],
)
def test_labels_that_stay_are_left_out(before: dict[str, str], after: dict[str, str], text: str) -> None:
    (line,) = change_lines(change(LABELS, before={"labels": before}, after={"labels": after}))
    assert (line.label, line.text) == ("labels", text)


def test_both_formats_lay_out_the_same_lines() -> None:
    old, new = {"labels": {"team": "crm"}}, {"labels": {"team": "sales"}, "lifecycle": Lifecycle(prevent_destroy=True)}
    made = change(LABELS, LIFECYCLE, before=old, after=new)
    assert change_lines(made) == (
        Line(Mark.CHANGED, "labels", "team=sales", "team=crm"),
        Line(Mark.CHANGED, "preventDestroy", "true", "false"),
    )
    plan = plan_of(Decisions([made]))
    text, markdown = TextReport(Style()).plan(plan), MarkdownReport().plan(plan)
    assert "      ~ labels         = team=crm -> team=sales\n      ~ preventDestroy = false -> true\n" in text
    assert "\n! labels         = team=crm -> team=sales\n! preventDestroy = false -> true\n" in markdown
