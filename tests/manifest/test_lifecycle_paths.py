"""`--protect-lifecycle`: where a manifest may have a `lifecycle`, and that no way to write or to place it gets around that."""

import pytest

from reconciler import manifest
from reconciler.model import Diagnostic, LifecyclePath, Location, Written, has_errors

from .stack import Stack, connection

GUARDED = "connections/guarded"
LIFECYCLE = {"preventDestroy": True}


def problems(stack: Stack, *paths: str, globs: tuple[str, ...] = ("**/*.yaml",)) -> tuple[Diagnostic, ...]:
    allowed = [LifecyclePath.parse(path) for path in paths or (GUARDED,)]
    return manifest.load_manifests(stack.folder, [Written(glob) for glob in globs], (), allowed).diagnostics


def test_a_lifecycle_in_the_directory_is_allowed_and_one_elsewhere_is_an_error_at_its_key(stack: Stack) -> None:
    stack.write(f"{GUARDED}/one.yaml", connection("one", lifecycle=LIFECYCLE))
    stack.write(f"{GUARDED}/deeper/two.yaml", connection("two", lifecycle=LIFECYCLE))
    stack.write("connections/plain.yaml", connection("plain"))
    stack.write("connections/three.yaml", connection("three"), connection("four", lifecycle=LIFECYCLE))
    (problem,) = problems(stack)
    assert problem.summary == "`lifecycle` is not allowed in this file."
    assert problem.detail == "--protect-lifecycle allows it only in connections/guarded."
    assert problem.hint == "move the manifest there, so that the owners of that directory review it"
    assert problem.location == Location("connections/three.yaml", 24, 1)
    assert has_errors([problem])


def test_without_the_option_a_lifecycle_can_be_anywhere(stack: Stack) -> None:
    stack.write("connections/one.yaml", connection("one", lifecycle=LIFECYCLE))
    assert stack.load().diagnostics == ()


@pytest.mark.parametrize(
    "written",
    [
        '"life\\x63ycle": { preventDestroy: true }',
        "'lifecycle': { preventDestroy: true }",
        "? lifecycle\n: { preventDestroy: true }",
        "!!str lifecycle: { preventDestroy: true }",
        "? &key lifecycle\n: { preventDestroy: true }",
        "<<: { lifecycle: { preventDestroy: true } }",
        "lifecycle: {}",
        "lifecycle:",
    ],
)
def test_it_does_not_matter_how_the_key_is_written(stack: Stack, written: str) -> None:
    plain = stack.write("connections/one.yaml", connection("one"))
    with plain.open("a") as opened:
        opened.write(f"{written}\n")
    lines = [problem.location.line for problem in problems(stack) if "is not allowed" in problem.summary and problem.location]
    assert lines == [12]


def test_a_document_in_flow_style_and_one_that_is_invalid_are_checked_too(stack: Stack) -> None:
    stack.write("connections/flow.yaml", "{ lifecycle: { adopt: true }, kind: SalesforceConnection }\n")
    stack.write("connections/other.yaml", "kind: Something\nlifecycle: 3\n")
    places = [problem.location for problem in problems(stack) if "is not allowed" in problem.summary]
    assert places == [Location("connections/flow.yaml", 1, 3), Location("connections/other.yaml", 2, 1)]


def test_any_file_that_is_a_manifest_is_checked_whatever_its_ending(stack: Stack) -> None:
    stack.write("connections/one.txt", connection("one", lifecycle=LIFECYCLE))
    assert len(problems(stack, globs=("connections/*",))) == 1


def test_a_link_does_not_lend_its_place_to_a_file_elsewhere(stack: Stack) -> None:
    stack.write("anywhere/one.txt", connection("one", lifecycle=LIFECYCLE))
    (stack.folder / GUARDED).mkdir(parents=True)
    (stack.folder / GUARDED / "one.yaml").symlink_to("../../anywhere/one.txt")
    (problem,) = problems(stack)
    assert problem.hint == "replace the link with the file itself: both must be in such a directory"
    assert problems(stack, GUARDED, "anywhere") == ()


def test_a_directory_that_is_a_link_does_not_either(stack: Stack) -> None:
    stack.write("anywhere/one.yaml", connection("one", lifecycle=LIFECYCLE))
    (stack.folder / "connections").mkdir()
    (stack.folder / GUARDED).symlink_to("../anywhere")
    assert len(problems(stack, globs=(f"{GUARDED}/one.yaml",))) == 1


@pytest.mark.parametrize(
    ("path", "file", "covers"),
    [
        (GUARDED, "connections/guarded/a.yaml", True),
        (GUARDED, "connections/guarded/b/a.yaml", True),
        (f"./{GUARDED}/", "connections/guarded/a.yaml", True),
        (GUARDED, "connections/guarded-not/a.yaml", False),
        (GUARDED, "other/connections/guarded/a.yaml", False),
        (GUARDED, "connections/Guarded/a.yaml", False),
        ("connections/guarded/a.yaml", "connections/guarded/a.yaml", True),
        ("connections/*/guarded", "connections/sales/guarded/a.yaml", True),
        ("connections/*/guarded", "connections/guarded/a.yaml", False),
        ("connections/*/guarded", "connections/sales/west/guarded/a.yaml", False),
        ("**/guarded", "guarded/a.yaml", True),
        ("**/guarded", "connections/sales/west/guarded/b/a.yaml", True),
        ("**/guarded", "connections/guarded.yaml", False),
        ("connections/**/guarded", "connections/guarded/a.yaml", True),
        ("connections/**/guarded", "connections/a/b/guarded/a.yaml", True),
        ("connections/**/guarded", "guarded/connections/a.yaml", False),
        ("connections/guarded/**", "connections/guarded/b/a.yaml", True),
        ("connections/guarded/**/*.yaml", "connections/guarded/a.yaml", True),
        ("connections/guarded/**/*.yaml", "connections/guarded/a.yml", False),
        ("**/a/**/b", "a/b/a", True),
        ("**/a/**/b", "b/a/c", False),
    ],
)
def test_a_path_covers_itself_and_what_is_below_it(path: str, file: str, covers: bool) -> None:
    assert LifecyclePath.parse(path).covers(file) is covers


def test_many_wildcards_take_no_longer_than_few() -> None:
    path = LifecyclePath.parse("**/a/" * 200 + "b")
    assert not path.covers("a/" * 1000 + "c.yaml")


@pytest.mark.parametrize("path", ["", ".", "./", "**", "**/**", "/srv/guarded", "../guarded", "connections/../guarded"])
def test_a_path_that_is_not_a_directory_in_the_stack_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="connections/guarded"):
        LifecyclePath.parse(path)
