"""The table in reconciler/cli/effects.py is true: every command is run, and does what its row says, and nothing else."""

import inspect
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from filelock import FileLock

from reconciler.cli.effects import EFFECTS, StateUse
from reconciler.cli.exits import CHANGES, INVALID, LEFT, LOCKED, PARTIAL, STALE
from reconciler.cli.main import cli
from tests.stacks import KEY, SECRET, Stack

ARGUMENTS = {
    "apply": "--auto-approve",
    "destroy": "--auto-approve --allow-deletes 1",
    "login": "--check",
    "export": "--out exported",
    "state show": "crm",
    "state rm": "crm",
    "state mv": "crm other",
    "state push": "copy.json",
}
NOWHERE = "http://127.0.0.1:9"


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        elif command is not None:
            yield " ".join((*path, name)), command


COMMANDS = dict(_commands(cli))
OF_A_STACK = [name for name, command in COMMANDS.items() if any(one.name == "chdir" for one in command.params)]
in_a_stack = pytest.mark.parametrize("name", OF_A_STACK)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stack with one applied connection, one that is not applied yet, and a copy of its state."""
    stack = Stack.embedded(tmp_path_factory.mktemp("original"))
    stack.manifest("crm", project="crm")
    stack.apply()
    reference = {"consumerKey": {"fromEnv": "NEW_KEY"}, "consumerSecret": {"fromEnv": "NEW_SECRET"}}
    stack.manifest("new", project="crm", credentials=reference)
    (stack.folder / "copy.json").write_bytes((stack.folder / ".reconciler/state.json").read_bytes())
    return stack.folder


@pytest.fixture
def applied(original: Path, tmp_path: Path) -> Stack:
    """A stack of its own for every test, copied from the one that was applied once."""
    return Stack(shutil.copytree(original, tmp_path / "stack"))


def _words(name: str) -> list[str]:
    return [*name.split(), *ARGUMENTS.get(name, "").split()]


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    assert sorted(EFFECTS) == sorted(COMMANDS)


def test_a_command_without_a_stack_touches_no_state_no_infisical_and_no_salesforce() -> None:
    for name in COMMANDS.keys() - OF_A_STACK:
        row = EFFECTS[name]
        assert (row.state, row.calls_infisical, row.asks_salesforce, row.reads_values) == (StateUse.NONE, False, False, False)
        assert LEFT not in row.codes


@in_a_stack
def test_only_a_command_that_writes_the_state_locks_it(applied: Stack, name: str) -> None:
    with FileLock(applied.folder / ".reconciler/state.json.lock"):
        ran = applied.run(*_words(name), NEW_KEY=KEY, NEW_SECRET=SECRET)
    assert (ran.code == LOCKED) is (EFFECTS[name].state is StateUse.WRITES), ran.all
    assert (LOCKED in EFFECTS[name].codes) is (EFFECTS[name].state is StateUse.WRITES)


@in_a_stack
def test_only_a_command_that_says_so_writes_the_state(applied: Stack, name: str) -> None:
    before = applied.state()
    applied.run(*_words(name), NEW_KEY=KEY, NEW_SECRET=SECRET)
    assert (applied.state() != before) is (EFFECTS[name].state is StateUse.WRITES)


@in_a_stack
def test_only_a_command_that_says_so_calls_infisical(applied: Stack, name: str) -> None:
    applied.configure(infisical={"url": NOWHERE})
    ran = applied.run(*_words(name), INFISICAL_TOKEN="token", RECONCILER_SALESFORCE_ENDPOINT="http://127.0.0.1:10")
    assert ("127.0.0.1:9" in ran.all) is EFFECTS[name].calls_infisical, ran.all


@in_a_stack
def test_only_a_command_that_says_so_asks_salesforce(applied: Stack, name: str) -> None:
    applied.orgs(fault="E1")
    ran = applied.run(*_words(name), NEW_KEY=KEY, NEW_SECRET=SECRET)
    assert ("(E1)" in ran.all) is EFFECTS[name].asks_salesforce, ran.all


@in_a_stack
def test_only_a_command_that_says_so_reads_values(applied: Stack, name: str) -> None:
    ran = applied.run(*_words(name))
    assert (re.search(r"NEW_KEY\s+is\s+not\s+set", ran.all) is not None) is EFFECTS[name].reads_values, ran.all


@in_a_stack
def test_a_command_of_a_stack_exits_with_3_for_an_invalid_configuration_and_with_4_without_the_trusted_one(
    applied: Stack, name: str
) -> None:
    assert applied.run(*_words(name), RECONCILER_TRUSTED_CONFIG="missing.yaml").code == LEFT
    applied.write("reconciler.yaml", "kind: Nonsense\n")
    assert applied.run(*_words(name)).code == INVALID
    assert {INVALID, LEFT} <= {*EFFECTS[name].codes}


@in_a_stack
def test_a_command_that_is_run_for_another_organisation_exits_with_a_code_of_its_row(applied: Stack, name: str) -> None:
    state = applied.state()
    state["organisation"]["id"] = "00000000-0000-4000-8000-00000000abcd"
    (applied.folder / ".reconciler/state.json").write_text(json.dumps(state))
    code = applied.run(*_words(name), NEW_KEY=KEY, NEW_SECRET=SECRET).code
    refuses = (EFFECTS[name].calls_infisical and name != "login") or name == "state push"
    assert (code == STALE) is refuses
    assert code in EFFECTS[name].codes


@pytest.mark.parametrize("name", COMMANDS)
def test_only_a_command_that_reports_changes_has_2_and_only_one_that_applies_has_7(name: str) -> None:
    callback = COMMANDS[name].callback
    assert callback is not None
    source = inspect.getsource(inspect.unwrap(callback))
    assert (CHANGES in EFFECTS[name].codes) is ("exits.CHANGES" in source or "exits.of_plan" in source)
    assert (PARTIAL in EFFECTS[name].codes) is any(one.name == "auto_approve" for one in COMMANDS[name].params)


def test_the_rows_are_in_the_order_of_the_help() -> None:
    assert list(dict.fromkeys(name.split()[0] for name in EFFECTS)) == list(dict.fromkeys(name.split()[0] for name in COMMANDS))


def test_serve_writes_its_database_and_exits_with_3_for_wrong_orgs(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.write("orgs.yaml", "kind: Nonsense\n")
    assert stack.run("serve", "--orgs", "orgs.yaml", "--port", "0").code in EFFECTS["serve"].codes
