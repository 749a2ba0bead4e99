"""The trust rule: what decides where credentials go can come from outside the tree that a pull request changes."""

import json
import os
from pathlib import Path
from typing import Any

from reconciler.model import Diagnostic, Stop, Stopped, error, warning
from reconciler.workspace import GitUnusable, Repository, There

VARIABLE = "RECONCILER_TRUSTED_CONFIG"

PINNED = (
    ("infisical", "url"),
    ("infisical", "auth"),
    ("embedded",),
    ("state",),
    ("secretSources",),
    ("salesforce", "allowedHosts"),
    ("salesforce", "preflight"),
    ("guards",),
)
"""The paths of the keys that the trusted configuration decides: every key that says where credentials go or who logs in, and
every key that holds a run back."""

_GLOB_MARKS = "*?["


def read_trusted_config(source: str, file: Path) -> bytes:
    """Return the bytes of the trusted configuration.

    `source` is a path, or `git:REF`, which means `file` as it is at REF. Raises `Stopped` (REFUSED) if it cannot be read: the
    run must not go on without it.
    """
    if not source.strip():
        raise _refusal(f"{VARIABLE} is set, but empty.", hint="set it to a file or to git:REF, or unset it")
    if source.startswith("git:"):
        return _from_git(source.removeprefix("git:"), file)
    try:
        return Path(source).read_bytes()
    except (OSError, ValueError) as missing:
        cause = getattr(missing, "strerror", None) or str(missing)
        raise _refusal(f"{VARIABLE} names {source}, which cannot be read: {cause}.", hint="name a readable file") from None


def _from_git(ref: str, file: Path) -> bytes:
    """Return `file` as it is at `ref`.

    A pull request can bring links, submodules and directories that look like repositories. So this follows no link, and starts
    at the nearest directory above the file that has a `.git`: no commit can contain one.
    """
    if not ref or ref.startswith("-"):
        raise _refusal(f"{VARIABLE} names no git ref.", hint="write git:REF, such as git:origin/main")
    path = Path(os.path.abspath(file))  # noqa: PTH100  # not resolve(): links are not followed
    repository = Repository.containing(path)
    if repository is None:
        summary = f"{path.parent} is not in a Git repository, so git:{ref} cannot be read."
        raise _refusal(summary, hint=f"set {VARIABLE} to a file")
    if not path.parent.resolve().is_relative_to(repository.root.resolve()):
        raise _refusal(f"{path.parent} is a link that leads out of the repository.", hint="run in the stack's real directory")
    try:
        return _file_at(repository, ref, path.relative_to(repository.root).as_posix())
    except GitUnusable as unusable:
        summary = "git could not read the trusted configuration."
        raise _refusal(summary, detail=str(unusable), hint=unusable.hint) from None


def _file_at(repository: Repository, ref: str, path: str) -> bytes:
    """Return the content of `path` at `ref`. Raises `Stopped` if a pull request could have chosen what `ref` means."""
    if isinstance(repository.superproject(), There):
        raise _refusal(
            f"{repository.root} is a submodule: this tree decides where its {ref} comes from, so reconciler does not trust it.",
            hint=f"set {VARIABLE} to a file",
        )
    if len(meanings := repository.refs_named(ref)) > 1:
        raise _refusal(
            f"{ref} can mean more than one thing in this clone: {', '.join(meanings)}.",
            hint=f"write git:{meanings[-1]}: with a short name, anyone who can push a branch or tag can choose what it means",
        )
    commit = repository.commit(ref)
    if not isinstance(commit, There):
        raise _refusal(
            f"There is no {ref} in this clone.",
            hint="fetch it before the run; a shallow clone has only the commit that is checked out",
        )
    content = repository.file_at(commit.value, path)
    if not isinstance(content, There):
        raise _refusal(
            f"There is no {path} at {ref}.",
            hint="merge the configuration of a new stack there first; until then, "
            f"`reconciler plan --offline --base {ref}` shows what its manifests want",
        )
    return content.value


def overlay(tree: dict[str, Any], pinned: dict[str, Any]) -> dict[str, Any]:
    """Return `tree` with the pinned keys of `pinned`. A pinned key that `pinned` lacks is removed."""
    result = tree
    for path in PINNED:
        result = _with(result, path, _get(pinned, path))
    return result


def difference_warnings(tree: dict[str, Any], pinned: dict[str, Any] | None, source: str) -> tuple[Diagnostic, ...]:
    """Return a warning for each pinned key that has another value in `tree` than in `pinned`.

    `source` is where the trusted configuration comes from, for the messages.
    """
    if pinned is None:
        return ()
    return tuple(
        warning(
            f"`{'.'.join(path)}` is different in the trusted configuration ({source}).",
            detail=f"here: {_as_text(_get(tree, path))}; in force: {_as_text(_get(pinned, path))}",
            hint="the value here takes effect once the trusted configuration has it",
        )
        for path in PINNED
        if _get(tree, path) != _get(pinned, path)
    )


def exact_names(pinned: dict[str, Any] | None) -> frozenset[str]:
    """Return the names of variables that a trusted configuration allows exactly, without a glob.

    Only an exact name can allow one of the runner's own variables.
    """
    if pinned is None:
        return frozenset()
    allow = pinned.get("secretSources", {}).get("env", {}).get("allow", ())
    return frozenset(name for name in allow if not any(mark in name for mark in _GLOB_MARKS))


def _refusal(summary: str, *, detail: str = "", hint: str = "") -> Stopped:
    return Stopped(Stop.REFUSED, error(summary, detail=detail, hint=hint))


def _get(values: dict[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = values
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


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


def _as_text(value: Any) -> str:
    return "not set" if value is None else json.dumps(value)
