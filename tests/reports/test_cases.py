"""Each row of the tables as people and programs see it. `UPDATE_GOLDENS=1 make test` writes the files anew."""

import json
import os
from pathlib import Path

import pytest

from reconciler.model import Action
from reconciler.planning import encode
from reconciler.reports import JsonReport, MarkdownReport, Style, TextReport
from tests.plan_files import decode
from tests.reports.cases import CASES, Case

GOLDEN = Path(__file__).parent / "golden" / "cases"
WHOLE = ("resource_changes", "resource_drift", "applyable", "complete", "errored")
OWN = ("digest", "unmanaged", "only", "left_out", "destroy", "changes", "kept", "guarded", "diagnostics")


def shown(case: Case) -> dict[str, str]:
    """The case in each format, by the golden file's ending; of the JSON what the case is about."""
    plan = case.plan()
    document = json.loads(JsonReport().plan(plan))
    about = {key: document[key] for key in WHOLE} | {"reconciler": {key: document["reconciler"][key] for key in OWN}}
    return {
        "txt": TextReport(Style()).plan(plan),
        "json": json.dumps(about, indent=1, ensure_ascii=False) + "\n",
        "md": MarkdownReport().plan(plan),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_row_reads_as_its_golden_files_do(case: Case) -> None:
    for ending, text in shown(case).items():
        path = GOLDEN / f"{case.name}.{ending}"
        if os.environ.get("UPDATE_GOLDENS"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_kept_in_a_file_it_is_the_same_plan(case: Case) -> None:
    plan = case.plan()
    assert decode(encode(plan)) == plan


def test_every_action_is_among_them() -> None:
    decided = {change.action for case in CASES for change in (*case.plan().changes, *case.plan().unchanged)}
    assert decided == set(Action)


def test_there_is_no_golden_file_without_a_case() -> None:
    names = {f"{case.name}.{ending}" for case in CASES for ending in ("txt", "json", "md")}
    assert {path.name for path in GOLDEN.iterdir()} == names
