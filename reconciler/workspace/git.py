"""Asks git about a clone. This is the only module that starts git, or any process at all.

Nothing that the tree, the clone or the caller's environment holds decides how git runs: no configuration that names a program,
no hook, no filter, no attribute, no replaced object, no variable, and no remote from which git would fetch what it lacks. Only
`safe.directory` of the machine's and the user's configuration counts, because the checkout step of a CI writes it there.

Files are read as the bytes that were committed. Git checks nothing out.

Each question has three answers, see `answers`. Git that cannot tell raises `GitUnusable`.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reconciler.workspace.answers import NOT_THERE, Answer, CannotTell, There

_LIMIT_SECONDS = 60
_OPTIONS = (
    "--literal-pathspecs",  # a path is a path, whatever characters are in it
    *("-c", "core.fsmonitor=false"),  # it would start a program that the clone's configuration names
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", f"core.attributesFile={os.devnull}"),
    *("-c", f"core.excludesFile={os.devnull}"),
    *("-c", "protocol.allow=never"),
    *("-c", "safe.bareRepository=explicit"),  # a directory that looks like a bare repository is not one
)
_VARIABLES: Mapping[str, str] = {
    "LC_ALL": "C",  # the causes in git's messages are searched for English words
    "GIT_ALLOW_PROTOCOL": "",  # no remote is asked, even if the clone's configuration allows its protocol
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_KEPT = ("HOME", "XDG_CONFIG_HOME", "SUDO_UID", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""The caller's variables that git gets, besides PATH. With SUDO_UID, git trusts the clones of the user who called sudo."""
_PLACES = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
"""The caller's variables that say where the machine's and the user's configuration are."""

_DIRECTORY, _LINK, _SUBMODULE = "040000", "120000", "160000"


class GitUnusable(CannotTell):
    """Git cannot answer: it does not start, does not end in time, or fails. The message repeats git's own words."""


