"""No output of any command is a command of a CI, whoever wrote the texts in it: a tree, a server, a plan file, a state.

Everything that somebody else can fill is filled with commands of every CI. Then every command is run in every format.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning.file import _checksum
from reconciler.reports import harmless, harmless_json
from tests.loopback import Reply, answering
from tests.stacks import HOST, Ran, Stack
from tests.system.ci_grammars import GRAMMARS, commands
from tests.system.test_effects import COMMANDS
from tests.system.test_serve import serve

ONES = (
    "::add-mask::v",
    "##[group]v",
    "##vso[task.setvariable variable=v]v",
    "##teamcity[v]",
    "section_start:1:v\r\x1b[0K",
    "section_end:1:v",
    "\x1b_bk;t=1\x07",
    "--- v",
    "+++ v",
    "~~~ v",
    "^^^ +++",
    "\u202ev",
    "\x9b2Jv",
    "\x1b[31mv",
)
LINES = "\n".join(["v", *ONES, *(f"  {one}" for one in ONES)])
"""One at the beginning of each line."""
WORDS = " ".join(f"{'v' * length} {one}" for length in range(1, 12) for one in ONES)
"""Many among other words: wherever a line is broken, one of them begins the next."""
HOSTILE = f"{LINES} {WORDS}"
SHORT = f"v\n::add-mask::v ##[group]v \r\x1b[0Ksection_start:1:v\r\x1b[0K \u202e {'v ' * 30} ::add-mask::v ::add-mask::v"
NAME = "::add-mask::v ##[group]v"
"""The name of a file; one with a control character is refused."""

MODES = ("values", "refusals", "pages", "redirects", "no log-in")


def answer(mode: str, path: str) -> Reply:
    """Return the answer of an Infisical and a Salesforce that send commands of CIs."""
    error = {"reqId": SHORT, "statusCode": 403, "message": HOSTILE, "error": HOSTILE, "error_description": HOSTILE}
    if "/login" in path and mode != "no log-in":
        return Reply(200, json.dumps({"accessToken": "token", "expiresIn": 0}).encode())
    match mode:
        case "pages":
            return Reply(200, f"{HOSTILE}<html>".encode())
        case "redirects":
            return Reply(302, b"", {"location": "https://%3A%3Aadd-mask%3A%3A/"})
        case "refusals" | "no log-in":
            return Reply(403, json.dumps(error).encode())
    connection = {
        "id": SHORT,
        "app": "salesforce",
        "name": HOSTILE,
        "description": HOSTILE,
        "orgId": SHORT,
        "projectId": "p",
        "project": {"slug": SHORT},
        "credentials": {"instanceUrl": HOSTILE},
        "credentialsHash": SHORT,
    }
    body: Any = {"appConnections": [connection, {**connection, "app": SHORT, "id": "x"}], "appConnection": connection}
    body |= {"identityDetails": {"organization": {"id": SHORT, "name": HOSTILE}}, "date": SHORT}
    body |= {
        "appConnectionOptions": [{"app": "salesforce"}],
        "projects": [{"id": SHORT, "slug": SHORT}],
        "id": SHORT,
        "slug": SHORT,
    }
    body |= {"token_type": SHORT, "instance_url": HOSTILE, "scope": HOSTILE, "id": SHORT, "access_token": "t"}
    return Reply(200, json.dumps([body] if path.endswith("/data") else body).encode())


@contextmanager
def remote(mode: str) -> Iterator[str]:
    """Serve Infisical and Salesforce at one address."""

    with answering(lambda request: answer(mode, request.path)) as address:
        yield f"http://{address}"


def manifest(stack: Stack, file: str, address: str, **spec: Any) -> None:
    credentials = {"instanceUrl": HOST, "consumerKey": {"fromEnv": "CRM_KEY"}, "consumerSecret": {"fromEnv": "CRM_SECRET"}}
    document = {
        "apiVersion": "reconciler/v1",
        "kind": "SalesforceConnection",
        "metadata": {"name": address, "labels": {SHORT: SHORT, "team": WORDS}},
        "spec": {"credentials": credentials | {"version": SHORT[:64]} | spec.pop("credentials", {}), **spec},
    }
    (stack.folder / "connections").mkdir(exist_ok=True)
    (stack.folder / "connections" / file).write_text(yaml.safe_dump(document))


def tree(folder: Path) -> Stack:
    """Return a stack that is valid, has one applied connection, and says commands wherever a text is free."""
    stack = Stack.embedded(folder)
    document = yaml.safe_load((folder / "reconciler.yaml").read_text())
    document["metadata"]["name"] = SHORT[:120]
    (folder / "reconciler.yaml").write_text(yaml.safe_dump(document))
    manifest(stack, f"{NAME}.yaml", "crm", description="v", project="crm")
    assert stack.run("apply", "--auto-approve").code == 0
    manifest(stack, f"{NAME}.yaml", "crm", description=SHORT, project="crm")
    manifest(stack, "new.yaml", "new", description=WORDS[:250], credentials={"consumerKey": {"fromFile": f"{NAME}.key"}})
    stack.run("plan", "--out", "plan.json")
    shutil.copy(folder / ".reconciler/state.json", folder / "copy.json")
    return stack


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree(tmp_path_factory.mktemp("hostile")).folder


@pytest.fixture
def stack(hostile: Path, tmp_path: Path) -> Stack:
    return Stack(shutil.copytree(hostile, tmp_path / "stack"))


def forms(name: str) -> list[list[str]]:
    """Return each way to ask for a format of a command."""
    options = (one for one in COMMANDS[name].params if "--format" in one.opts)
    choices = next((one.type.choices for one in options if isinstance(one.type, click.Choice)), ())
    return [["--format", str(choice)] for choice in choices] or [[]]


ARGUMENTS = {
    "apply": "--auto-approve",
    "destroy": "--auto-approve --allow-deletes 1",
    "login": "--check --for apply",
    "export": "--out exported",
    "show": "plan.json",
    "state show": "crm",
    "state rm": "crm",
    "state mv": "crm other",
    "state push": "copy.json",
    "serve": "--orgs orgs.yaml --port 99999",
}
in_every_command = pytest.mark.parametrize("name", COMMANDS)


def quiet(ran: Ran, form: list[str], *, colour: bool = False) -> None:
    """Hold both streams of a command against the grammar of every CI, and its JSON against JSON."""
    assert commands(ran.out, colour=colour) == []
    assert commands(ran.err, colour=colour) == []
    assert ran.all or ran.code == 0
    if form[-1:] == ["json"] and ran.out:
        for line in [ran.out] if ran.out.startswith("{\n") else ran.out.splitlines():
            json.loads(line)


@in_every_command
def test_texts_of_the_tree_are_no_commands(stack: Stack, name: str) -> None:
    for form in forms(name):
        summary = stack.folder / "summary.md"
        quiet(stack.run(*name.split(), *ARGUMENTS.get(name, "").split(), *form, GITHUB_STEP_SUMMARY=str(summary)), form)
        assert not summary.exists() or commands(summary.read_text()) == []


@in_every_command
def test_colours_are_the_only_control_characters_of_a_coloured_output(stack: Stack, name: str) -> None:
    words = [*name.split(), *ARGUMENTS.get(name, "").split()]
    quiet(stack.run(*words, FORCE_COLOR="1"), [], colour=True)


@in_every_command
def test_wrong_files_are_quoted_without_commands(stack: Stack, name: str) -> None:
    manifest(stack, "wrong.yaml", "wrong", description=[HOSTILE], **{HOSTILE: HOSTILE}, credentials={"instanceUrl": HOSTILE})
    manifest(stack, f"a\n{NAME}\x1b[31m.yaml", "other", credentials={"consumerKey": {"fromEnv": HOSTILE}})
    manifest(stack, "kind.yaml", SHORT, project=HOSTILE)
    (stack.folder / "connections/broken.yaml").write_text(f"a: [\n{LINES.replace(chr(13), '').replace(chr(27), '')}\n")
    (stack.folder / "connections/lines.yaml").write_text("::add-mask::v ##[group]: &a\n--- ::add-mask::v\n+++ v\n")
    (stack.folder / "orgs.yaml").write_text(f"kind: '{WORDS.encode('unicode_escape').decode()}'\n")
    for form in forms(name):
        quiet(stack.run(*name.split(), *ARGUMENTS.get(name, "").split(), *form), form)
    (stack.folder / "reconciler.yaml").write_text(yaml.safe_dump({"apiVersion": HOSTILE, "kind": SHORT, HOSTILE: SHORT}))
    for form in forms(name):
        quiet(stack.run(*name.split(), *ARGUMENTS.get(name, "").split(), *form), form)


@pytest.mark.parametrize("mode", MODES)
@in_every_command
def test_what_servers_say_is_no_command(stack: Stack, name: str, mode: str) -> None:
    stack.module = "tests.hasty"
    environ = {"INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": "id", "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": "consumer-secret"}
    with remote(mode) as url:
        stack.configure(infisical={"url": url})
        for form in forms(name):
            words = [*name.split(), *ARGUMENTS.get(name, "").split(), *form]
            quiet(stack.run(*words, **environ, RECONCILER_SALESFORCE_ENDPOINT=url), form)


def filled(value: Any, key: str = "") -> Any:
    """Return a document with commands in each text that may be any text."""
    if isinstance(value, dict):
        labels = {SHORT: SHORT} if key == "labels" else {}
        return {inner: filled(each, inner) for inner, each in value.items()} | labels
    if isinstance(value, list):
        return [filled(each, key) for each in value]
    fixed = {"action", "why", "doubt", "severity", "what", "on_removal", "on_credential_drift", "expires_at", "fingerprint_key"}
    fixed |= {
        "address",
        "fields",
        "verb",
        "consumer_key",
        "consumer_secret",
        "format_version",
        "kind",
        "previous_address",
        "lineage",
    }
    return value if not isinstance(value, str) or key in fixed else HOSTILE


@pytest.mark.parametrize("name", ["show", "apply", "destroy"])
def test_a_plan_that_somebody_made_up_says_no_commands(stack: Stack, name: str) -> None:
    document = json.loads((stack.folder / "plan.json").read_text())
    content = filled(document["plan"])
    problem = {"severity": "warning", "summary": HOSTILE, "detail": HOSTILE, "hint": HOSTILE, "address": HOSTILE}
    content["diagnostics"] = [problem | {"location": {"file": HOSTILE, "line": 1, "column": 1}}]
    content["left_out"] = content["only"] = [HOSTILE]
    content["base"] = "" if name != "show" else HOSTILE
    reason = {"why": "protected-and-removed", "file": HOSTILE}
    content["kept"] = [{"address": "crm", "why": "protected", "reason": reason, "id": HOSTILE, "location": None}]
    document |= {"plan": content, "checksum": _checksum(content)}
    (stack.folder / "plan.json").write_text(json.dumps(document))
    for form in forms(name):
        ran = stack.run(name, "plan.json", *form)
        assert "cannot be used" not in ran.err
        quiet(ran, form)


@in_every_command
def test_a_state_that_somebody_made_up_says_no_commands(stack: Stack, name: str) -> None:
    state = filled(stack.state())
    for file in (".reconciler/state.json", "copy.json"):
        (stack.folder / file).write_text(json.dumps(state))
    for form in forms(name):
        ran = stack.run(*name.split(), *ARGUMENTS.get(name, "").split(), *form)
        assert "is damaged" not in ran.err
        quiet(ran, form)
    if name == "state pull":
        assert json.loads(stack.run("state", "pull").out) == state


@in_every_command
@pytest.mark.parametrize("word", [HOSTILE, f"--{SHORT}", f"git:{SHORT}"])
def test_words_of_a_command_line_and_names_of_refs_and_files_are_no_commands(stack: Stack, name: str, word: str) -> None:
    for words in ([word], ["--chdir", word], ["--base", word, "--offline"], ["--only", word], ["--format", word]):
        ran = stack.run(*name.split(), *words, RECONCILER_TRUSTED_CONFIG=word)
        assert ran.code != 0 or "Usage" in ran.all
        quiet(ran, [])


def test_a_defect_s_traceback_is_no_command_either(stack: Stack) -> None:
    stack.write("broken.py", f"raise LookupError({HOSTILE!r})\n")
    stack.write(
        "run.py",
        """\
        import reconciler.cli.version as version
        def fails():
            import broken
        version.command.callback = lambda **_: fails()
        from reconciler.cli import main
        main()
        """,
    )
    done = subprocess.run([sys.executable, "run.py", "version"], cwd=stack.folder, text=True, capture_output=True, check=False)

    assert done.returncode == 1
    assert "LookupError" in done.stderr
    assert commands(done.stderr) == []


def test_what_serve_logs_of_a_request_is_no_command(tmp_path: Path) -> None:
    with serve(tmp_path) as serving:
        host, port = serving.told["url"].removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(f"GET /{SHORT}\r\n{HOSTILE}\r\n\r\n".encode())
            assert client.recv(100).startswith(b"HTTP/1.1 400")
        assert serving.stop() == 0
        assert serving.process.stderr
        err = serving.process.stderr.read()
    assert "Invalid HTTP request" in err
    assert commands(err) == []


def test_one_function_prints_and_no_other() -> None:
    """Otherwise a text could get around what makes it harmless. The progress bar of `tqdm` has numbers alone."""
    printing = re.compile(r"\b(?:click\.(?:s?echo|echo_via_pager|prompt|confirm)|print)\(|\bstd(?:out|err)\.(?:buffer\.)?write")
    package = Path(__file__).parents[2] / "reconciler"
    found = [
        f"{file.relative_to(package)}: {line.strip()}"
        for file in sorted(package.rglob("*.py"))
        for line in file.read_text().splitlines()
        if printing.search(line) and not line.startswith("    print(")  # the example in the package's docstring
    ]
    assert found == ["cli/output.py: click.echo(harmless(text, colour=colour), nl=False, err=err, color=True)"]


pieces = st.sampled_from(
    [*ONES, "::", "##", "[", "]", ":", "\n", " ", "\u2028", "\t", "a", "é", "😀", "-", "+", "\x1b[0m", "\x1b["]
)
texts = st.lists(pieces | st.text(max_size=3), max_size=12).map("".join)


@given(texts)
def test_whatever_a_text_is_it_becomes_harmless_once_and_for_all(text: str) -> None:
    plain, painted = harmless(text), harmless(text, colour=True)
    assert commands(plain) == []
    assert commands(painted, colour=True) == []
    assert (harmless(plain), harmless(painted, colour=True)) == (plain, painted)
    if not any(mark in text for mark in ("::", "---", "+++", "##", "section_", "_bk")) and text.replace("\n", "").isprintable():
        assert plain == text


@given(st.dictionaries(texts, texts | st.lists(texts, max_size=3), max_size=3), st.sampled_from([None, 1]))
def test_harmless_json_keeps_its_values(document: dict[str, Any], indent: int | None) -> None:
    for ascii_only in (True, False):
        text = harmless_json(json.dumps(document, ensure_ascii=ascii_only, indent=indent))
        assert json.loads(text) == document
        assert harmless(text) == text
        assert commands(text) == []


def test_every_grammar_knows_its_commands() -> None:
    shown = {ci: any(True for one in ONES for _ in grammar(one)) for ci, grammar in GRAMMARS.items()}
    assert shown == dict.fromkeys(GRAMMARS, True)
