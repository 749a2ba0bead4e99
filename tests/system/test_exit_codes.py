"""The exit-code table, command by command."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from filelock import FileLock

from reconciler.embedded import testing
from tests.serving import Server
from tests.stacks import EMBEDDED, Stack

ALL = ("validate", "plan", "apply --auto-approve", "state list", "state show crm", "state rm crm")
READS_MANIFESTS = ("validate", "plan", "apply --auto-approve")


def code(stack: Stack, command: str, **environ: str) -> int:
    return stack.run(*command.split(), **environ).code


@pytest.fixture
def applied(stack: Stack) -> Stack:
    """A stack whose one connection is applied."""
    stack.manifest("crm", project="crm")
    stack.apply()
    return stack


@pytest.mark.parametrize("command", [*ALL, "plan --detailed-exitcode", "version", "--version", "--help", "show plan.json"])
def test_0_when_all_is_done_and_nothing_is_left(applied: Stack, command: str) -> None:
    assert applied.run("plan", "--out", "plan.json").code == 0
    assert code(applied, command) == 0


@pytest.mark.parametrize(
    "command",
    [
        *["", "nonsense", "plan --nonsense", "show", "state", "state rm", "apply a b", "plan --format x"],
        *["validate --protect-lifecycle /connections", "validate --protect-lifecycle **"],
    ],
)
def test_1_for_wrong_usage(stack: Stack, command: str) -> None:
    ran = stack.run(*command.split())
    assert ran.code == (0 if command in {"", "state"} and "Usage" in ran.out else 1)
    assert ran.all


def test_1_when_infisical_cannot_be_reached(tmp_path: object, stack: Stack) -> None:
    stack.module = "tests.hasty"
    stack.configure(infisical={"url": "http://127.0.0.1:9"})
    stack.manifest("crm")
    for command in ("plan", "apply --auto-approve"):
        ran = stack.run(*command.split(), INFISICAL_TOKEN="token")
        assert ran.code == 1
        assert "cannot be reached" in ran.err


@pytest.mark.parametrize(
    "variable", [{"ALL_PROXY": "nonsense://x"}, {"NO_PROXY": "fd00::/8", "HTTPS_PROXY": "http://127.0.0.1:9"}]
)
def test_1_when_a_proxy_variable_cannot_be_used(stack: Stack, variable: dict[str, str]) -> None:
    stack.module = "tests.hasty"
    stack.configure(infisical={"url": "https://infisical.invalid"})
    stack.manifest("crm")
    ran = stack.run("plan", INFISICAL_TOKEN="token", **variable)
    assert (ran.code, "error: Could not" in ran.err) == (1, True)


def test_1_without_anything_to_log_in_with(stack: Stack) -> None:
    stack.configure(infisical={"url": "https://infisical.example"})
    stack.manifest("crm")
    ran = stack.run("plan")
    assert (ran.code, "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID" in ran.err) == (1, True)


def test_1_when_every_change_failed_and_nothing_was_written(stack: Stack) -> None:
    stack.manifest("crm")
    stack.configure(**EMBEDDED, salesforce={"preflight": "off"})
    ran = stack.run("apply", "--auto-approve", CRM_SECRET="not-what-the-org-takes-1")
    assert ran.code == 1
    assert "Failed to validate credentials" in ran.out


def test_1_when_the_check_before_the_first_write_stops_the_apply(stack: Stack) -> None:
    stack.manifest("crm")
    ran = stack.run("apply", "--auto-approve", CRM_SECRET="not-what-the-org-takes-1")
    assert ran.code == 1
    assert "the consumer secret is wrong (E4)" in ran.err
    assert not (stack.folder / ".reconciler/state.json").exists()


@pytest.mark.parametrize("command", ["state show nobody", "state rm nobody", "show nothing.json"])
def test_1_for_what_does_not_exist(applied: Stack, command: str) -> None:
    assert code(applied, command) == 1


def test_1_for_a_value_that_is_missing_in_apply_and_a_warning_in_plan(stack: Stack) -> None:
    stack.manifest("crm")
    planned = stack.run("plan", CRM_SECRET="")
    assert planned.code == 0
    assert "warning" in planned.out
    refused = stack.run("apply", "--auto-approve", CRM_SECRET="", CRM_KEY="")
    assert refused.code == 1
    assert refused.out.count("error: `crm` has no") == 2
    assert stack.run("state", "list").out == ""


@pytest.mark.parametrize("command", ["plan", "apply --auto-approve"])
def test_1_for_a_refused_name_in_plan_and_apply_alike(stack: Stack, command: str) -> None:
    stack.manifest("crm", credentials={"consumerSecret": {"fromEnv": "GITHUB_TOKEN"}})
    ran = stack.run(*command.split(), GITHUB_TOKEN="a-token-of-the-runner-000")
    assert ran.code == 1
    assert "one of the runner's own variables" in ran.out.replace("\n  ", " ")


def test_2_for_changes_only_where_it_is_asked_for(stack: Stack) -> None:
    stack.manifest("crm")
    assert code(stack, "plan --detailed-exitcode") == 2
    assert code(stack, "plan") == 0


def test_2_is_not_for_conditional_updates_alone(applied: Stack) -> None:
    ran = applied.run("plan", "--detailed-exitcode", CRM_SECRET="")
    assert (ran.code, "Compared at apply" in ran.out) == (0, True)


@pytest.mark.parametrize("command", READS_MANIFESTS)
@pytest.mark.parametrize("broken", ["reconciler.yaml", "connections/bad.yaml"])
def test_3_for_invalid_files_and_nothing_is_planned(applied: Stack, command: str, broken: str) -> None:
    applied.write(broken, "apiVersion: reconciler/v1\nkind: Configuration\nnonsense: 1\n")
    before = applied.state()
    ran = applied.run(*command.split())
    assert ran.code == 3
    assert f"at {broken}:" in ran.err
    assert applied.state() == before


@pytest.mark.parametrize("command", ALL)
def test_3_outside_of_any_stack(tmp_path_factory: pytest.TempPathFactory, command: str) -> None:
    assert code(Stack(tmp_path_factory.mktemp("nothing")), command) == 3


def test_3_when_a_lifecycle_is_outside_the_directory_that_protects_it(stack: Stack) -> None:
    stack.manifest("crm", lifecycle={"preventDestroy": True})
    ran = stack.run("validate", "--protect-lifecycle", "connections/guarded", "--protect-lifecycle", "**/also")
    assert (ran.code, "connections/crm.yaml:12:1" in ran.err, ran.out) == (3, True, ""), ran.all
    assert "--protect-lifecycle allows it only in connections/guarded or **/also." in ran.err
    assert stack.run("validate", "--protect-lifecycle", "connections").code == 0
    assert stack.run("validate").code == 0


@pytest.mark.parametrize("command", ["plan", "apply --auto-approve", "plan --detailed-exitcode"])
def test_4_when_something_protected_is_left(applied: Stack, command: str) -> None:
    applied.manifest("crm", project="crm", lifecycle={"preventDestroy": True})
    applied.manifest("other", project="crm", description="another")
    applied.apply()
    applied.remove("crm")
    applied.manifest("other", project="crm", description="edited")
    ran = applied.run(*command.split())
    assert ran.code == 4
    assert "Protected. reconciler does not touch them" in ran.out


@pytest.mark.parametrize("command", ["plan", "apply --auto-approve"])
def test_4_when_credentials_are_held(stack: Stack, server: Server, command: str) -> None:
    remote = Stack.at(stack.folder.parent / "remote", server.url, server.environ)
    remote.manifest("crm", project="crm")
    remote.apply()
    (found,) = server.connections()
    with server.client() as client:
        body = {"credentials": {"instanceUrl": "acme.my.salesforce.com", "consumerKey": "acme-consumer-key-000001",
                                "consumerSecret": "acme-consumer-secret-001"}}  # fmt: skip
        client.patch(f"/app-connections/salesforce/{found['id']}", json=body).raise_for_status()
    ran = remote.run(*command.split())
    assert ran.code == 4
    assert "the credentials changed outside reconciler" in ran.out
    assert remote.run("apply", "--auto-approve", "--accept-credentials", "crm").code == 0
    assert remote.run("plan", "--detailed-exitcode").code == 0


def test_4_when_there_is_no_terminal_to_ask_at(stack: Stack) -> None:
    stack.manifest("crm")
    for arguments in (["apply"], ["apply", "--format", "json"]):
        ran = stack.run(*arguments)
        assert ran.code == 4
        assert "Use --auto-approve" in ran.err
    assert not (stack.folder / ".reconciler/state.json").exists()


def test_4_when_the_trusted_configuration_is_not_to_be_had(applied: Stack) -> None:
    ran = applied.run("plan", RECONCILER_TRUSTED_CONFIG="git:origin/main")
    assert (ran.code, "origin/main" in ran.err) == (4, True)


def test_5_when_a_saved_plan_is_no_longer_what_is_decided(applied: Stack) -> None:
    applied.manifest("crm", project="crm", description="reviewed")
    assert applied.run("plan", "--out", "plan.json").code == 0
    applied.manifest("crm", project="crm", description="slipped in")
    ran = applied.run("apply", "plan.json")
    assert ran.code == 5
    assert "planned 'reviewed', now 'slipped in'" in ran.err
    applied.manifest("crm", project="crm", description="reviewed")
    assert applied.run("apply", "plan.json").code == 0
    assert applied.run("apply", "plan.json").code == 5, "the same plan again is stale"


def test_what_a_saved_plan_does_not_have_is_left_out_and_said(applied: Stack) -> None:
    assert applied.run("plan", "--out", "plan.json").code == 0
    applied.manifest("new", description="came later")
    ran = applied.run("apply", "plan.json")
    assert (ran.code, "Nothing to apply. Skipped, because they are not in the saved plan: new." in ran.out) == (0, True)
    assert applied.run("state", "list").out == "crm\n"


def test_5_for_a_word_on_credentials_that_the_saved_plan_does_not_have(applied: Stack) -> None:
    assert applied.run("plan", "--out", "plan.json").code == 0
    assert code(applied, "apply plan.json --reassert-credentials crm") == 5


def test_1_for_both_words_on_one_address(applied: Stack) -> None:
    assert code(applied, "plan --reassert-credentials crm --accept-credentials crm") == 1


def test_1_when_the_plan_would_overwrite_something_that_is_no_plan(applied: Stack) -> None:
    before = (applied.folder / "connections/crm.yaml").read_bytes()
    assert code(applied, "plan --out connections/crm.yaml") == 1
    assert (applied.folder / "connections/crm.yaml").read_bytes() == before
    assert code(applied, "plan --out plan.json") == code(applied, "plan --out plan.json") == 0


def test_5_for_another_digest_than_the_expected_and_0_for_the_expected(applied: Stack) -> None:
    applied.manifest("crm", project="crm", description="reviewed")
    digest = applied.run("plan", "--format", "json").json["reconciler"]["digest"]
    assert code(applied, f"apply --auto-approve --expect {'0' * 64}") == 5
    assert code(applied, f"apply --expect {digest}") == 4, "an expectation approves nothing"
    assert code(applied, f"apply --auto-approve --expect {digest}") == 0


def test_5_for_another_organisation(applied: Stack) -> None:
    (applied.folder / ".reconciler/embedded.db").unlink()
    for leftover in (applied.folder / ".reconciler").glob("embedded.db-*"):
        leftover.unlink()
    for command in ("plan", "apply --auto-approve"):
        ran = applied.run(*command.split())
        assert ran.code == 5
        assert "another organisation" in ran.err


@contextmanager
def _held(stack: Stack) -> Iterator[None]:
    (stack.folder / ".reconciler").mkdir(exist_ok=True)
    with FileLock(stack.folder / ".reconciler/state.json.lock"):
        yield


def test_6_when_another_run_holds_the_lock(applied: Stack) -> None:
    applied.manifest("crm", project="crm", description="new")
    with _held(applied):
        for command in ("apply --auto-approve", "state rm crm"):
            ran = applied.run(*command.split())
            assert (ran.code, "--lock-timeout" in ran.err) == (6, True)
        for command in ("validate", "plan", "state list", "state show crm"):
            assert code(applied, command) == 0
    assert code(applied, "apply --auto-approve") == 0


def test_7_when_something_was_written_and_a_change_failed(stack: Stack) -> None:
    stack.configure(**EMBEDDED, salesforce={"preflight": "off"})
    stack.manifest("good", project="crm", description="a")
    stack.manifest("bad", project="crm", description="b", credentials={"consumerSecret": {"fromEnv": "CRM_WRONG"}})
    ran = stack.run("apply", "--auto-approve", CRM_WRONG="not-what-the-org-takes-1")
    assert ran.code == 7
    assert "Done: 1 created." in ran.out
    assert "Failed: 1." in ran.out
    assert stack.run("state", "list").out == "good\n"


def test_7_when_a_deletion_is_refused_because_it_is_in_use_and_the_rest_goes_on(applied: Stack) -> None:
    database = applied.folder / ".reconciler/embedded.db"
    testing.mark_in_use(database, applied.state()["records"]["crm"]["id"])
    applied.remove("crm")
    applied.manifest("other", description="another")
    ran = applied.run("apply", "--auto-approve")
    assert ran.code == 7
    assert "existing connections" in ran.out.replace("\n  ", " ")
    assert applied.run("state", "list").out == "crm\nother\n"


def _slow(server: Server, stack: Stack, creates: int) -> Stack:
    remote = Stack.at(stack.folder.parent / "remote", server.url, server.environ)
    for number in range(creates):
        remote.manifest(f"c{number:03}", project="crm")
    return remote


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_7_when_interrupted_midway_and_what_is_in_flight_is_finished(stack: Stack, server: Server, number: int) -> None:
    remote = _slow(server, stack, 300)
    process = remote.popen("apply", "--auto-approve", stdout=subprocess.DEVNULL)
    while process.poll() is None and not server.connections():
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 7
    state = remote.state()
    assert len(state["records"]) == len(server.connections()) < 300
    assert state["intents"] == []
    assert remote.run("apply", "--auto-approve").code == 0
    assert len(server.connections()) == 300


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_when_interrupted_while_it_waits_for_the_lock(stack: Stack, number: int, expected: int) -> None:
    stack.manifest("crm")
    with _held(stack):
        process = stack.popen("apply", "--auto-approve", "--lock-timeout", "60")
        time.sleep(3)
        process.send_signal(number)
        process.communicate(timeout=30)
    # A shell says 143 too of a process that SIGTERM ended before it had begun to listen.
    assert process.returncode in {expected, -number}
    assert not (stack.folder / ".reconciler/state.json").exists()


@dataclass
class _Terminal:
    """An apply at a terminal of its own, up to its question."""

    process: "subprocess.Popen[str]"
    controller: int
    seen: bytes = b""

    def end(self) -> str:
        """Wait for the end and return all that was shown."""
        with suppress(OSError):  # Linux says EIO once the other end of a terminal is closed
            while chunk := os.read(self.controller, 4096):
                self.seen += chunk
        self.process.wait(timeout=30)
        os.close(self.controller)
        return self.seen.decode()


def _asked(stack: Stack) -> _Terminal:
    import pty

    stack.manifest("crm", project="crm")
    controller, terminal = pty.openpty()
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    process = stack.popen("apply", **streams, start_new_session=True, preexec_fn=_take_terminal)
    os.close(terminal)
    found = _Terminal(process, controller)
    while b"Only `yes`" not in found.seen:
        found.seen += os.read(controller, 4096)
    return found


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(("typed", "expected"), [("yes\n", 0), ("y\n", 4), ("\n", 4), ("no\n", 4), ("\x04", 4), ("\x03", 130)])
def test_at_a_terminal_only_yes_is_yes(stack: Stack, typed: str, expected: int) -> None:
    terminal = _asked(stack)
    os.write(terminal.controller, typed.encode())
    shown = terminal.end()
    assert terminal.process.returncode == expected, shown
    assert (stack.folder / ".reconciler/state.json").exists() == (expected == 0)


def test_143_when_terminated_at_the_question(stack: Stack) -> None:
    terminal = _asked(stack)
    terminal.process.send_signal(signal.SIGTERM)
    assert "Nothing was written" in terminal.end()
    assert terminal.process.returncode == 143


def test_7_when_a_replace_created_the_new_one_and_could_not_delete_the_old(applied: Stack) -> None:
    old = applied.state()["records"]["crm"]["id"]
    testing.mark_in_use(applied.folder / ".reconciler/embedded.db", old)
    applied.manifest("crm", project="sales")
    ran = applied.run("apply", "--auto-approve")
    assert ran.code == 7
    assert "replace partly done" in ran.out
    assert [item["id"] for item in applied.state()["superseded"]] == [old]
    assert "an earlier apply replaced it and could not delete it" in applied.run("plan").out


def test_a_reader_that_goes_away_does_not_stop_what_was_approved(stack: Stack) -> None:
    for number in range(20):
        stack.manifest(f"c{number:02}", project="crm", description="d" * 200)
    process = stack.popen("apply", "--auto-approve")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr is not None
    process.stderr.close()
    assert len(stack.run("state", "list").out.splitlines()) == 20


def test_a_stream_of_another_encoding_is_no_reason_to_stop(stack: Stack) -> None:
    stack.manifest("crm", description="Produktion \u2713 \U0001f680")
    for arguments in (["plan"], ["plan", "--format", "json"], ["apply", "--auto-approve"]):
        assert stack.run(*arguments, PYTHONIOENCODING="ascii").code == 0
