"""A saved plan with an end: applied before it, refused behind it with exit code 5, both times said."""

import json
import time
from pathlib import Path

import pytest

from tests.stacks import Stack


def test_a_plan_is_applied_until_it_expires(stack: Stack, tmp_path: Path) -> None:
    stack.manifest("crm")
    file = str(tmp_path / "plan.json")
    assert stack.run("plan", "--out", file, "--expires", "2h").code == 0
    assert json.loads(Path(file).read_text())["plan"]["expires_at"]
    assert stack.run("apply", file).code == 0


def test_an_expired_plan_is_refused_and_both_times_are_said(stack: Stack, tmp_path: Path) -> None:
    stack.manifest("crm")
    file = tmp_path / "plan.json"
    assert stack.run("plan", "--out", str(file), "--expires", "1s").code == 0
    until = json.loads(file.read_text())["plan"]["expires_at"]
    assert stack.run("validate").code == 0
    time.sleep(1)
    ran = stack.run("apply", str(file))
    assert ran.code == 5
    assert "The saved plan has expired." in ran.err
    assert f"It could be applied until {until}. Now it is 20" in " ".join(ran.err.split())
    assert stack.run("state", "list").out == ""


@pytest.mark.parametrize("text", ["0h", "2", "h", "-1h", "2 h", "1w", "9999999d"])
def test_what_is_no_duration_is_a_usage_error(stack: Stack, text: str) -> None:
    ran = stack.run("plan", "--out", "plan.json", f"--expires={text}")
    assert (ran.code, "is not a duration" in " ".join(ran.err.split())) == (1, True)


def test_it_needs_a_file(stack: Stack) -> None:
    stack.manifest("crm")
    ran = stack.run("plan", "--expires", "2h")
    assert (ran.code, "--expires needs --out" in ran.err) == (1, True)
