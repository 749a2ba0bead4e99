"""Files as they arrive on bad days: all of them in one run, each with its own place, cause and next step.

The golden is what a user reads; `UPDATE_GOLDENS=1 make test` writes it anew, and then it is to be read word by word.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.manifest import load_manifests
from reconciler.model import Written
from reconciler.reports import Style, TextReport
from tests.documents.test_yaml import PIECES
from tests.forking import environment
from tests.stacks import Stack

GOLDEN = Path(__file__).parent / "golden"

HEAD = "apiVersion: reconciler/v1\nkind: SalesforceConnection\n"


def right(name: str, **changes: str) -> str:
    """Return a manifest with some lines written otherwise."""
    lines = {
        "name": name,
        "labels": "{ team: crm }",
        "spec": "name: " + name,
        "description": "Production",
        "instanceUrl": "acme.my.salesforce.com",
        "consumerKey": "{ fromEnv: CRM_KEY }",
        "consumerSecret": "{ fromEnv: CRM_SECRET }",
        "lifecycle": "{}",
    } | changes
    return (
        f"{HEAD}metadata:\n  name: {lines['name']}\n  labels: {lines['labels']}\nspec:\n  {lines['spec']}\n"
        f"  description: {lines['description']}\n  credentials:\n    instanceUrl: {lines['instanceUrl']}\n"
        f"    consumerKey: {lines['consumerKey']}\n    consumerSecret: {lines['consumerSecret']}\n"
        f"lifecycle: {lines['lifecycle']}\n"
    )


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)
HURTFUL: dict[str, str | bytes] = {
    "01-unknown-key": right("a").replace("consumerSecret", "consumerSecert"),
    "02-literal-secret": right("b", consumerSecret="hunter2-hunter2"),
    "03-name-no": right("no"),
    "04-octal": right("d", labels="{ tier: 012 }"),
    "05-exponent": right("e", labels="{ tier: 1e3, since: 2026-11-01 }"),
    "06-alias-bomb": BOMB,
    "07-custom-tag": right("g", consumerKey="!vault crm/key"),
    "08-python-tag": right("h", description="!!python/object/apply:os.system [id]"),
    "09-deep": "[" * 100_000,
    "10-two-megabytes": right("j", description="x" * 2_000_000),
    "11-nul": right("k", description="a\0b"),
    "12-utf-16": right("l").encode("utf-16"),
    "13-latin-1": right("m", description="Zürich").encode("latin-1"),
    "14-tab": right("n").replace("  description", "\tdescription"),
    "15-list": "- name: crm\n",
    "16-scalar": "crm\n",
    "17-two-of-one-address": right("q") + "---\n" + right("q", spec="name: q-two"),
    "18-two-of-one-name": right("r") + "---\n" + right("s", spec="name: r"),
    "19-kind": right("t").replace("SalesforceConnection", "SalesforceConection"),
    "20-other-kind": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: crm }\n",
    "21-api-version": right("u").replace("reconciler/v1", "reconcilier/v1"),
    "22-name": right("v", spec="name: CRM Production"),
    "23-description": right("w", description="😀" * 129),
    "24-host": right("x", instanceUrl="https://login.salesforce.com"),
    "25-other-host": right("y", instanceUrl="acme.my.salesforce.com.evil.example"),
    "26-no-reference": right("z", consumerKey="{}"),
    "27-two-references": right("aa", consumerKey="{ fromEnv: CRM_KEY, fromFile: key }"),
    "28-goes-on": right("ab").replace("name: ab", 'name: "ab') + "---\n" + right("ac", spec="name: AC") + "---\n{\n",
    "29-duplicate-key": right("ad") + "lifecycle: { preventDestroy: true }\n",
    "30-control-characters": right("ae", description='"a\x1b[31m"'),
    "31-template": right("af", consumerKey="{{ crm.key }}"),
    "32-nothing-known": "hello: world\n",
}
HARMLESS: dict[str, str | bytes] = {
    "50-empty": "",
    "51-comments": "# nothing yet\n---\n# still nothing\n",
    "52-crlf": right("crlf").replace("\n", "\r\n"),
    "53-bom": b"\xef\xbb\xbf" + right("bom").encode(),
    "54-anchors": right("anchors", labels="{ team: &team crm }", description="*team"),
    "55-merge": right("merged", consumerKey="&k { fromEnv: CRM_KEY }", consumerSecret="{ <<: *k, fromEnv: CRM_SECRET }"),
    "56-emoji": right("emoji", description="Production 🚀"),
}


def test_all_that_hurts_is_said_in_one_run_each_at_its_place(tmp_path: Path) -> None:
    stack = Stack.embedded(tmp_path)
    for name, content in (HURTFUL | HARMLESS).items():
        file = stack.folder / "connections" / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (stack.folder / "connections/40-loop.yaml").symlink_to("40-loop.yaml")
    (stack.folder / "connections/41-outside.yaml").symlink_to("/etc/passwd")
    (stack.folder / "connections/42-folder.yaml").mkdir()

    ran = stack.run("validate")

    assert ran.code == 3
    assert ran.out == ""
    assert "hunter2" not in ran.err
    assert max(map(len, ran.err.splitlines())) <= 80
    for name in HURTFUL.keys() - {"05-exponent"}:
        assert f"at connections/{name}.yaml:" in ran.err, name
    for name in HARMLESS:
        assert f"connections/{name}.yaml" not in ran.err, name
    _golden("hurtful.txt", ran.err)


def test_the_same_for_programs(tmp_path: Path) -> None:
    stack = Stack.embedded(tmp_path)
    stack.write("connections/a.yaml", "")
    (stack.folder / "connections/a.yaml").write_text(right("no", consumerSecret="hunter2") + "---\nname: [\n")

    ran = stack.run("validate", "--format", "json")

    assert ran.code == 3
    assert "hunter2" not in ran.all
    found = ran.json
    assert (found["valid"], found["error_count"], found["warning_count"]) == (False, len(found["diagnostics"]), 0)
    first = found["diagnostics"][0]
    assert first["range"] == {
        "filename": "connections/a.yaml",
        "start": {"line": 4, "column": 9},
        "end": {"line": 4, "column": 11},
    }
    assert first["snippet"]["code"][first["snippet"]["highlight_start_offset"] :] == "no"


def test_a_valid_stack_for_programs(tmp_path: Path) -> None:
    stack = Stack.embedded(tmp_path)
    stack.manifest("crm")

    ran = stack.run("validate", "--format", "json")

    assert ran.code == 0
    assert ran.json["valid"] is True
    assert (ran.json["reconciler"]["files"], ran.json["reconciler"]["connections"]) == (1, 1)


def test_a_wrong_reconciler_yaml_for_programs(tmp_path: Path) -> None:
    stack = Stack.embedded(tmp_path)
    stack.write("reconciler.yaml", "apiVersion: reconciler/v1\nkind: Configuration\nmanifest: [a]\n")

    ran = stack.run("validate", "--format", "json")

    assert ran.code == 3
    assert ran.json["diagnostics"][0]["next"] == "did you mean `manifests`?"


def _without_rights_of_root() -> None:
    for right_of_root in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: dropped from what the command may have
        ctypes.CDLL(None).prctl(24, right_of_root, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="root's right to read everything can be given up on Linux only")
def test_a_file_that_may_not_be_read_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    stack = Stack.embedded(tmp_path)
    stack.manifest("crm").chmod(0)
    stack.write("connections/x.yaml", "a: [\n")

    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", "validate"],
        cwd=stack.folder,
        env=environment({}),
        text=True,
        capture_output=True,
        check=False,
        preexec_fn=_without_rights_of_root if os.geteuid() == 0 else None,
    )

    assert ran.returncode == 3
    assert "connections/crm.yaml cannot be read." in ran.stderr
    assert "Permission denied." in ran.stderr
    assert "at connections/x.yaml:" in ran.stderr


def test_one_glob_of_several_that_matches_nothing_is_an_error_at_its_line(tmp_path: Path) -> None:
    stack = Stack.embedded(tmp_path)
    stack.manifest("crm")
    configured = (stack.folder / "reconciler.yaml").read_text() + "manifests:\n- connections/*.yaml\n- prod/*.yaml\n"
    (stack.folder / "reconciler.yaml").write_text(configured)

    ran = stack.run("validate")

    assert ran.code == 3
    assert f"reconciler.yaml:{configured.count(chr(10))}:3" in ran.err
    assert "- prod/*.yaml" in ran.err


def _validated(data: bytes, folder: Path) -> None:
    (folder / "crm.yaml").write_bytes(data)
    loaded = load_manifests(folder, [Written("*.yaml")])
    said = TextReport(Style()).diagnostics(loaded.diagnostics)
    assert said.isprintable() or set(said) - {"\n"} == {char for char in said if char.isprintable()}


PARTS = st.lists(st.sampled_from([*PIECES, HEAD, right("crm")]), max_size=30).map("".join).map(str.encode)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | PARTS)
def test_whatever_the_bytes_of_a_manifest_are_they_are_valid_or_told_what_is_wrong(tmp_path: Path, data: bytes) -> None:
    _validated(data, tmp_path)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 300), st.integers(0, 12), st.binary(max_size=12))
def test_a_manifest_with_some_bytes_put_in_or_taken_out_is_valid_or_told_what_is_wrong(
    tmp_path: Path, at: int, cut: int, put: bytes
) -> None:
    whole = right("crm", labels="{ team: &x crm, b: *x }").encode()

    _validated(whole[:at] + put + whole[at + cut :], tmp_path)


def _golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