class GitMissing(GitUnusable):
    """There is no git on this machine."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a commit has at a path: `mode` as Git writes it, and the id of the object."""

    mode: str
    id: str

    @property
    def is_link(self) -> bool:
        """Tell whether it is a symbolic link. Its content is the path that it leads to."""
        return self.mode == _LINK

    @property
    def is_submodule(self) -> bool:
        """Tell whether it is a commit of another repository. This clone does not have its files."""
        return self.mode == _SUBMODULE

    @property
    def is_directory(self) -> bool:
        """Tell whether it is a directory."""
        return self.mode == _DIRECTORY

    @property
    def is_file(self) -> bool:
        """Tell whether it is a file of its own."""
        return self.mode not in {_LINK, _SUBMODULE, _DIRECTORY}


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

    def superproject(self) -> Answer[Path]:
        """Return the root of the repository that has this one as a submodule. It decides which commit is checked out here."""
        root = self.root.resolve()
        around = Repository.containing(root.parent)
        if around is None:
            return NOT_THERE
        inside = root.relative_to(around.root).as_posix()
        output = around._ask("look for a submodule", "ls-files", "-z", "--stage", "--", inside)
        return There(around.root) if _index_modes(output).get(inside) == _SUBMODULE else NOT_THERE

    def refs_named(self, name: str) -> tuple[str, ...]:
        """Return the full name of every tag, branch and remote branch that the short `name` can mean."""
        patterns = [f"refs/{kind}/{name}" for kind in ("tags", "heads", "remotes")]
        return tuple(self._ask("list its refs", "for-each-ref", "--format=%(refname)", *patterns).decode().split())

    def commit(self, ref: str) -> Answer[str]:
        """Return the id of the commit that `ref` names in this clone."""
        doing = f"tell which commit {ref} is"
        if (name := self._object(f"{ref}^{{commit}}", doing)) is not None:
            return There(name)
        target = self._object(ref, doing)
        if target is not None and target != ref and self._run("cat-file", "-e", target).returncode:
            raise GitUnusable(f"git cannot {doing}: this clone lacks the object {target}.", _INCOMPLETE)
        return NOT_THERE

    def file_at(self, commit: str, path: str) -> Answer[bytes]:
        """Return the content of a file as it was committed. `path` is relative to the root."""
        entry = self.entry_at(commit, path)
        if not isinstance(entry, There) or entry.value.is_directory:
            return NOT_THERE
        if entry.value.is_link or entry.value.is_submodule:
            raise _elsewhere(path, commit, entry.value)
        return There(self._ask(f"read {path} at {commit}", "cat-file", "blob", entry.value.id))

    def entry_at(self, commit: str, path: str) -> Answer[Entry]:
        """Return what a commit has at `path`, which is relative to the root; "." is the root.

        Each directory on the way is read by its id. So a directory that this clone lacks is told from one without such a file.
        """
        entry = Entry(_DIRECTORY, commit)
        parts = PurePosixPath(path).parts
        for depth, name in enumerate(parts):
            way = "/".join(parts[:depth]) or "the root"
            if entry.is_link or entry.is_submodule:
                raise _elsewhere(way, commit, entry)
            if not entry.is_directory:
                return NOT_THERE
            entries = dict(_tree_entries(self._ask(f"read {way} at {commit}", "ls-tree", "-z", entry.id)))
            if name not in entries:
                return NOT_THERE
            entry = entries[name]
        return There(entry)

    def files_below(self, commit: str, path: str) -> Answer[Mapping[str, Entry]]:
        """Return the files, links and submodules that a commit has below the directory `path`, by their path from there."""
        folder = self.entry_at(commit, path)
        if not isinstance(folder, There):
            return NOT_THERE
        if folder.value.is_link or folder.value.is_submodule:
            raise _elsewhere(path, commit, folder.value)
        if not folder.value.is_directory:
            return NOT_THERE
        return There(dict(_tree_entries(self._ask(f"read {path} at {commit}", "ls-tree", "-r", "-z", folder.value.id))))

    def contents(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """Return the content of each blob in `ids`. If one of them is missing here, the others are not returned either."""
        if not ids:
            return {}
        wanted = "".join(f"{name}\n" for name in ids).encode()
        return dict(_batch(self._ask("read files of a commit", "cat-file", "--batch", given=wanted)))

    def tracked_files(self, files: Collection[Path]) -> frozenset[Path]:
        """Return those of `files` that Git tracks. Their paths must be absolute, without links, and below the root.

        A link or a submodule that Git tracks counts as a file.
        """
        if not files:
            return frozenset()
        common = Path(os.path.commonpath(files)).relative_to(self.root).as_posix()
        output = self._ask("list the files that it tracks", "ls-files", "-z", "--stage", "--", common)
        return frozenset(files) & {self.root / name for name in _index_modes(output)}

    def _object(self, name: str, doing: str) -> str | None:
        """Return the id of the object that `name` names, None if it names none."""
        ended = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        if ended.returncode == 1:
            return None
        if ended.returncode:
            raise self._failure(doing, ended)
        return ended.stdout.decode().strip()

    def _ask(self, doing: str, *arguments: str, given: bytes = b"") -> bytes:
        """Return what a git command prints. If it fails, `doing` completes the message "git cannot …"."""
        ended = self._run(*arguments, given=given)
        if ended.returncode:
            raise self._failure(doing, ended)
        return ended.stdout

    def _run(self, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run a git command in the root, where git finds `.git` before anything that looks like a repository."""
        variables = {**_VARIABLES, "GIT_WORK_TREE": str(self.root), "GIT_CEILING_DIRECTORIES": str(self.root.parent)}
        ended = self._start([*_OPTIONS, *arguments], variables, given)
        if ended.returncode and b"safe.directory" in ended.stderr and (trusted := self._trusted_directories()):
            ended = self._start([*_OPTIONS, *trusted, *arguments], variables, given)
        return ended

    def _trusted_directories(self) -> list[str]:
        """Return the options that tell git which clones of other users the machine's and the user's configuration trust."""
        variables = {name: os.environ[name] for name in _PLACES if name in os.environ}
        command = ("config", "--null", "--show-scope", "--includes", "--get-all", "safe.directory")
        scopes_and_values = os.fsdecode(self._start(command, variables, b"").stdout).split("\0")
        pairs = zip(scopes_and_values[::2], scopes_and_values[1::2], strict=False)
        values = [value for scope, value in pairs if scope in {"system", "global"}]
        return [option for value in values for option in ("-c", f"safe.directory={value}")]

    def _start(
        self, arguments: Sequence[str], variables: Mapping[str, str], given: bytes
    ) -> "subprocess.CompletedProcess[bytes]":
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        path = self._search_path()
        program = shutil.which("git", path=path)
        if program is None:
            raise GitMissing("There is no git on this machine.", "install git, or add its directory to PATH")
        try:
            return subprocess.run(  # noqa: S603
                [program, *arguments],
                cwd=self.root,
                env={**kept, "PATH": path, **variables},
                input=given,
                capture_output=True,
                check=False,
                timeout=_LIMIT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            hint = f"run `git -C {self.root} status`, and see what it waits for"
            raise GitUnusable(f"git did not end within {_LIMIT_SECONDS} seconds.", hint) from None
        except (OSError, ValueError) as broken:  # ValueError: a NUL in an argument
            cause = getattr(broken, "strerror", None) or str(broken)
            raise GitUnusable(f"git cannot be started: {cause}.", "check that `git --version` works here") from None

    def _search_path(self) -> str:
        """Return PATH without what is in the tree: a pull request can bring a program that is called git."""
        folders = [Path(folder) for folder in os.get_exec_path()]
        root = self.root.resolve()
        outside = [folder for folder in folders if folder.is_absolute() and not folder.resolve().is_relative_to(root)]
        return os.pathsep.join(map(str, outside))

    def _failure(self, doing: str, ended: "subprocess.CompletedProcess[bytes]") -> GitUnusable:
        lines = ended.stderr.decode(errors="replace").strip().splitlines()
        fatal = [line for start in ("fatal:", "error:", "") for line in lines if line.startswith(start)]
        cause = fatal[0].rstrip(".") if fatal else f"it ended with exit code {ended.returncode}"
        hint = _INCOMPLETE
        if any("safe.directory" in line for line in lines):
            hint = f"the clone belongs to another user; to trust it: `git config --global --add safe.directory {self.root}`"
        return GitUnusable(f"git cannot {doing}: {cause}.", hint)


_INCOMPLETE = (
    "fetch the whole history without `--filter`, since a shallow or partial clone lacks commits and files, "
    "or check the clone with `git fsck`"
)


def _elsewhere(path: str, commit: str, entry: Entry) -> GitUnusable:
    """Return the answer for a path whose content this commit does not hold itself."""
    what = "a link" if entry.is_link else "a submodule"
    return GitUnusable(
        f"git cannot read {path} at {commit}: it is {what} there, and reconciler follows none.",
        "compare with a commit that has the files themselves there",
    )


def _tree_entries(output: bytes) -> Iterator[tuple[str, Entry]]:
    """Give the names and entries that `git ls-tree -z` prints."""
    for line in output.split(b"\0"):
        if line:
            facts, _, name = line.partition(b"\t")
            mode, _kind, identifier = facts.decode().split()
            yield os.fsdecode(name), Entry(mode, identifier)


def _index_modes(output: bytes) -> dict[str, str]:
    """Return the mode of each path that `git ls-files -z --stage` prints."""
    lines = (line.partition(b"\t") for line in output.split(b"\0") if line)
    return {os.fsdecode(name): facts.decode().split()[0] for facts, _, name in lines}


_HEAD = re.compile(rb"([0-9a-f]+) blob ([0-9]+)\n")


def _batch(output: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the ids and contents that `git cat-file --batch` prints. Raises `GitUnusable` for what it lacks."""
    at = 0
    while at < len(output):
        head = _HEAD.match(output, at)
        if head is None:
            line = output[at:].partition(b"\n")[0].decode(errors="replace")
            raise GitUnusable(f"git cannot read files of a commit: {line}.", _INCOMPLETE)
        begin, end = head.end(), head.end() + int(head[2])
        yield head[1].decode(), output[begin:end]
        at = end + 1
