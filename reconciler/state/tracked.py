"""Refuses a state that Git tracks. Whoever opens a pull request could otherwise say what reconciler has applied.

A forged state makes reconciler take over, change or delete connections that the stack never managed.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.state.backend import StateError
from reconciler.workspace import GitUnusable, Repository

_MOST_LINKS = 40


def refuse_tracked(path: Path, stack: Path) -> None:
    """Raise `StateError` if the repository of the directory `stack` tracks the state file `path`, or a link on the way to it.

    It starts git once at most: not if the stack is in no repository, and not before there is a state or a link.
    """
    repository = Repository.containing(stack)
    if repository is None:
        return
    ways = {step for end in _ways(path) for step in _steps(end, stack, repository.root)}
    if not any(step.is_symlink() or step.is_file() or (step / ".git").exists() for step in ways):
        return
    try:
        tracked = sorted(repository.tracked_files(ways))
    except GitUnusable as unusable:
        hint = f"{unusable.hint}; or keep the state outside of the clone"
        raise StateError(f"Nobody can tell whether Git tracks the state {path}: {unusable}", hint) from None
    if tracked:
        name = tracked[0].relative_to(repository.root)
        raise StateError(
            f"Git tracks {tracked[0]}, so whoever opens a pull request can choose the state.",
            f"run `git -C {repository.root} rm --cached {name}`, add {name} to .gitignore, and commit both; the file stays",
        )


def _ways(path: Path) -> Iterator[Path]:
    """Give the path, and what it becomes as one link after the other is followed. Each of these links can be a tracked one."""
    way = Path(os.path.abspath(path))  # noqa: PTH100  # not resolve(): it follows all links at once
    for _ in range(_MOST_LINKS):
        yield way
        link = next((step for step in reversed([way, *way.parents]) if step.is_symlink()), None)
        if link is None:
            return
        way = Path(os.path.abspath(link.parent / link.readlink() / way.relative_to(link)))  # noqa: PTH100


def _steps(end: Path, stack: Path, root: Path) -> list[Path]:
    """Return `end` and the directories on the way to it that a commit can turn into links."""
    base = stack if end.is_relative_to(stack) else root
    return [step for step in (end, *end.parents) if step != base and step.is_relative_to(base)]
