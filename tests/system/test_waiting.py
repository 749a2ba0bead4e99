"""What somebody at a terminal, and a program, see of a run that waits."""

import json
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest
from filelock import FileLock

from tests.stacks import Stack
from tests.system.test_serve import Serving, serve

LIMITED = "Waiting: Infisical allows no more requests for now (HTTP 429). reconciler goes on in "
CREATES = 6


def stack_at(served: Serving, folder: Path) -> Stack:
    stack = Stack.at(
        folder,
        served.told["url"],
        {
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": served.told["clientId"],
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": served.told["clientSecret"],
            "RECONCILER_SALESFORCE_ENDPOINT": served.told["salesforceUrl"],
        },
    )
    for number in range(CREATES):
        stack.manifest(f"c{number}", project="crm")
    return stack


def test_a_rate_limit_is_said_once_a_pause_on_standard_error(tmp_path: Path) -> None:
    """Six creates, of which the API takes four in five seconds, then four more."""
    with serve(tmp_path, "--project", "crm", "--write-limit", "4", "--limit-window", "5") as served:
        stack = stack_at(served, tmp_path / "stack")
        ran = stack.run("apply", "--auto-approve")
    assert (ran.code, "6 created" in ran.out) == (0, True), ran.all
    (line,) = [line for line in ran.err.splitlines() if line.startswith("Waiting:")]
    assert line.startswith(LIMITED)
    assert 3 <= int(line.removeprefix(LIMITED).removesuffix(" s.")) <= 5
    assert "Waiting" not in ran.out


def test_a_program_gets_it_as_a_line_of_json_too(tmp_path: Path) -> None:
    with serve(tmp_path, "--project", "crm", "--write-limit", "4", "--limit-window", "5") as served:
        stack = stack_at(served, tmp_path / "stack")
        ran = stack.run("apply", "--auto-approve", "--format", "json")
    assert ran.code == 0, ran.all
    lines = [json.loads(line) for line in ran.out.splitlines()]
    (line,) = [line for line in lines if line["type"] == "waiting"]
    assert f"Waiting: {line['@message']}" in ran.err.splitlines()
    assert (line["waiting"]["reason"], line["waiting"]["status"]) == ("rate-limit", 429)
    assert 2 < line["waiting"]["seconds"] <= 5


def test_at_a_terminal_the_progress_bar_makes_room_for_it(tmp_path: Path) -> None:
    import pty
    import termios

    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    with serve(tmp_path, "--project", "crm", "--write-limit", "4", "--limit-window", "5") as served:
        stack = stack_at(served, tmp_path / "stack")
        process = stack.popen("apply", "--auto-approve", stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # Linux says EIO once the other end of a terminal is closed
            while chunk := os.read(controller, 4096):
                shown += chunk
        os.close(controller)
        assert process.wait(30) == 0
    before, _, after = shown.decode().partition("\x1b[33mWaiting:\x1b[0m")
    *_, bar, wiped, _ = before.rpartition("\n")[2].split("\r")
    assert (bar[1:4], wiped.strip()) == ("/6 ", ""), before
    assert after.startswith(LIMITED.removeprefix("Waiting:"))


def test_reading_is_limited_too_and_a_plan_says_it(tmp_path: Path) -> None:
    with serve(tmp_path, "--project", "crm", "--read-limit", "1", "--limit-window", "6") as served:
        stack = stack_at(served, tmp_path / "stack")
        first, second = (stack.run("plan", "--format", "json") for _ in range(2))
    assert (first.code, second.code) == (0, 0), first.all + second.all
    assert LIMITED in second.err
    assert second.json["applyable"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_lock_of_another_run_is_waited_for_with_a_word(stack: Stack, form: str) -> None:
    stack.manifest("crm")
    (stack.folder / ".reconciler").mkdir()
    began = time.monotonic()
    with FileLock(stack.folder / ".reconciler/state.json.lock"):
        ran = stack.run("apply", "--auto-approve", "--lock-timeout", "4", "--format", form)
    assert (ran.code, time.monotonic() - began > 4) == (6, True)
    said, _, left = ran.err.splitlines()[0].partition(" reconciler waits up to ")
    assert said == f"Waiting: The state {stack.folder}/.reconciler/state.json is locked: another run."
    assert left in {"2 s for it.", "1 s for it."}
    if form == "json":
        first, second, *_ = (json.loads(line) for line in ran.out.splitlines())
        assert (first["type"], second["type"], second["waiting"]["reason"]) == ("version", "waiting", "state-lock")


def test_no_word_is_lost_on_a_lock_that_is_not_waited_for(stack: Stack) -> None:
    stack.manifest("crm")
    (stack.folder / ".reconciler").mkdir()
    with FileLock(stack.folder / ".reconciler/state.json.lock"):
        ran = stack.run("state", "rm", "crm", "--lock-timeout", "1")
    assert (ran.code, "Waiting" in ran.all) == (6, False)
