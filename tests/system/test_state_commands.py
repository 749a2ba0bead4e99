"""`state rm|mv|pull|push`: mending the state by hand, with checks."""

import json
import os
import pty
from pathlib import Path

import pytest

from tests.stacks import Stack


@pytest.fixture
def two(stack: Stack) -> Stack:
    """Two connections, one of them protected, applied."""
    stack.manifest("crm")
    stack.manifest("safe", lifecycle={"preventDestroy": True})
    stack.apply()
    return stack


def recorded(stack: Stack) -> list[str]:
    return stack.run("state", "list").out.split()


def test_rm_of_a_protected_address_wants_its_name_again(two: Stack) -> None:
    for options in ([], ["--confirm", "crm"], ["--confirm", "SAFE"]):
        ran = two.run("state", "rm", "crm", "safe", *options)
        assert (ran.code, "--confirm safe" in ran.err) == (4, True), ran.all
        assert recorded(two) == ["crm", "safe"], "all or nothing"
    assert two.run("state", "rm", "safe", "--confirm", "safe").code == 0
    assert recorded(two) == ["crm"]


@pytest.mark.parametrize(
    ("typed", "code", "left"), [("safe\n", 0, ["crm"]), ("yes\n", 4, ["crm", "safe"]), ("\n", 4, ["crm", "safe"])]
)
def test_rm_asks_at_a_terminal(two: Stack, typed: str, code: int, left: list[str]) -> None:
    ours, theirs = pty.openpty()
    process = two.popen("state", "rm", "safe", stdin=theirs)
    os.close(theirs)
    os.write(ours, typed.encode())
    _, err = process.communicate(timeout=60)
    os.close(ours)
    assert "`safe` is protected. To forget it, type its address again: " in err
    assert (process.returncode, recorded(two)) == (code, left)


def test_mv_gives_a_record_another_address_and_the_next_plan_knows_it(two: Stack) -> None:
    before = two.state()["records"]["crm"]
    ran = two.run("state", "mv", "crm", "crm-live")
    assert (ran.code, "Moved: crm -> crm-live" in ran.out) == (0, True)
    assert two.state()["records"]["crm-live"] == before
    two.remove("crm")
    two.manifest("crm-live", name="crm")
    assert two.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("nobody", "new", "There is no record of `nobody`."),
        ("crm", "safe", "The address `safe` already has a record"),
        ("crm", "crm", "The address `crm` already has a record"),
        ("crm", "Not_A_Slug", "`Not_A_Slug` is not a valid address."),
        ("crm", "x" * 65, "is not a valid address."),
    ],
)
def test_mv_that_cannot_be_changes_nothing(two: Stack, old: str, new: str, said: str) -> None:
    before = two.state()
    ran = two.run("state", "mv", old, new)
    assert (ran.code, said in " ".join(ran.err.split())) == (1, True), ran.all
    assert two.state() == before


def test_pull_gives_what_is_stored_and_push_stores_it_under_a_new_serial(two: Stack, tmp_path: Path) -> None:
    pulled = two.run("state", "pull")
    assert (pulled.code, pulled.json) == (0, two.state())
    file = tmp_path / "state.json"
    file.write_text(pulled.out)
    ran = two.run("state", "push", str(file))
    assert (ran.code, ran.out) == (0, f"Stored: 2 records, serial {pulled.json['serial'] + 1}.\n")
    assert two.state() == pulled.json | {"serial": pulled.json["serial"] + 1}
    assert two.run("plan", "--detailed-exitcode").code == 0


def pushed(stack: Stack, document: object, *options: str) -> tuple[int, str]:
    process = stack.popen("state", "push", "-", *options, stdin=-1)
    _, err = process.communicate(document if isinstance(document, str) else json.dumps(document), timeout=60)
    return process.returncode, " ".join(err.split())


def test_push_of_another_or_older_state_is_refused_with_both_sides(two: Stack) -> None:
    before = two.state()
    older = before | {"serial": before["serial"] - 1}
    other = before | {"lineage": "another", "organisation": {"id": "theirs", "name": "Theirs"}}
    code, said = pushed(two, older)
    assert (
        code,
        f"The serial does not match the stored state. Yours: {older['serial']}. Stored: {before['serial']}." in said,
    ) == (5, True)
    code, said = pushed(two, other)
    assert (code, "Yours: another." in said, "Yours: theirs." in said) == (5, True, True)
    assert two.state() == before
    assert pushed(two, older, "--force")[0] == 0
    assert two.state()["serial"] == before["serial"] + 1, "a document stored is always a new one"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "it is empty"),
        ('{"format_version": "1.0", "lin', "is not JSON"),
        ({"format_version": "2.0"}, "has format 2.0"),
        ({"format_version": "1.0"}, "the document lacks `lineage`"),
        ([], "it is not a JSON object"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--force"]])
def test_push_of_what_is_no_whole_state_is_refused_whatever_is_forced(
    two: Stack, document: object, said: str, options: list[str]
) -> None:
    before = two.state()
    code, told = pushed(two, document, *options)
    assert (code, said in told) == (1, True), told
    assert two.state() == before


def test_push_does_not_forget_an_interrupted_apply(two: Stack) -> None:
    before = two.state()
    intent = {"verb": "delete", "address": "crm", "connection_id": "x", "record": None, "sends_credentials": False, "since": ""}
    stored = before | {"intents": [intent]}
    (two.folder / ".reconciler/state.json").write_text(json.dumps(stored))
    code, said = pushed(two, before)
    assert (code, "An apply of `crm` was interrupted" in said) == (5, True), said
    code = two.run("state", "mv", "crm", "new").code
    assert code == 1


def test_pull_before_the_first_apply_says_that_there_is_none(stack: Stack) -> None:
    ran = stack.run("state", "pull")
    assert (ran.code, "There is no state yet." in ran.err) == (1, True)


def test_push_into_nothing_is_how_a_state_moves_house(two: Stack, tmp_path: Path) -> None:
    document = two.state()
    (two.folder / ".reconciler/state.json").unlink()
    assert pushed(two, document) == (0, "")
    assert two.run("plan", "--detailed-exitcode").code == 0
