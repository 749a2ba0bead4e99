"""The trust rule: what decides where credentials go can come from outside the tree that a pull request changes."""

import json
import os
from pathlib import Path
from typing import Any

from reconciler.model import Diagnostic, Stop, Stopped, error, warning
from reconciler.workspace import GitUnusable, Repository

VARIABLE = "RECONCILER_TRUSTED_CONFIG"

PINNED = (
    ("infisical", "url"),
    ("state",),
    ("secretSources",),
    ("salesforce", "allowedHosts"),
    ("guards",),
)
"""What the trusted configuration decides: paths of keys in `reconciler.yaml`."""

_GLOB_MARKS = "*?["


def read_trusted(source: str, file: Path) -> bytes:
    """Return the bytes of the trusted configuration. `source` is a path, or `git:REF` for `file` as it is at REF.

    Raises `Stopped` (REFUSED) when there is none: nothing is then known to be trusted.
    """
    if not source.strip():
        raise _refused(f"{VARIABLE} is set, but empty.", hint=f"give it a file or git:REF, or unset {VARIABLE}")
    if source.startswith("git:"):
        return _from_git(source.removeprefix("git:"), file)
    try:
        return Path(source).read_bytes()
    except (OSError, ValueError) as missing:
        said = getattr(missing, "strerror", None) or str(missing)
        raise _refused(f"{VARIABLE} names {source}, which cannot be read: {said}.", hint="name a readable file") from None


def _from_git(ref: str, file: Path) -> bytes:
    """A pull request chooses links, submodules and directories that look like repositories; so the file is looked up by its
    path as it is written, from the first directory above it with a `.git`, which no commit can hold."""
    if not ref or ref.startswith("-"):
        raise _refused(f"{VARIABLE} names no git ref.", hint="write git:REF, such as git:origin/main")
    path = Path(os.path.abspath(file))  # noqa: PTH100  # not resolve(): links are not followed
    repository = Repository.containing(path)
    if repository is None:
        raise _refused(f"{path.parent} is in no git repository, so there is no {ref}.", hint=f"name a file in {VARIABLE}")
    if not path.parent.resolve().is_relative_to(repository.root.resolve()):
        raise _refused(f"{path.parent} is a link that leads out of the repository.", hint="go to the stack itself")
    try:
        return _file_at(repository, ref, path.relative_to(repository.root).as_posix())
    except GitUnusable as unusable:
        summary = "git could not read the trusted configuration."
        raise _refused(summary, detail=str(unusable), hint=unusable.hint) from None


def _file_at(repository: Repository, ref: str, path: str) -> bytes:
    """Return `path` as it is at `ref`, for which nobody else may have chosen the meaning."""
    if repository.is_submodule():
        raise _refused(
            f"{repository.root} is a submodule, so where its {ref} comes from is no more trusted than this tree.",
            hint=f"name a file in {VARIABLE}",
        )
    if len(meant := repository.refs_named(ref)) > 1:
        raise _refused(
            f"{ref} names more than one thing in this clone: {', '.join(meant)}.",
            hint=f"write git:{meant[-1]}, so that nobody who may push another can choose",
        )
    commit = repository.commit(ref)
    if commit is None:
        raise _refused(
            f"There is no {ref} in this clone.",
            hint="fetch it before the run; a shallow clone has the checked out commit alone",
        )
    content = repository.file_at(commit, path)
    if content is None:
        raise _refused(
            f"There is no {path} at {ref}.",
            hint="a new stack's configuration must be merged there first; until then, "
            f"`reconciler plan --offline --base {ref}` shows what its manifests want",
        )
    return content


def overlay(tree: dict[str, Any], pinned: dict[str, Any]) -> dict[str, Any]:
    """Return `tree` with every pinned key as `pinned` has it, absent ones included."""
    result = tree
    for path in PINNED:
        result = _with(result, path, _get(pinned, path))
    return result


def difference_warnings(tree: dict[str, Any], pinned: dict[str, Any] | None, source: str) -> tuple[Diagnostic, ...]:
    """Say which pinned keys the tree would like to have otherwise; they take effect once `source` has them."""
    if pinned is None:
        return ()
    return tuple(
        warning(
            f"`{'.'.join(path)}` is different in the trusted configuration ({source}).",
            detail=f"here: {_shown(_get(tree, path))}; in force: {_shown(_get(pinned, path))}",
            hint="the value here takes effect once the trusted configuration has it",
        )
        for path in PINNED
        if _get(tree, path) != _get(pinned, path)
    )


def exact_names(pinned: dict[str, Any] | None) -> frozenset[str]:
    """Return the variable names a trusted configuration allows by their exact name: they lift a refusal, globs do not."""
    if pinned is None:
        return frozenset()
    allow = pinned.get("secretSources", {}).get("env", {}).get("allow", ())
    return frozenset(name for name in allow if not any(mark in name for mark in _GLOB_MARKS))


def _refused(summary: str, *, detail: str = "", hint: str = "") -> Stopped:
    return Stopped(Stop.REFUSED, error(summary, detail=detail, hint=hint))


def _get(values: dict[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = values
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _with(values: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    key, *rest = path
    result = dict(values)
    if rest:
        result[key] = _with(result.get(key, {}), tuple(rest), value)
    elif value is None:
        result.pop(key, None)
    else:
        result[key] = value
    return result


def _shown(value: Any) -> str:
    return "not set" if value is None else json.dumps(value)
