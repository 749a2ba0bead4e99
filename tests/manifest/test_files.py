"""What becomes of the files that globs name: the order, the names in messages, and documents that are no manifests."""

from pathlib import Path

import pytest

from reconciler.model import Location

from .stack import Stack, connection


def test_a_file_may_hold_many_connections(stack: Stack) -> None:
    stack.write("all.yaml", connection("one"), connection("two"), "# nothing\n", connection("three"))

    loaded = stack.load()

    assert [one.address for one in loaded.connections] == ["one", "two", "three"]
    assert [one.file for one in loaded.connections] == ["all.yaml"] * 3
    assert [one.location.line for one in loaded.connections] == [4, 16, 30]


def test_files_are_read_in_the_order_of_their_paths_whatever_the_globs_order(stack: Stack) -> None:
    for name in ("b/a.yaml", "a/z.yaml", "a.yaml", "a/b/c.yml"):
        stack.write(name, connection(name.replace("/", "-").partition(".")[0]))

    loaded = stack.load("b/*.yaml", "**/*.yml", "*.yaml", "a/*.yaml", "**/*.yaml")

    assert loaded.files == ("a/b/c.yml", "a/z.yaml", "a.yaml", "b/a.yaml")
    assert [one.address for one in loaded.connections] == ["a-b-c", "a-z", "a", "b-a"]
    assert loaded.diagnostics == ()


def test_a_file_is_named_from_the_stack_in_what_is_recorded_and_from_the_working_directory_in_what_is_shown(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.write("connections/crm.yaml", connection("crm"))
    monkeypatch.chdir(stack.folder.parent)

    loaded = stack.load()

    assert loaded.files == ("stack/connections/crm.yaml",)
    assert loaded.connections[0].file == "connections/crm.yaml"
    assert loaded.connections[0].location == Location("stack/connections/crm.yaml", 4, 9)


def test_a_file_outside_the_working_directory_is_shown_with_its_whole_path(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stack.write("crm.yaml", connection("crm"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    assert stack.load().files == (str(stack.folder / "crm.yaml"),)


def test_every_file_is_read_and_every_problem_said_in_the_order_of_files_and_lines(stack: Stack) -> None:
    stack.write("c.yaml", "a: [\n")
    stack.write("b.yaml", connection("B"), connection("fine"), {"kind": "SalesforceConnection"})
    (stack.folder / "a.yaml").write_bytes(b"\xff")

    loaded = stack.load()

    assert [str(one.location).partition(" ")[0] for one in loaded.diagnostics] == [
        "a.yaml:1:1",
        "b.yaml:4:9",
        "b.yaml:25:1",
        "c.yaml:1:4",
    ]
    assert [one.address for one in loaded.connections] == ["fine"]


@pytest.mark.parametrize("content", ["", "# commented out\n", "---\n---\n"])
def test_a_file_that_holds_nothing_wants_nothing(stack: Stack, content: str) -> None:
    stack.write("crm.yaml", content)

    assert stack.connections() == {}
    assert stack.load().files == ("crm.yaml",)


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        (
            "Configuration",
            "manifests are of kind `SalesforceConnection` or `ExternalClientApp`; move the file, or narrow `manifests`",
        ),
        (
            "Deployment",
            "manifests are of kind `SalesforceConnection` or `ExternalClientApp`; move the file, or narrow `manifests`",
        ),
    ],
)
def test_a_document_of_another_kind_gets_that_said_and_nothing_else(stack: Stack, kind: str, hint: str) -> None:
    stack.write("x.yaml", {"apiVersion": "v1", "kind": kind, "zzz": 1})

    problem = stack.problem()

    assert (problem.summary, problem.hint) == (f"`kind` must be `SalesforceConnection`, not `{kind}`.", hint)
    assert problem.location == Location("x.yaml", 2, 7)


@pytest.mark.parametrize("kind", ["salesforceConnection", "SalesforceConnections", "SalesforceConection"])
def test_a_kind_that_is_nearly_right_is_corrected_and_all_else_said_too(stack: Stack, kind: str) -> None:
    stack.write("x.yaml", connection("crm") | {"kind": kind, "zzz": 1})

    problems = stack.load().diagnostics

    assert [one.summary for one in problems] == [
        f"`kind` must be `SalesforceConnection`, not `{kind}`.",
        "`zzz` is not a key of the document.",
    ]
    assert problems[0].hint == "did you mean `SalesforceConnection`?"


@pytest.mark.parametrize("content", ["- a\n", "text\n", "42\n", "kind: [x]\n", "kind: 1\n"])
def test_a_document_that_is_no_manifest_at_all_is_an_error(stack: Stack, content: str) -> None:
    stack.write("x.yaml", content)

    assert stack.load().diagnostics
    assert stack.load().connections == ()
