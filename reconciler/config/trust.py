"""The trust rule: what decides where credentials go can come from outside the tree that a pull request changes."""

import json
import subprocess
from pathlib import Path
from typing import Any

from reconciler.model import Diagnostic, Stop, Stopped, error, warning

PINNED = (
    ("infisical", "url"),
    ("state",),
    ("secretSources",),
    ("salesforce", "allowedHosts"),
    ("guards",),
)
"""What the trusted configuration decides: paths of keys in `reconciler.yaml`."""

_GLOB_MARKS = "*?["


def fetch(source: str, file: Path) -> bytes:
    """Return the bytes of the trusted configuration. `source` is a path, or `git:REF` for `file` as it is at REF.

    Raises `Stopped` (REFUSED) when there is none: nothing is then known to be trusted.
    """
    if not source.startswith("git:"):
        try:
            return Path(source).read_bytes()
        except OSError as missing:
            raise _refused(f"RECONCILER_TRUSTED_CONFIG names {source}, which cannot be read.", str(missing.strerror)) from None
    ref = source.removeprefix("git:")
    if not ref or ref.startswith("-"):
        raise _refused("RECONCILER_TRUSTED_CONFIG names no git ref.", "Expected git:REF, such as git:origin/main.")
    try:
        shown = subprocess.run(  # noqa: S603  # a fixed command; the ref is no option
            ["git", "show", f"{ref}:./{file.name}"],  # noqa: S607  # the user's own git
            cwd=file.resolve().parent, capture_output=True, check=False, timeout=30,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as broken:
        raise _refused("git could not be run to read the trusted configuration.", str(broken)) from None
    if shown.returncode:
        said = shown.stderr.decode(errors="replace").strip().splitlines()
        raise _refused(f"There is no {file.name} at {ref}.", said[0] if said else "")
    return shown.stdout


def overlay(tree: dict[str, Any], pinned: dict[str, Any]) -> dict[str, Any]:
    """Return `tree` with every pinned key as `pinned` has it, absent ones included."""
    result = tree
    for path in PINNED:
        result = _with(result, path, _get(pinned, path))
    return result


def differences(tree: dict[str, Any], pinned: dict[str, Any] | None, source: str) -> tuple[Diagnostic, ...]:
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


def _refused(summary: str, detail: str) -> Stopped:
    hint = "point it at a readable file or ref; a new stack's configuration must be merged there first"
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
