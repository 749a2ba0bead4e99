"""Clones that are hostile, incomplete or somebody else's. Real ones: each program that one of them names would leave a mark."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.workspace import NOT_THERE, GitUnusable, Repository, Snapshot, There
from reconciler.workspace import git as module
from tests.config.repository import Repository as Clone

MANIFEST = b"kind: x\nname: \xc3\xa4\n"


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A file that exists once any hostile program ran."""
    return tmp_path / "ran"


@pytest.fixture
def program(tmp_path: Path, mark: Path) -> Path:
    """A hostile program. It passes its input on, so that it is not noticed."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\nexec cat\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A repository with crm/a.yaml and crm/sub/b.yaml on main."""
    clone = Clone.at(tmp_path / "clone")
    for name in ("crm/a.yaml", "crm/sub/b.yaml"):
        (clone.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (clone.folder / name).write_bytes(MANIFEST)
    clone.commit()
    return clone


def ask_everything(root: Path, temporary: Path) -> dict[str, bytes]:
    """Ask every question, and return the files of crm at main."""
    repository = Repository(root)
    repository.refs_named("main")
    repository.superproject()
    repository.tracked_files([root / "crm/a.yaml", root / "crm/sub/b.yaml"])
    commit = repository.commit("main")
    assert isinstance(commit, There)
    assert repository.file_at(commit.value, "crm/a.yaml") == There(MANIFEST)
    snapshot = Snapshot.of(repository, commit.value, root / "crm", "main")
    assert isinstance(snapshot, There)
    copy = temporary / "copy"
    snapshot.value.copy(["**/*.yaml"], copy)
    return {path.relative_to(copy).as_posix(): path.read_bytes() for path in copy.rglob("*.yaml")}


WHOLE = {"a.yaml": MANIFEST, "sub/b.yaml": MANIFEST}


class TestConfiguration:
    @pytest.mark.parametrize("where", ["clone", "user", "variables"])
    def test_no_program_that_a_configuration_or_a_hook_names_is_started(
        self, clone: Clone, program: Path, mark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
    ) -> None:
        hooks = tmp_path / "hooks"
        hooks.mkdir()
        for hook in ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc"):
            shutil.copy(program, hooks / hook)
            shutil.copy(program, clone.folder / ".git/hooks" / hook)
        (clone.folder / "crm/.gitattributes").write_text("* filter=evil diff=evil merge=evil ident text eol=crlf\n")
        keys: dict[str, str | Path] = {
            "core.fsmonitor": program,
            "core.hooksPath": hooks,
            "core.pager": program,
            "core.editor": program,
            "core.sshCommand": program,
            "core.askPass": program,
            "core.gitProxy": program,
            "core.alternateRefsCommand": program,
            "core.attributesFile": clone.folder / "crm/.gitattributes",
            "core.autocrlf": "true",
            "filter.evil.smudge": program,
            "filter.evil.clean": program,
            "filter.evil.process": program,
            "filter.evil.required": "true",
            "diff.evil.textconv": program,
            "diff.evil.command": program,
            "diff.external": program,
            "credential.helper": f"!{program}",
            "alias.cat-file": f"!{program}",
            "alias.ls-files": f"!{program}",
            "pager.ls-files": program,
            "uploadpack.packObjectsHook": program,
        }
        if where == "variables":
            for number, (key, value) in enumerate(keys.items()):
                monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
                monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", str(value))
            monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(keys)))
            for name in ("GIT_EXTERNAL_DIFF", "GIT_SSH", "GIT_ASKPASS", "GIT_PAGER", "GIT_EDITOR", "GIT_PROXY_COMMAND"):
                monkeypatch.setenv(name, str(program))
            monkeypatch.setenv("GIT_TRACE", str(mark))
            monkeypatch.setenv("GIT_TRACE2_EVENT", str(mark))
        else:
            file = clone.folder / ".git/config" if where == "clone" else tmp_path / "home/.gitconfig"
            file.parent.mkdir(exist_ok=True)
            monkeypatch.setenv("HOME", str(tmp_path / "home"))
            for key, value in keys.items():
                subprocess.run(["git", "config", "--file", file, key, value], check=True)
        (clone.folder / "crm/a.yaml").touch()

        assert ask_everything(clone.folder, tmp_path) == WHOLE
        assert not mark.exists()

    def test_such_a_configuration_does_start_programs_where_nobody_keeps_it_from_it(self, clone: Clone, program: Path) -> None:
        """So that the tests here can fail."""
        clone.git("config", "core.fsmonitor", str(program))
        clone.git("ls-files")
        assert (program.parent / "ran").exists()

    def test_a_git_that_the_tree_brings_is_not_started(
        self, clone: Clone, program: Path, mark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (clone.folder / "bin").mkdir()
        shutil.copy(program, clone.folder / "bin/git")
        shutil.copy(program, clone.folder / "git")
        (tmp_path / "linked").symlink_to(clone.folder / "bin")
        monkeypatch.chdir(clone.folder)
        monkeypatch.setenv("PATH", f":.:bin:{clone.folder / 'bin'}:{tmp_path / 'linked'}:{os.environ['PATH']}")
        assert ask_everything(clone.folder, tmp_path) == WHOLE
        assert not mark.exists()

    def test_git_gets_no_secret_of_the_runner(self, clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/git").write_text("#!/bin/sh\nenv\n")
        (tmp_path / "bin/git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        for name in ("INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET", "CRM_SECRET", "GITHUB_TOKEN", "GIT_TRACE", "GIT_DIR"):
            monkeypatch.setenv(name, "s3cr3t")
        assert not [line for line in Repository(clone.folder).refs_named("main") if "s3cr3t" in line]

    def test_replaced_objects_and_grafts_do_not_count(self, clone: Clone, tmp_path: Path) -> None:
        other = subprocess.run(
            ["git", "hash-object", "-w", "--stdin"], cwd=clone.folder, input="evil", capture_output=True, text=True, check=True
        ).stdout.strip()
        clone.git("replace", clone.git("rev-parse", "main:crm/a.yaml"), other)
        (clone.folder / ".git/info").mkdir(exist_ok=True)
        (clone.folder / ".git/info/grafts").write_text(f"{clone.git('rev-parse', 'main')} {'1' * 40}\n")
        assert clone.git("cat-file", "blob", "main:crm/a.yaml") == "evil"
        assert ask_everything(clone.folder, tmp_path) == WHOLE

    def test_objects_that_a_variable_names_do_not_count(
        self, clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = Clone.at(tmp_path / "other")
        (other.folder / "only-there.yaml").write_text("x")
        commit = other.commit()
        for name in ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_OBJECT_DIRECTORY"):
            monkeypatch.setenv(name, str(other.folder / ".git/objects"))
        assert Repository(clone.folder).commit(commit) == NOT_THERE
        assert ask_everything(clone.folder, tmp_path) == WHOLE

    def test_a_directory_laid_out_as_a_bare_repository_lends_no_objects(self, clone: Clone, tmp_path: Path) -> None:
        other = Clone.at(tmp_path / "other")
        (other.folder / "only-there.yaml").write_text("x")
        commit = other.commit()
        nested = clone.folder / "crm"
        for name in ("objects/info", "refs"):
            (nested / name).mkdir(parents=True)
        (nested / "HEAD").write_text("ref: refs/heads/main\n")
        (nested / "config").write_text("[core]\n\tbare = true\n")
        (nested / "objects/info/alternates").write_text(f"{other.folder / '.git/objects'}\n")
        assert Repository.containing(nested) == Repository(clone.folder)
        assert Repository(clone.folder).commit(commit) == NOT_THERE
        assert ask_everything(clone.folder, tmp_path) == WHOLE

    def test_a_clone_whose_alternates_are_gone_cannot_tell(self, clone: Clone, tmp_path: Path) -> None:
        clone.git("clone", "--quiet", "--shared", str(clone.folder), str(tmp_path / "shared"))
        assert ask_everything(tmp_path / "shared", tmp_path) == WHOLE
        clone.folder.rename(tmp_path / "gone")
        with pytest.raises(GitUnusable):
            Repository(tmp_path / "shared").commit("main")

    def test_an_empty_git_directory_does_not_lead_to_the_repository_around_it(self, clone: Clone) -> None:
        (clone.folder / "crm/.git").mkdir()
        with pytest.raises(GitUnusable, match="not a git repository"):
            Repository(clone.folder / "crm").commit("main")

    def test_a_work_tree_that_the_clones_configuration_moves_is_not_looked_at(self, clone: Clone, tmp_path: Path) -> None:
        clone.git("config", "core.worktree", str(tmp_path))
        repository = Repository(clone.folder)
        assert repository.tracked_files([clone.folder / "crm/a.yaml"]) == {clone.folder / "crm/a.yaml"}


class TestAttributes:
    @pytest.mark.parametrize(
        "attributes",
        [
            "*.yaml working-tree-encoding=UTF-16",
            "*.yaml eol=crlf",
            "*.yaml filter=evil",
            "*.yaml ident",
            "*.yaml export-ignore",
        ],
    )
    def test_files_are_the_bytes_that_were_committed(
        self, clone: Clone, program: Path, mark: Path, tmp_path: Path, attributes: str
    ) -> None:
        clone.git("config", "filter.evil.smudge", str(program))
        clone.git("config", "core.autocrlf", "true")
        (clone.folder / ".git/info").mkdir(exist_ok=True)
        for file in (".gitattributes", "crm/.gitattributes", ".git/info/attributes"):
            (clone.folder / file).write_text(f"{attributes}\n")
        assert ask_everything(clone.folder, tmp_path) == WHOLE
        assert not mark.exists()


class TestNames:
    def tree(self, clone: Clone, *entries: tuple[str, str, str]) -> str:
        """Commit a tree that Git itself would not make, and return the commit. An entry is a mode, a name, and an id."""
        raw = b"".join(mode.encode() + b" " + name.encode() + b"\0" + bytes.fromhex(blob) for mode, name, blob in entries)
        made = subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            cwd=clone.folder, input=raw, capture_output=True, check=True,
        )  # fmt: skip
        return clone.git("commit-tree", "-m", "x", made.stdout.decode().strip())

    def test_a_name_that_leads_out_of_the_copy_is_refused(self, clone: Clone, tmp_path: Path) -> None:
        blob = clone.git("rev-parse", "main:crm/a.yaml")
        inner = clone.git("rev-parse", "main:crm")
        for entry in (("40000", "..", inner), ("100644", "../a.yaml", blob), ("100644", "/x.yaml", blob)):
            snapshot = Snapshot.of(Repository(clone.folder), self.tree(clone, entry), clone.folder, "evil")
            assert isinstance(snapshot, There)
            target = tmp_path / "deep" / "copy"
            target.parent.mkdir(exist_ok=True)
            with pytest.raises(GitUnusable, match="at evil cannot be a file here"):
                snapshot.value.copy(["**"], target)
            assert list(target.parent.iterdir()) == [target]
            shutil.rmtree(target.parent)

    def test_nothing_is_written_through_a_link_of_the_tree(self, clone: Clone, tmp_path: Path) -> None:
        victim = tmp_path / "victim"
        victim.mkdir()
        link = subprocess.run(
            ["git", "hash-object", "-w", "--stdin"],
            cwd=clone.folder,
            input=str(victim),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        inner = clone.git("rev-parse", "main:crm")
        commit = self.tree(clone, ("120000", "a", link), ("40000", "a", inner))
        snapshot = Snapshot.of(Repository(clone.folder), commit, clone.folder, "evil")
        assert isinstance(snapshot, There)
        with pytest.raises(GitUnusable, match="a at evil cannot be a file here: File exists"):
            snapshot.value.copy(["**"], tmp_path / "copy")
        assert list(victim.iterdir()) == []


class TestIncompleteClones:
    def cloned(self, clone: Clone, target: Path, *options: str) -> Repository:
        """Return a clone of a remote that is gone, made with `options`. Its configuration would run a program to reach it."""
        clone.git("config", "uploadpack.allowFilter", "true")
        clone.git("clone", "--quiet", "--no-checkout", *options, f"file://{clone.folder}", str(target))
        clone.folder.rename(clone.folder.with_name("gone"))
        return Repository(target)

    @pytest.mark.parametrize(
        ("options", "lacks"), [(("--filter=tree:0",), "tree"), (("--filter=blob:none",), "blob"), (("--depth=1",), "")]
    )
    def test_what_a_partial_clone_lacks_cannot_be_told(
        self, clone: Clone, tmp_path: Path, options: tuple[str, ...], lacks: str
    ) -> None:
        (clone.folder / "crm/a.yaml").write_text("newer")
        clone.commit()
        repository = self.cloned(clone, tmp_path / "partial", *options)
        commit = repository.commit("main")
        assert isinstance(commit, There)
        if not lacks:
            assert repository.file_at(commit.value, "crm/a.yaml") == There(b"newer")
            assert repository.file_at(commit.value, "crm/b.yaml") == NOT_THERE
            assert repository.commit("main~1") == NOT_THERE
            return
        with pytest.raises(GitUnusable, match=r"could not fetch|missing|not allowed") as lacking:
            repository.file_at(commit.value, "crm/a.yaml")
        assert "without `--filter`" in lacking.value.hint
        if lacks == "tree":
            with pytest.raises(GitUnusable):
                Snapshot.of(repository, commit.value, repository.root / "crm", "main")
        else:
            snapshot = Snapshot.of(repository, commit.value, repository.root / "crm", "main")
            assert isinstance(snapshot, There)
            with pytest.raises(GitUnusable):
                snapshot.value.copy(["*.yaml"], tmp_path / "copy")

    @pytest.mark.parametrize("filtered", ["tree:0", "blob:none"])
    @pytest.mark.parametrize("url", ["ext::sh -c %P%", "ssh://host/x", "%P%", "evil::x", "git://127.0.0.1:1/x"])
    def test_the_remote_that_has_what_is_missing_is_never_asked(
        self, clone: Clone, program: Path, mark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filtered: str, url: str
    ) -> None:
        repository = self.cloned(clone, tmp_path / "partial", f"--filter={filtered}")
        (tmp_path / "bin").mkdir()
        shutil.copy(program, tmp_path / "bin/git-remote-evil")
        shutil.copy(program, tmp_path / "bin/ssh")
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        settings = {
            "remote.origin.url": url.replace("%P%", str(program)),
            "remote.origin.uploadpack": str(program),
            "core.sshCommand": str(program),
            "core.gitProxy": str(program),
            "protocol.allow": "always",
            **{f"protocol.{name}.allow": "always" for name in ("ext", "ssh", "file", "evil", "git")},
        }
        for key, value in settings.items():
            subprocess.run(["git", "config", key, value], cwd=repository.root, check=True)
        for hook in ("reference-transaction", "pre-auto-gc"):
            shutil.copy(program, repository.root / ".git/hooks" / hook)
        with pytest.raises(GitUnusable):
            repository.file_at("main", "crm/a.yaml")
        assert not mark.exists()


class TestOtherOwners:
    @pytest.fixture
    def foreign(self, clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A clone that belongs to another user, and a user whose home is empty."""
        if os.geteuid() != 0:
            pytest.skip("only root can give a clone to another user")
        for path in (clone.folder, *clone.folder.rglob("*")):
            os.chown(path, 12345, 12345, follow_symlinks=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        for name in ("SUDO_UID", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        return clone.folder

    def test_git_s_own_words_and_the_command_that_helps(self, foreign: Path) -> None:
        with pytest.raises(GitUnusable, match="fatal: detected dubious ownership in repository at") as refused:
            Repository(foreign).commit("main")
        assert refused.value.hint == (
            f"the clone belongs to another user; to trust it: `git config --global --add safe.directory {foreign}`"
        )

    @pytest.mark.parametrize("value", ["%C%", "*", "~/clone"])
    @pytest.mark.parametrize("file", [".gitconfig", ".config/git/config", "named", "included"])
    def test_safe_directory_of_the_users_configuration_counts_and_nothing_else_of_it(
        self, foreign: Path, tmp_path: Path, mark: Path, program: Path, monkeypatch: pytest.MonkeyPatch, file: str, value: str
    ) -> None:
        config = tmp_path / file
        config.parent.mkdir(parents=True, exist_ok=True)
        trusted = value.replace("%C%", str(foreign))
        config.write_text(f"[core]\n\tfsmonitor = {program}\n[safe]\n\tdirectory = /elsewhere\n\tdirectory = {trusted}\n")
        if file == "included":
            (tmp_path / ".gitconfig").write_text("[include]\n\tpath = included\n")
        if file == "named":
            monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        assert ask_everything(foreign, tmp_path) == WHOLE
        assert not mark.exists()

    def test_safe_directory_of_the_machines_configuration_counts(
        self, foreign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "system").write_text(f"[safe]\n\tdirectory = {foreign}\n")
        monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(tmp_path / "system"))
        assert ask_everything(foreign, tmp_path) == WHOLE

    @pytest.mark.parametrize("by", ["clone", "count", "parameters"])
    def test_neither_the_clone_nor_a_variable_can_say_that_it_is_safe(
        self, foreign: Path, monkeypatch: pytest.MonkeyPatch, by: str
    ) -> None:
        if by == "clone":
            with (foreign / ".git/config").open("a") as config:
                config.write("[safe]\n\tdirectory = *\n")
        elif by == "count":
            for name, value in {"COUNT": "1", "KEY_0": "safe.directory", "VALUE_0": "*"}.items():
                monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
        else:
            monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'safe.directory'='*'")
        with pytest.raises(GitUnusable, match="dubious ownership"):
            Repository(foreign).commit("main")

    def test_an_empty_value_takes_earlier_ones_back(self, foreign: Path, tmp_path: Path) -> None:
        (tmp_path / ".gitconfig").write_text("[safe]\n\tdirectory = *\n\tdirectory =\n")
        with pytest.raises(GitUnusable, match="dubious ownership"):
            Repository(foreign).commit("main")

    def test_a_submodule_of_a_foreign_repository_is_not_taken_for_none(self, foreign: Path, tmp_path: Path) -> None:
        (foreign / "module").mkdir()
        Clone.at(foreign / "module")
        with pytest.raises(GitUnusable, match="dubious ownership"):
            Repository(foreign / "module").superproject()


QUESTIONS: dict[str, Callable[[Repository], object]] = {
    "refs_named": lambda repository: repository.refs_named("main"),
    "tracked_files": lambda repository: repository.tracked_files([repository.root / "crm/a.yaml"]),
}


class TestTime:
    @pytest.mark.parametrize("question", QUESTIONS)
    def test_a_git_whose_children_keep_its_output_open_is_not_waited_for(
        self, clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
    ) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/git").write_text(f"#!/bin/sh\n{sys.executable} -c 'import time; time.sleep(20)'\n")
        (tmp_path / "bin/git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setattr(module, "_LIMIT_SECONDS", 0.2)
        with pytest.raises(GitUnusable, match=r"git did not end within 0\.2 seconds\."):
            QUESTIONS[question](Repository(clone.folder))
