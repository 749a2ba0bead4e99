"""Refuses a state that Git tracks. Whoever opens a pull request could otherwise say what reconciler has applied.

A forged state makes reconciler take over, change or delete connections that the stack never managed.
"""

import os
from pathlib import Path

from reconciler.state.backend import StateError
from reconciler.workspace import GitUnusable, Repository


def refuse_tracked(path: Path, stack: Path) -> None:
    """Raise `StateError` if the repository of the directory `stack` tracks the state file `path`, or a link on the way to it.

    It starts git once at most: not if the stack is in no repository, and not before there is a state or a link.
    """
    repository = Repository.containing(stack)
    if repository is None:
        return
    written = Path(os.path.abspath(path))  # noqa: PTH100  # not resolve(): a tracked link on the way counts
    ways = {step for end in (written, written.resolve()) for step in _steps(end, stack, repository.root)}
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


def _steps(end: Path, stack: Path, root: Path) -> list[Path]:
    """Return `end` and the directories on the way to it that a commit can turn into links."""
    base = stack if end.is_relative_to(stack) else root
    return [step for step in (end, *end.parents) if step != base and step.is_relative_to(base)]
