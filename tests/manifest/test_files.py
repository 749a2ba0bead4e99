"""Which files are manifests, and what becomes of those that cannot be read."""

import os
from pathlib import Path

import pytest

from reconciler.model import Location

from .stack import Stack, connection

SECRET = "s3cr3t-of-the-runner"


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


def test_a_file_that_several_globs_match_is_read_once(stack: Stack) -> None:
    stack.write("crm.yaml", connection("crm"))

    assert [one.address for one in stack.load("*.yaml", "**/*.yaml", "crm.yaml").connections] == ["crm"]


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


def test_globs_that_match_nothing_are_an_error_so_that_a_typing_error_deletes_nothing(stack: Stack) -> None:
    stack.write("crm.yaml", connection("crm"))

    problem = stack.problem("connection/*.yaml", "*.yml")

    assert problem.summary == f"No file matches `connection/*.yaml` or `*.yml` in {stack.folder}."
    assert problem.hint.startswith("put a manifest there, or change `manifests` in reconciler.yaml")


def test_a_glob_that_names_a_directory_says_how_to_name_its_files(stack: Stack) -> None:
    stack.write("connections/crm.yaml", connection("crm"))

    assert stack.problem("connections/").hint == "write `connections/**/*.yaml` for the files in it"


@pytest.mark.parametrize("glob", ["**.yaml", "a/b**", ".", "***"])
def test_a_glob_that_python_cannot_use_is_said(stack: Stack, glob: str) -> None:
    stack.write("crm.yaml", connection("crm"))

    problem = stack.problem("*.yaml", glob)

    assert problem.summary == f"`manifests` cannot be `{glob}`: that is no glob."
    assert "connections/**/*.yaml" in problem.hint


def test_a_directory_called_like_a_manifest_is_passed_over(stack: Stack) -> None:
    stack.write("x.yaml/crm.yaml", connection("crm"))

    assert stack.only().file == "x.yaml/crm.yaml"


def test_a_dangling_link_is_an_error(stack: Stack) -> None:
    (stack.folder / "x.yaml").symlink_to("nowhere.yml")

    problem = stack.problem()

    assert (problem.summary, problem.detail) == ("x.yaml cannot be read.", "No such file or directory.")


def test_a_loop_of_links_is_an_error(stack: Stack) -> None:
    (stack.folder / "x.yaml").symlink_to("y.yaml")
    (stack.folder / "y.yaml").symlink_to("x.yaml")

    problems = stack.load().diagnostics

    assert [(problem.summary, problem.detail) for problem in problems] == [
        ("x.yaml cannot be read.", "A loop of links."),
        ("y.yaml cannot be read.", "A loop of links."),
    ]


def test_what_is_no_regular_file_is_an_error_and_not_waited_for(stack: Stack) -> None:
    os.mkfifo(stack.folder / "x.yaml")

    assert stack.problem().detail == "Not a regular file."


def test_a_link_within_the_stack_is_followed(stack: Stack) -> None:
    stack.write("shared/crm.yml", connection("crm"))
    (stack.folder / "crm.yaml").symlink_to("shared/crm.yml")

    assert stack.only().file == "crm.yaml"


@pytest.mark.parametrize("target", ["/dev/zero", "/proc/self/environ", "../secret", "../folder/secret"])
def test_a_link_out_of_the_stack_is_refused_unread(stack: Stack, target: str) -> None:
    (stack.folder.parent / "folder").mkdir()
    for name in ("secret", "folder/secret"):
        (stack.folder.parent / name).write_text(f"{SECRET}: x\nkind: {SECRET}\n")
    (stack.folder / "x.yaml").symlink_to(target)

    problem = stack.problem()

    assert problem.summary == "x.yaml is a link that leads out of the stack."
    assert SECRET not in repr(problem)


def test_a_linked_directory_out_of_the_stack_is_refused_too(stack: Stack) -> None:
    (stack.folder.parent / "folder").mkdir()
    (stack.folder.parent / "folder" / "x.yaml").write_text(f"kind: {SECRET}\n")
    (stack.folder / "linked").symlink_to("../folder")

    problem = stack.problem("linked/*.yaml")

    assert problem.summary == "linked/x.yaml is a link that leads out of the stack."
    assert SECRET not in repr(problem)


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


def test_one_glob_of_several_that_matches_nothing_is_an_error_at_its_line(stack: Stack) -> None:
    stack.write("connections/crm.yaml", connection("crm"))

    problem = stack.problem("connections/*.yaml", "prod/**/*.yaml")

    assert problem.summary == "No file matches `prod/**/*.yaml`."


def test_one_of_the_two_endings_of_yaml_files_is_enough(stack: Stack) -> None:
    stack.write("connections/crm.yaml", connection("crm"))

    assert stack.load("connections/*.yaml", "connections/*.yml").diagnostics == ()


def test_a_file_with_the_other_ending_is_not_passed_over_in_silence(stack: Stack) -> None:
    stack.write("connections/crm.yaml", connection("crm"))
    stack.write("connections/erp.yml", connection("erp"))

    problem = stack.problem("connections/*.yaml")

    assert problem.severity == "warning"
    assert problem.summary == "connections/erp.yml is not read: no glob of `manifests` matches."


@pytest.mark.parametrize("content", ["- a\n", "text\n", "42\n", "kind: [x]\n", "kind: 1\n"])
def test_a_document_that_is_no_manifest_at_all_is_an_error(stack: Stack, content: str) -> None:
    stack.write("x.yaml", content)

    assert stack.load().diagnostics
    assert stack.load().connections == ()
