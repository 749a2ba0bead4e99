"""A directory as a commit has it, copied to where files are read from. The copies hold the bytes that were committed.

Git checks nothing out. A checkout would apply what the tree's own `.gitattributes` and the configuration say: filters that
start programs, other encodings, other line endings. Whoever opens a pull request could then make a manifest of the base
unreadable, or make it say something else.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from reconciler.workspace.answers import NOT_THERE, Answer, There
from reconciler.workspace.git import Entry, GitUnusable, Repository


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A directory of `commit`: what it has below it, by the path from there. `name` is what messages call the commit."""

    repository: Repository
    name: str
    entries: Mapping[str, Entry]

    @classmethod
    def of(cls, repository: Repository, commit: str, folder: Path, name: str) -> "Answer[Snapshot]":
        """Return the directory `folder` of the work tree as `commit` has it. Raises `GitUnusable`."""
        below = repository.files_below(commit, folder.relative_to(repository.root).as_posix())
        return There(cls(repository, name, below.value)) if isinstance(below, There) else NOT_THERE

    def copy(self, globs: Collection[str], target: Path) -> None:
        """Make `target` a copy with every link, every file that one of `globs` can match, and what a link may lead to.

        It copies some files too many, since it compares only the last part of a glob with the name of a file. Raises
        `GitUnusable` if something is missing in this clone, or cannot be a file here.
        """
        self._refuse_submodules(globs)
        links = self._contents({path for path, entry in self.entries.items() if entry.is_link})
        names = {PurePosixPath(glob).name for glob in globs} | {
            PurePosixPath(os.fsdecode(link)).name for link in links.values()
        }
        files = self._contents(
            {path for path, entry in self.entries.items() if entry.is_file and _matches(path.rpartition("/")[2], names)}
        )
        target.mkdir(mode=0o700)
        for path, content in files.items():
            self._make(path, target, content)
        for path, content in links.items():  # the links come last, so that nothing is written through them
            self._make(path, target, content)

    def _contents(self, paths: Collection[str]) -> Mapping[str, bytes]:
        contents = self.repository.contents({self.entries[path].id for path in paths})
        return {path: contents[self.entries[path].id] for path in paths}

    def _make(self, path: str, target: Path, content: bytes) -> None:
        parts = path.split("/")
        try:
            if any(part in {"", ".", ".."} for part in parts):  # Git makes no such names, but a tree can hold them
                raise ValueError("a tree cannot have this name")
            place = target.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            if self.entries[path].is_link:
                place.symlink_to(os.fsdecode(content))
            else:
                with place.open("xb") as opened:
                    opened.write(content)
        except (OSError, ValueError) as broken:
            cause = getattr(broken, "strerror", None) or str(broken)
            raise GitUnusable(f"{path} at {self.name} cannot be a file here: {cause}.", "rename it there") from None

    def _refuse_submodules(self, globs: Collection[str]) -> None:
        """Raise `GitUnusable` for a submodule in which a glob may match files: nobody here can tell whether it has any."""
        for path, entry in self.entries.items():
            if entry.is_submodule and any(_can_match_below(glob, path) for glob in globs):
                raise GitUnusable(
                    f"{path} at {self.name} is a submodule, so the manifests in it cannot be read.",
                    "keep manifests in the repository itself, or narrow `manifests` there",
                )


def _matches(name: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _can_match_below(glob: str, folder: str) -> bool:
    """Tell whether a glob can match a file below a directory. Both are relative to the same directory."""
    patterns, parts = PurePosixPath(glob).parts, PurePosixPath(folder).parts
    for pattern, part in zip(patterns, parts, strict=False):
        if pattern == "**":
            return True
        if not fnmatchcase(part, pattern):
            return False
    return len(patterns) > len(parts)
