"""Checks the rules for a manifest that its schema cannot express."""

from collections.abc import Collection, Sequence
from typing import Any

from reconciler.documents import Document, Path
from reconciler.model import Diagnostic, LifecyclePath, error, hosts, warning

_MAX_UNITS = 256
"""How long a description may be. Infisical counts UTF-16 units, as JavaScript does; a JSON Schema would count characters."""

_ADDRESS = ("metadata", "name")
_DESCRIPTION = ("spec", "description")
_CREDENTIALS = ("spec", "credentials")
_HOST = ("spec", "credentials", "instanceUrl")
_LIFECYCLE = "lifecycle"
_RENAMED_FROM = (_LIFECYCLE, "renamedFrom")


def check_connection(document: Document, allowed_hosts: tuple[str, ...]) -> list[Diagnostic]:
    """Return the problems of a document. The document may be one that its schema refuses."""
    if not isinstance(document.value, dict) or document.value.get("kind") != "SalesforceConnection":
        return []
    problems = []
    address = _text(document, _ADDRESS)
    host = hosts.judge_host(written, allowed_hosts) if (written := _text(document, _HOST)) else None
    if host is not None and host.problem:
        severity = warning if host.host else error
        place = document.location(_HOST)
        problems.append(
            severity(f"`spec.credentials.instanceUrl`: {host.problem}.", location=place, hint=host.hint, address=address)
        )
    if (kind := _shared_source(document)) is not None:
        summary = "`spec.credentials` takes the key and the secret from the same place, so one of the two is wrong."
        place = document.location([*_CREDENTIALS, "consumerSecret"])
        hint = f"both have the same `{kind}`: correct the one that is wrong"
        problems.append(error(summary, location=place, hint=hint, address=address))
    units = len(_text(document, _DESCRIPTION).strip().encode("utf-16-le")) // 2
    if units > _MAX_UNITS:
        summary = f"`spec.description` has {units} characters, but Infisical allows only {_MAX_UNITS} (an emoji counts as two)."
        problems.append(error(summary, location=document.location(_DESCRIPTION), hint="shorten it", address=address))
    if address and _text(document, _RENAMED_FROM) == address:
        summary = "`lifecycle.renamedFrom` is the address that the connection has now."
        hint = "write the address it had before, or remove the line"
        problems.append(error(summary, location=document.location(_RENAMED_FROM), hint=hint, address=address))
    return problems


def check_lifecycle_path(document: Document, files: Collection[str], allowed: Sequence[LifecyclePath]) -> list[Diagnostic]:
    """Return an error if a document has a `lifecycle` in a place where it may not have one.

    `files` are the path of the document's file and the path that it leads to if it is a link, relative to the stack. The
    places must cover all of them: whoever may change the file that a link leads to can change the `lifecycle`.
    """
    if not isinstance(document.value, dict) or _LIFECYCLE not in document.value:
        return []
    if all(any(path.covers(file) for path in allowed) for file in files):
        return []
    places = " or ".join(map(str, allowed))
    move = "move the manifest there, so that the owners of that directory review it"
    return [
        error(
            f"`{_LIFECYCLE}` is not allowed in this file.",
            detail=f"--protect-lifecycle allows it only in {places}.",
            location=document.key_location([_LIFECYCLE]),
            hint=move if len(files) == 1 else "replace the link with the file itself: both must be in such a directory",
        )
    ]


def _shared_source(document: Document) -> str | None:
    """Return the kind of reference that the key and the secret share, None if their references differ."""
    value: Any = document.value
    for step in _CREDENTIALS:
        value = value.get(step) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return None
    key = value.get("consumerKey")
    return next(iter(key)) if isinstance(key, dict) and key and key == value.get("consumerSecret") else None


def _text(document: Document, path: Path) -> str:
    """Return the text at `path`, "" if there is none."""
    value = document.value
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
