"""Asks git about a clone. This is the only module that starts git, or any process at all.

Each question has three answers that callers must keep apart: what was asked for; None, or nothing, when git knows that it is
not there; and `GitUnusable` when git cannot tell. Someone who takes the third for the second sees a file as deleted that is
only unreadable.
"""

import os
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.model import ReconcilerError

_LIMIT_SECONDS = 60
_OPTIONS = (
    "--literal-pathspecs",  # a path is a path, whatever characters are in it
    *("-c", "core.fsmonitor=false"),  # would start a program that the clone's configuration names
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "safe.bareRepository=explicit"),  # a directory laid out like a repository is none
)


class GitUnusable(ReconcilerError):
    """Git cannot answer: it does not start, does not end in time, or fails. The sentence has git's own words in it."""


class GitMissing(GitUnusable):
    """There is no git on this machine."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The clone whose work tree is the directory `root`. Every method but `containing` raises `GitUnusable`."""

    root: Path

    @classmethod
    def containing(cls, path: Path) -> "Repository | None":
        """Return the repository of the nearest directory, at or above `path`, that has a `.git`; None when none has.

        No commit can hold a file of that name, so a pull request cannot move this boundary. Links in `path` are not followed,
        and git is not started.
        """
        root = next((folder for folder in (path, *path.parents) if (folder / ".git").exists()), None)
        return cls(root) if root else None

    def is_submodule(self) -> bool:
        """Tell whether this is a submodule: another repository then decides which of its commits is checked out."""
        return bool(self._ask("look for a repository around this one", "rev-parse", "--show-superproject-working-tree").strip())

    def refs_named(self, name: str) -> tuple[str, ...]:
        """Return the full name of every tag, branch and remote branch that the short `name` can mean."""
        patterns = [f"refs/{kind}/{name}" for kind in ("tags", "heads", "remotes")]
        return tuple(self._ask("list its refs", "for-each-ref", "--format=%(refname)", *patterns).decode().split())

    def commit(self, ref: str) -> str | None:
        """Return the id of the commit that `ref` names, None when this clone has no such commit."""
        ended = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if ended.returncode == 1:
            return None
        if ended.returncode:
            raise self._failed(f"tell which commit {ref} is", ended)
        return ended.stdout.decode().strip()

    def file_at(self, commit: str, path: str) -> bytes | None:
        """Return the content of the file `path`, relative to the root, as `commit` has it. None: there is no such file."""
        found = self._entry(commit, path)
        if found is None or found.kind != "blob":
            return None
        return self._ask(f"read {path} at {commit}", "cat-file", "blob", found.id)

    @contextmanager
    def copy_of(self, folder: Path, commit: str) -> Iterator[Path | None]:
        """Give a temporary copy of `folder` as `commit` has it. None: there is no such directory. The clone stays as it is."""
        inside = folder.relative_to(self.root).as_posix()
        found = _Entry("tree", commit) if inside == "." else self._entry(commit, inside)
        if found is None or found.kind != "tree":
            yield None
            return
        with tempfile.TemporaryDirectory() as made:
            copy = (Path(made) / "tree").resolve()
            copy.mkdir()
            index = {"GIT_INDEX_FILE": f"{made}/index"}
            for step in (("read-tree", found.id), ("checkout-index", "--all", "--force", f"--prefix={copy}/")):
                self._ask(f"read {inside} at {commit}", *step, environ=index)
            yield copy

    def tracked_files(self, files: Collection[Path]) -> frozenset[Path]:
        """Return those of `files` that the index has. They are absolute, without links, and below the root."""
        if not files:
            return frozenset()
        common = Path(os.path.commonpath(files)).relative_to(self.root).as_posix()
        listed = self._ask("list the files that it tracks", "ls-files", "-z", "--", common)
        return frozenset(files) & {self.root / name for name in os.fsdecode(listed).split("\0") if name}

    def _entry(self, commit: str, path: str) -> "_Entry | None":
        listed = self._ask(f"look for {path} at {commit}", "ls-tree", "-z", "--full-tree", commit, "--", path)
        if not listed:
            return None
        _mode, kind, name = listed.partition(b"\t")[0].decode().split()
        return _Entry(kind, name)

    def _ask(self, doing: str, *arguments: str, environ: Mapping[str, str] | None = None) -> bytes:
        """Return what a git command prints. `doing` completes "git cannot …" for when it fails."""
        ended = self._run(*arguments, environ=environ)
        if ended.returncode:
            raise self._failed(doing, ended)
        return ended.stdout

    def _run(self, *arguments: str, environ: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[bytes]":
        """Return how a git command ended. It runs in the root, where `.git` comes before all that looks like a repository."""
        try:
            return subprocess.run(  # noqa: S603
                ["git", *_OPTIONS, *arguments],  # noqa: S607
                cwd=self.root,
                env=_environment() | dict(environ or {}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_LIMIT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            hint = f"run `git -C {self.root} status`, and see what it waits for"
            raise GitUnusable(f"git did not end within {_LIMIT_SECONDS} seconds.", hint) from None
        except (OSError, ValueError) as broken:  # ValueError: a NUL in an argument
            if isinstance(broken, FileNotFoundError) and broken.filename == "git":
                raise GitMissing("There is no git on this machine.", "install git, or add its directory to PATH") from None
            said = getattr(broken, "strerror", None) or str(broken)
            raise GitUnusable(f"git cannot be started: {said}.", "check that `git --version` works here") from None

    def _failed(self, doing: str, ended: "subprocess.CompletedProcess[bytes]") -> GitUnusable:
        words = ended.stderr.decode(errors="replace").strip()
        hint = "check the clone with `git fsck`; a shallow or partial clone may lack what is needed"
        if "safe.directory" in words:
            hint = f"the clone belongs to another user; to trust it: `git config --global --add safe.directory {self.root}`"
        first = words.partition("\n")[0].rstrip(".") or f"it ended with {ended.returncode}"
        return GitUnusable(f"git cannot {doing}: {first}.", hint)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a commit has at a path: `kind` is blob, tree or commit (a submodule)."""

    kind: str
    id: str


def _environment() -> dict[str, str]:
    """Return this process's environment without the variables that lead git to another repository; a git hook sets some.

    `GIT_CONFIG_*` stays: that is where an operator names configuration, such as `safe.directory`.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_")}
    return kept | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
