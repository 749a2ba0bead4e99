"""What git is asked: there, not there and cannot be told are kept apart, and nothing of the tree decides how git runs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.workspace import NOT_THERE, Answer, GitMissing, GitUnusable, Repository, Snapshot, There
from reconciler.workspace import git as module
from tests.config.repository import Repository as Clone

QUESTIONS: dict[str, Callable[[Repository], object]] = {
    "superproject": lambda repository: Repository(repository.root / "crm/inner").superproject(),
    "refs_named": lambda repository: repository.refs_named("main"),
    "commit": lambda repository: repository.commit("main"),
    "file_at": lambda repository: repository.file_at("HEAD", "crm/a.yaml"),
    "entry_at": lambda repository: repository.entry_at("HEAD", "crm/a.yaml"),
    "files_below": lambda repository: repository.files_below("HEAD", "crm"),
    "contents": lambda repository: repository.contents({"1" * 40}),
    "snapshot": lambda repository: snapshot(repository, "crm"),
    "tracked_files": lambda repository: repository.tracked_files([repository.root / "crm/a.yaml"]),
}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A repository with crm/a.yaml, crm/sub/b.yaml and top.yaml on main."""
    clone = Clone.at(tmp_path / "clone")
    for name in ("crm/a.yaml", "crm/sub/b.yaml", "top.yaml"):
        (clone.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (clone.folder / name).write_text(f"{name}\n")
    clone.commit()
    (clone.folder / "crm/inner/.git").mkdir(parents=True)
    return clone


def snapshot(repository: Repository, folder: str, commit: str = "main") -> Answer[Snapshot]:
    return Snapshot.of(repository, commit, repository.root / folder, commit)


@pytest.fixture
def repository(clone: Clone) -> Repository:
    return Repository(clone.folder)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def replace_git(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put `script` before git on PATH."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


class TestAnswers:
    def test_the_nearest_directory_with_a_git_is_the_root(self, clone: Clone, tmp_path: Path) -> None:
        assert Repository.containing(clone.folder / "crm" / "sub") == Repository(clone.folder)
        assert Repository.containing(clone.folder) == Repository(clone.folder)
        assert Repository.containing(tmp_path) is None
        clone.git("worktree", "add", "--quiet", "--detach", str(clone.folder / "crm" / "tree"))
        assert Repository.containing(clone.folder / "crm/tree/crm") == Repository(clone.folder / "crm/tree")

    def test_a_commit_has_an_id_and_one_that_is_not_there_none(self, clone: Clone, repository: Repository) -> None:
        assert repository.commit("main") == repository.commit("HEAD") == There(clone.git("rev-parse", "main"))
        for absent in ("nowhere", "--output=x", "main:crm", "1" * 40, "HEAD~7", ""):
            assert repository.commit(absent) == NOT_THERE

    def test_every_ref_of_a_short_name_is_named(self, clone: Clone, repository: Repository) -> None:
        assert repository.refs_named("main") == ("refs/heads/main",)
        clone.git("tag", "main")
        clone.git("update-ref", "refs/remotes/origin/main", "refs/heads/main")
        assert repository.refs_named("main") == ("refs/heads/main", "refs/tags/main")
        assert repository.refs_named("origin/main") == ("refs/remotes/origin/main",)
        assert repository.refs_named("nowhere") == ()

    def test_a_file_is_read_as_it_was_committed(self, clone: Clone, repository: Repository) -> None:
        (clone.folder / "crm/a.yaml").write_text("changed")
        (clone.folder / ".gitattributes").write_text("*.yaml working-tree-encoding=UTF-16 eol=crlf\n")
        assert repository.file_at("main", "crm/a.yaml") == There(b"crm/a.yaml\n")
        assert repository.file_at("main", "top.yaml") == There(b"top.yaml\n")

    @pytest.mark.parametrize("path", ["crm/b.yaml", "crm", "nowhere/a.yaml", "crm/*.yaml", ":(top)top.yaml"])
    def test_what_is_no_file_at_a_commit_is_not_there(self, repository: Repository, path: str) -> None:
        assert repository.file_at("main", path) == NOT_THERE

    def test_an_empty_file_is_there(self, clone: Clone, repository: Repository) -> None:
        (clone.folder / "empty.yaml").write_text("")
        clone.commit()
        assert repository.file_at("main", "empty.yaml") == There(b"")

    def test_a_copy_has_the_directory_of_the_commit_and_the_clone_stays(
        self, clone: Clone, repository: Repository, tmp_path: Path
    ) -> None:
        (clone.folder / "crm/a.yaml").unlink()
        before = clone.git("status", "--porcelain"), (clone.folder / ".git/index").read_bytes()
        for number, (folder, names) in enumerate(
            {"crm": ["a.yaml", "sub/b.yaml"], ".": ["crm/a.yaml", "crm/sub/b.yaml", "top.yaml"]}.items()
        ):
            there = snapshot(repository, folder)
            assert isinstance(there, There)
            there.value.copy(["**/*"], tmp_path / str(number))
            assert files(tmp_path / str(number)) == names
        for absent in ("new", "top.yaml", "top.yaml/x"):
            assert snapshot(repository, absent) == NOT_THERE
        assert (clone.git("status", "--porcelain"), (clone.folder / ".git/index").read_bytes()) == before

    def test_a_copy_has_what_globs_can_match_and_what_links_lead_to(
        self, clone: Clone, repository: Repository, tmp_path: Path
    ) -> None:
        for name in ("crm/large.bin", "crm/shared/real.txt", "crm/sub/c.yml", "crm/x/ä \n.yaml"):
            (clone.folder / name).parent.mkdir(exist_ok=True)
            (clone.folder / name).write_text(name)
        (clone.folder / "crm/link.yaml").symlink_to("shared/real.txt")
        (clone.folder / "crm/elsewhere").symlink_to("/etc")
        clone.commit()
        there = snapshot(repository, "crm")
        assert isinstance(there, There)
        there.value.copy(["sub/*.yaml", "x/**/*.yaml", "*.yaml"], tmp_path / "copy")
        assert files(tmp_path / "copy") == ["a.yaml", "link.yaml", "shared/real.txt", "sub/b.yaml", "x/ä \n.yaml"]
        assert (tmp_path / "copy/link.yaml").read_text() == "crm/shared/real.txt"
        assert (tmp_path / "copy/elsewhere").readlink() == Path("/etc")
        assert (tmp_path / "copy").stat().st_mode & 0o077 == 0

    def test_tracked_are_those_that_the_index_has(self, clone: Clone, repository: Repository) -> None:
        (clone.folder / "crm/ä *.yaml").write_text("new")
        asked = [clone.folder / name for name in ("crm/a.yaml", "crm/sub/b.yaml", "crm/ä *.yaml", "crm/nowhere")]
        assert repository.tracked_files(asked) == set(asked[:2])
        clone.git("add", "--all")
        assert repository.tracked_files(asked) == set(asked[:3])
        assert repository.tracked_files([clone.folder / "top.yaml"]) == {clone.folder / "top.yaml"}
        assert repository.tracked_files([]) == frozenset()

    def test_a_submodule_knows_that_it_is_one_at_any_depth(self, clone: Clone, repository: Repository, tmp_path: Path) -> None:
        other = Clone.at(tmp_path / "other")
        other.commit()
        clone.git("submodule", "--quiet", "add", str(other.folder), "deep/below/module")
        assert repository.superproject() == NOT_THERE
        assert Repository(clone.folder / "deep/below/module").superproject() == There(clone.folder)

    def test_a_clone_within_another_one_that_does_not_track_it_is_no_submodule(self, clone: Clone) -> None:
        inner = Clone.at(clone.folder / "crm" / "inner")
        inner.commit()
        assert Repository(inner.folder).superproject() == NOT_THERE


class TestWhenGitCannotTell:
    @pytest.mark.parametrize("question", QUESTIONS)
    def test_a_git_that_fails_is_never_taken_for_an_answer(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
    ) -> None:
        replace_git(tmp_path / "bin", monkeypatch, "echo 'fatal: it is broken.' >&2; exit 128")
        with pytest.raises(GitUnusable, match=r"^git cannot .*: fatal: it is broken\.$") as broken:
            QUESTIONS[question](repository)
        assert "git fsck" in broken.value.hint

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_a_git_that_hangs_is_not_waited_for(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
    ) -> None:
        replace_git(tmp_path / "bin", monkeypatch, "exec sleep 60")
        monkeypatch.setattr(module, "_LIMIT_SECONDS", 0.1)
        with pytest.raises(GitUnusable, match=r"git did not end within 0\.1 seconds\.") as hanging:
            QUESTIONS[question](repository)
        assert f"git -C {repository.root} status" in hanging.value.hint

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_no_git_at_all_is_told_apart(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(GitMissing, match="There is no git on this machine") as missing:
            QUESTIONS[question](repository)
        assert "install git" in missing.value.hint

    def test_a_clone_that_lacks_the_tree_is_not_one_where_the_file_is_not_there(
        self, clone: Clone, repository: Repository
    ) -> None:
        tree = clone.git("rev-parse", "main:crm")
        (clone.folder / ".git/objects" / tree[:2] / tree[2:]).unlink()
        for question in ("file_at", "entry_at", "files_below"):
            with pytest.raises(GitUnusable, match=r"^git cannot read crm at HEAD: fatal: not a tree object\.$"):
                QUESTIONS[question](repository)

    def test_a_clone_that_lacks_a_tree_further_down_or_a_blob_is_not_one_where_files_are_not_there(
        self, clone: Clone, repository: Repository, tmp_path: Path
    ) -> None:
        blob = clone.git("rev-parse", "main:crm/a.yaml")
        (clone.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
        with pytest.raises(GitUnusable):
            repository.file_at("main", "crm/a.yaml")
        there = snapshot(repository, "crm")
        assert isinstance(there, There)
        with pytest.raises(GitUnusable, match=f"git cannot read files of a commit: {blob} missing"):
            there.value.copy(["*.yaml"], tmp_path / "copy")
        tree = clone.git("rev-parse", "main:crm/sub")
        (clone.folder / ".git/objects" / tree[:2] / tree[2:]).unlink()
        with pytest.raises(GitUnusable):
            snapshot(repository, "crm")

    def test_a_ref_whose_commit_is_missing_is_not_a_ref_that_is_not_there(self, clone: Clone, repository: Repository) -> None:
        commit = clone.git("rev-parse", "main")
        (clone.folder / ".git/objects" / commit[:2] / commit[2:]).unlink()
        with pytest.raises(GitUnusable, match=f"this clone lacks the object {commit}") as lacking:
            repository.commit("main")
        assert "without `--filter`" in lacking.value.hint
        assert repository.commit("nowhere") == NOT_THERE

    @pytest.mark.parametrize("path", ["link.yaml", "link/a.yaml", "module", "module/a.yaml"])
    def test_what_is_behind_a_link_or_in_a_submodule_of_a_commit_cannot_be_told(
        self, clone: Clone, repository: Repository, tmp_path: Path, path: str
    ) -> None:
        other = Clone.at(tmp_path / "other")
        other.commit()
        clone.git("submodule", "--quiet", "add", str(other.folder), "module")
        (clone.folder / "link").symlink_to("crm")
        (clone.folder / "link.yaml").symlink_to("top.yaml")
        clone.commit()
        with pytest.raises(GitUnusable, match=r"it is a (link|submodule) there, and reconciler follows none"):
            repository.file_at("main", path)
        with pytest.raises(GitUnusable, match=r"it is a (link|submodule) there, and reconciler follows none"):
            snapshot(repository, path)

    @pytest.mark.parametrize(
        ("glob", "can_match"), [("**/*.yaml", True), ("a/*/*.yaml", True), ("a/*.yaml", False), ("b/**", False)]
    )
    def test_a_submodule_in_which_a_glob_can_match_cannot_be_copied(
        self, clone: Clone, repository: Repository, tmp_path: Path, glob: str, can_match: bool
    ) -> None:
        other = Clone.at(tmp_path / "other")
        other.commit()
        clone.git("submodule", "--quiet", "add", str(other.folder), "crm/a/module")
        clone.commit()
        there = snapshot(repository, "crm")
        assert isinstance(there, There)
        if can_match:
            with pytest.raises(GitUnusable, match="a/module at main is a submodule"):
                there.value.copy([glob], tmp_path / "copy")
        else:
            there.value.copy([glob], tmp_path / "copy")

    def test_a_directory_that_git_does_not_trust_gets_the_command_that_helps(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = "echo \"fatal: detected dubious ownership in repository at '/x'\" >&2; echo 'git config safe.directory' >&2"
        replace_git(tmp_path / "bin", monkeypatch, f"{words}; exit 128")
        with pytest.raises(GitUnusable, match="fatal: detected dubious ownership") as refused:
            repository.commit("main")
        assert f"git config --global --add safe.directory {repository.root}" in refused.value.hint

    def test_what_cannot_be_an_argument_is_said(self, repository: Repository) -> None:
        with pytest.raises(GitUnusable, match="git cannot be started: embedded null byte"):
            repository.commit("a\0b")


class TestWhatLeadsGitElsewhere:
    def test_variables_that_a_hook_has_set_do_not(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = Clone.at(tmp_path / "other")
        other.commit()
        for name in ("GIT_DIR", "GIT_COMMON_DIR"):
            monkeypatch.setenv(name, str(other.folder / ".git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git/index"))
        assert repository.file_at("main", "top.yaml") == There(b"top.yaml\n")
        assert repository.tracked_files([repository.root / "top.yaml"])

    @pytest.mark.parametrize("nested", [False, True])
    def test_no_program_that_a_configuration_names_is_started(
        self, clone: Clone, repository: Repository, tmp_path: Path, nested: bool
    ) -> None:
        """Nested: a directory of the tree is itself laid out as a bare repository, with a configuration of its own."""
        ran = tmp_path / "ran"
        folder = clone.folder
        if nested:
            folder = clone.folder / "retrieved"
            folder.mkdir()
            for name in ("objects", "refs"):
                (folder / name).mkdir()
            (folder / "HEAD").write_text("ref: refs/heads/main\n")
            (folder / "a.xml").write_text("x")
        config = folder / "config" if nested else clone.folder / ".git/config"
        with config.open("a") as opened:
            opened.write(f'[core]\n\tfsmonitor = "touch {ran}; false"\n\thooksPath = {tmp_path / "hooks"}\n')
            opened.write(f"\trepositoryformatversion = 0\n\tbare = {'true' if nested else 'false'}\n\tworktree = {folder}\n")
        hook = tmp_path / "hooks" / "post-index-change"
        hook.parent.mkdir()
        hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
        hook.chmod(0o755)
        assert repository.tracked_files([folder / "a.xml", clone.folder / "top.yaml"]) == {clone.folder / "top.yaml"}
        assert isinstance(snapshot(repository, "crm"), There)
        assert not ran.exists()
