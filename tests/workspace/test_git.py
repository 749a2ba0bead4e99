"""What git is asked: there, not there and cannot be told are kept apart, and nothing of the tree decides how git runs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.workspace import GitMissing, GitUnusable, Repository
from reconciler.workspace import git as module
from tests.config.repository import Repository as Clone

QUESTIONS: dict[str, Callable[[Repository], object]] = {
    "is_submodule": lambda repository: repository.is_submodule(),
    "refs_named": lambda repository: repository.refs_named("main"),
    "commit": lambda repository: repository.commit("main"),
    "file_at": lambda repository: repository.file_at("HEAD", "crm/a.yaml"),
    "copy_of": lambda repository: repository.copy_of(repository.root / "crm", "HEAD").__enter__(),
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
    return clone


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
        assert repository.commit("main") == repository.commit("HEAD") == clone.git("rev-parse", "main")
        for absent in ("nowhere", "--output=x", "main:crm", "1" * 40, "HEAD~7", ""):
            assert repository.commit(absent) is None

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
        assert repository.file_at("main", "crm/a.yaml") == b"crm/a.yaml\n"
        assert repository.file_at("main", "top.yaml") == b"top.yaml\n"

    @pytest.mark.parametrize("path", ["crm/b.yaml", "crm", "nowhere/a.yaml", "crm/*.yaml", ":(top)top.yaml"])
    def test_what_is_no_file_at_a_commit_is_not_there(self, repository: Repository, path: str) -> None:
        assert repository.file_at("main", path) is None

    def test_a_copy_has_the_directory_of_the_commit_and_the_clone_stays(self, clone: Clone, repository: Repository) -> None:
        (clone.folder / "crm/a.yaml").unlink()
        before = clone.git("status", "--porcelain"), (clone.folder / ".git/index").read_bytes()
        with repository.copy_of(clone.folder / "crm", "main") as copy:
            assert copy is not None
            assert files(copy) == ["a.yaml", "sub/b.yaml"]
        assert not copy.exists()
        with repository.copy_of(clone.folder, "main") as copy:
            assert copy is not None
            assert files(copy) == ["crm/a.yaml", "crm/sub/b.yaml", "top.yaml"]
        for absent in ("new", "top.yaml"):
            with repository.copy_of(clone.folder / absent, "main") as copy:
                assert copy is None
        assert (clone.git("status", "--porcelain"), (clone.folder / ".git/index").read_bytes()) == before

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
        assert not repository.is_submodule()
        assert Repository(clone.folder / "deep/below/module").is_submodule()


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
        with pytest.raises(GitUnusable):
            repository.file_at("main", "crm/a.yaml")
        with pytest.raises(GitUnusable), repository.copy_of(clone.folder / "crm", "main"):
            pass

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
        assert repository.file_at("main", "top.yaml") == b"top.yaml\n"
        assert repository.tracked_files([repository.root / "top.yaml"])

    def test_configuration_that_an_operator_names_stays(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        replace_git(tmp_path / "bin", monkeypatch, "env | grep '^GIT_' | sort")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/etc/ours")
        monkeypatch.setenv("GIT_TRACE", "1")
        kept = repository.refs_named("main")
        assert "GIT_CONFIG_GLOBAL=/etc/ours" in kept
        assert "GIT_TRACE=1" not in kept

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
        with repository.copy_of(clone.folder / "crm", "main") as copy:
            assert copy is not None
        assert not ran.exists()
