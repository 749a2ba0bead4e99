"""Asks git about a clone. This is the only module that starts git, or any process at all.

Callers must keep three kinds of answers apart: the thing itself; None, or nothing, if git knows that there is no such thing;
and `GitUnusable` if git cannot tell. Whoever takes the third for the second takes an unreadable file for a deleted one.
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
    *("-c", "core.fsmonitor=false"),  # it would start a program that the clone's configuration names
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "safe.bareRepository=explicit"),  # a directory that looks like a bare repository is not one
)


class GitUnusable(ReconcilerError):
    """Git cannot answer: it does not start, does not end in time, or fails. The message repeats git's own words."""


class GitMissing(GitUnusable):
    """There is no git on this machine."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The clone whose work tree is the directory `root`. Every method except `containing` raises `GitUnusable`."""

    root: Path

    @classmethod
    def containing(cls, path: Path) -> "Repository | None":
        """Return the repository of the nearest directory, at or above `path`, that has a `.git`; None if no directory has one.

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
        """Return the id of the commit that `ref` names, None if this clone has no such commit."""
        ended = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if ended.returncode == 1:
            return None
        if ended.returncode:
            raise self._failure(f"tell which commit {ref} is", ended)
        return ended.stdout.decode().strip()

    def file_at(self, commit: str, path: str) -> bytes | None:
        """Return the content of a file as `commit` has it, None if there is no such file. `path` is relative to the root."""
        entry = self._entry(commit, path)
        if entry is None or entry.kind != "blob":
            return None
        return self._ask(f"read {path} at {commit}", "cat-file", "blob", entry.id)

    @contextmanager
    def copy_of(self, folder: Path, commit: str) -> Iterator[Path | None]:
        """Give a temporary copy of `folder` as `commit` has it, None if there is no such directory.

        The clone itself does not change.
        """
        inside = folder.relative_to(self.root).as_posix()
        entry = _Entry("tree", commit) if inside == "." else self._entry(commit, inside)
        if entry is None or entry.kind != "tree":
            yield None
            return
        with tempfile.TemporaryDirectory() as temporary:
            copy = (Path(temporary) / "tree").resolve()
            copy.mkdir()
            index = {"GIT_INDEX_FILE": f"{temporary}/index"}
            for step in (("read-tree", entry.id), ("checkout-index", "--all", "--force", f"--prefix={copy}/")):
                self._ask(f"read {inside} at {commit}", *step, environ=index)
            yield copy

    def tracked_files(self, files: Collection[Path]) -> frozenset[Path]:
        """Return those of `files` that Git tracks. Their paths must be absolute, without links, and below the root."""
        if not files:
            return frozenset()
        common = Path(os.path.commonpath(files)).relative_to(self.root).as_posix()
        output = self._ask("list the files that it tracks", "ls-files", "-z", "--", common)
        return frozenset(files) & {self.root / name for name in os.fsdecode(output).split("\0") if name}

    def _entry(self, commit: str, path: str) -> "_Entry | None":
        output = self._ask(f"look for {path} at {commit}", "ls-tree", "-z", "--full-tree", commit, "--", path)
        if not output:
            return None
        _mode, kind, name = output.partition(b"\t")[0].decode().split()
        return _Entry(kind, name)

    def _ask(self, doing: str, *arguments: str, environ: Mapping[str, str] | None = None) -> bytes:
        """Return what a git command prints. If it fails, `doing` completes the message "git cannot …"."""
        ended = self._run(*arguments, environ=environ)
        if ended.returncode:
            raise self._failure(doing, ended)
        return ended.stdout

    def _run(self, *arguments: str, environ: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[bytes]":
        """Run a git command in the root, where git finds `.git` before anything that looks like a repository."""
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
            cause = getattr(broken, "strerror", None) or str(broken)
            raise GitUnusable(f"git cannot be started: {cause}.", "check that `git --version` works here") from None

    def _failure(self, doing: str, ended: "subprocess.CompletedProcess[bytes]") -> GitUnusable:
        output = ended.stderr.decode(errors="replace").strip()
        hint = "check the clone with `git fsck`; a shallow or partial clone may lack the commits or files that are asked for"
        if "safe.directory" in output:
            hint = f"the clone belongs to another user; to trust it: `git config --global --add safe.directory {self.root}`"
        first = output.partition("\n")[0].rstrip(".") or f"it ended with exit code {ended.returncode}"
        return GitUnusable(f"git cannot {doing}: {first}.", hint)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a commit has at a path: `kind` is blob, tree or commit (a submodule)."""

    kind: str
    id: str


def _environment() -> dict[str, str]:
    """Return the environment without the variables that lead git to another repository. A git hook sets some of them.

    `GIT_CONFIG_*` stays, because operators use it for configuration such as `safe.directory`.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_")}
    return kept | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
