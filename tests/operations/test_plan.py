"""Keeping a plan: it is written whole or not at all, and takes the place of nothing but a plan."""

import os
from pathlib import Path

import pytest

from reconciler.model import Stop, Stopped
from reconciler.operations.plan import keep, read_plan
from tests.planning.world import decided, plan_of, wanted
from tests.workspace.disk import full_disk

PLAN = plan_of(decided([wanted()]))
OTHER = plan_of(decided([wanted(f"crm-{number}") for number in range(20)]))


def refused(out: Path) -> str:
    with pytest.raises(Stopped) as stopped:
        keep(OTHER, out)
    (problem,) = stopped.value.diagnostics
    assert (stopped.value.reason, problem.hint) == (Stop.FAILED, "choose another --out")
    return problem.summary


def test_a_plan_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    keep(PLAN, out)
    assert read_plan(out) == PLAN
    keep(OTHER, out)
    assert read_plan(out) == OTHER
    assert list(tmp_path.iterdir()) == [out]


def test_on_a_full_disk_the_earlier_plan_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    keep(PLAN, out)
    with full_disk():
        assert refused(out) == f"The plan cannot be written to {out}: File too large."
    assert read_plan(out) == PLAN
    assert list(tmp_path.iterdir()) == [out]


def test_on_a_full_disk_there_is_no_half_plan(tmp_path: Path) -> None:
    with full_disk():
        refused(tmp_path / "plan.json")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_plan_is_left_as_it_is(tmp_path: Path) -> None:
    out = tmp_path / "notes.txt"
    out.write_text("mine")
    assert refused(out) == f"{out} exists and is not a plan, so reconciler does not overwrite it."
    assert out.read_text() == "mine"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null", "pipe"])
def test_a_device_or_a_pipe_is_refused_without_being_read(tmp_path: Path, device: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    out = tmp_path / device
    assert refused(out) == f"{out} exists and is not a plan, so reconciler does not overwrite it."


def test_a_link_that_is_named_is_followed_to_a_plan_and_to_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    link, real = tmp_path / "plan.json", tmp_path / "kept" / "real.json"
    link.symlink_to(real)
    keep(PLAN, link)
    assert link.is_symlink()
    assert read_plan(real) == PLAN
    real.write_text("precious")
    assert "exists and is not a plan" in refused(link)
    assert real.read_text() == "precious"
