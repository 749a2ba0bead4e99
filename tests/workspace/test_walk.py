"""Which files globs name, what is said of those that they pass over, and what becomes of those that cannot be read."""

import os
from pathlib import Path

import pytest

from reconciler.model import Diagnostic, Written
from reconciler.workspace import display_path, find_files, read_within

SECRET = "s3cr3t-of-the-runner"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack's directory, empty; it is the working directory, so that messages have short names."""
    folder = tmp_path / "stack"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def write(folder: Path, *names: str) -> None:
    """Write files whose content is their name."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def walk(folder: Path, *globs: str) -> tuple[dict[str, str], list[Diagnostic]]:
    """Return the content of every file that `globs` name, in the order of reading, and all problems."""
    contents: dict[str, str] = {}
    files, problems = find_files(folder, [Written(glob) for glob in globs or ("**/*.yaml",)])
    for file in files:
        data = read_within(file, folder)
        if isinstance(data, Diagnostic):
            problems.append(data)
        else:
            contents[display_path(file)] = data.decode()
    return contents, problems


def read(folder: Path, *globs: str) -> list[str]:
    """Return the names of the files that were read; nothing may be wrong."""
    contents, problems = walk(folder, *globs)
    assert problems == []
    return list(contents)


def problem(folder: Path, *globs: str) -> Diagnostic:
    (only,) = walk(folder, *globs)[1]
    return only


def test_files_come_in_the_order_of_their_paths_whatever_the_globs_order(folder: Path) -> None:
    write(folder, "b/a.yaml", "a/z.yaml", "a.yaml", "a/b/c.yml")

    globs = ("b/*.yaml", "**/*.yml", "*.yaml", "a/*.yaml", "**/*.yaml")

    assert read(folder, *globs) == ["a/b/c.yml", "a/z.yaml", "a.yaml", "b/a.yaml"]


def test_a_file_that_several_globs_match_is_found_once(folder: Path) -> None:
    write(folder, "crm.yaml")

    assert read(folder, "*.yaml", "**/*.yaml", "crm.yaml") == ["crm.yaml"]


def test_a_path_is_displayed_from_the_working_directory_and_whole_outside_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert display_path(folder / "a" / "crm.yaml") == "a/crm.yaml"
    monkeypatch.chdir(folder.parent)
    assert display_path(folder / "crm.yaml") == "stack/crm.yaml"
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert display_path(folder / "crm.yaml") == str(folder / "crm.yaml")


def test_globs_that_match_nothing_are_an_error_so_that_a_typing_error_deletes_nothing(folder: Path) -> None:
    write(folder, "crm.yaml")

    said = problem(folder, "connection/*.yaml", "*.yml")

    assert said.summary == f"No file matches `connection/*.yaml` or `*.yml` in {folder}."
    assert said.hint.startswith("put a manifest there, or change `manifests` in reconciler.yaml")


def test_a_glob_that_names_a_directory_says_how_to_name_its_files(folder: Path) -> None:
    write(folder, "connections/crm.yaml")

    assert problem(folder, "connections/").hint == "write `connections/**/*.yaml` for the files in it"


@pytest.mark.parametrize("glob", ["**.yaml", "a/b**", ".", "***"])
def test_a_glob_that_python_cannot_use_is_said(folder: Path, glob: str) -> None:
    write(folder, "crm.yaml")

    said = problem(folder, "*.yaml", glob)

    assert said.summary == f"`manifests` cannot be `{glob}`: that is not a glob."
    assert "connections/**/*.yaml" in said.hint


def test_one_glob_of_several_that_matches_nothing_is_an_error_at_its_line(folder: Path) -> None:
    write(folder, "connections/crm.yaml")

    assert problem(folder, "connections/*.yaml", "prod/**/*.yaml").summary == "No file matches `prod/**/*.yaml`."


def test_one_of_the_two_endings_of_yaml_files_is_enough(folder: Path) -> None:
    write(folder, "connections/crm.yaml")

    assert read(folder, "connections/*.yaml", "connections/*.yml") == ["connections/crm.yaml"]


def test_a_file_with_the_other_ending_is_not_passed_over_in_silence(folder: Path) -> None:
    write(folder, "connections/crm.yaml", "connections/erp.yml")

    said = problem(folder, "connections/*.yaml")

    assert said.severity == "warning"
    assert said.summary == "reconciler does not read connections/erp.yml: no glob of `manifests` matches it."


def test_a_directory_called_like_a_manifest_is_passed_over(folder: Path) -> None:
    write(folder, "x.yaml/crm.yaml")

    assert read(folder) == ["x.yaml/crm.yaml"]


def test_a_dangling_link_is_an_error(folder: Path) -> None:
    (folder / "x.yaml").symlink_to("nowhere.yml")

    said = problem(folder)

    assert (said.summary, said.detail) == ("x.yaml cannot be read.", "No such file or directory.")


def test_a_loop_of_links_is_an_error(folder: Path) -> None:
    (folder / "x.yaml").symlink_to("y.yaml")
    (folder / "y.yaml").symlink_to("x.yaml")

    assert [(said.summary, said.detail) for said in walk(folder)[1]] == [
        ("x.yaml cannot be read.", "A loop of links."),
        ("y.yaml cannot be read.", "A loop of links."),
    ]


def test_what_is_no_regular_file_is_an_error_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "x.yaml")

    assert problem(folder).detail == "Not a regular file."


def test_a_link_within_the_stack_is_followed(folder: Path) -> None:
    write(folder, "shared/crm.yml")
    (folder / "crm.yaml").symlink_to("shared/crm.yml")

    assert walk(folder) == ({"crm.yaml": "shared/crm.yml"}, [])


@pytest.mark.parametrize("target", ["/dev/zero", "/proc/self/environ", "../secret", "../folder/secret"])
def test_a_link_out_of_the_stack_is_refused_unread(folder: Path, target: str) -> None:
    (folder.parent / "folder").mkdir()
    for name in ("secret", "folder/secret"):
        (folder.parent / name).write_text(f"{SECRET}: x\nkind: {SECRET}\n")
    (folder / "x.yaml").symlink_to(target)

    said = problem(folder)

    assert said.summary == "x.yaml is a link that leads out of the stack."
    assert SECRET not in repr(said)


def test_a_linked_directory_out_of_the_stack_is_refused_too(folder: Path) -> None:
    (folder.parent / "folder").mkdir()
    (folder.parent / "folder" / "x.yaml").write_text(f"kind: {SECRET}\n")
    (folder / "linked").symlink_to("../folder")

    said = problem(folder, "linked/*.yaml")

    assert said.summary == "linked/x.yaml is a link that leads out of the stack."
    assert SECRET not in repr(said)
