"""What is wrong with a manifest that its schema cannot say."""

from typing import Any

from reconciler.documents import Document, Path
from reconciler.model import Diagnostic, error, hosts, warning

_DESCRIPTION_UNITS = 256
"""Infisical counts a description in UTF-16 units, as JavaScript does; JSON Schema counts characters."""

_ADDRESS = ("metadata", "name")
_DESCRIPTION = ("spec", "description")
_CREDENTIALS = ("spec", "credentials")
_HOST = ("spec", "credentials", "instanceUrl")
_RENAMED_FROM = ("lifecycle", "renamedFrom")


def check_connection(document: Document, allowed_hosts: tuple[str, ...]) -> list[Diagnostic]:
    """Return the problems of a document, whatever its schema says of it."""
    if not isinstance(document.value, dict) or document.value.get("kind") != "SalesforceConnection":
        return []
    problems = []
    address = _text(document, _ADDRESS)
    host = hosts.judge(written, allowed_hosts) if (written := _text(document, _HOST)) else None
    if host is not None and host.problem:
        say = warning if host.host else error
        place = document.location(_HOST)
        problems.append(
            say(f"`spec.credentials.instanceUrl`: {host.problem}.", location=place, hint=host.hint, address=address)
        )
    if (same := _one_reference(document)) is not None:
        summary = "`spec.credentials`: key and secret come from the same place, so one of them is wrong."
        place = document.location([*_CREDENTIALS, "consumerSecret"])
        problems.append(error(summary, location=place, hint=f"both are `{same}`: name the secret's own place", address=address))
    units = len(_text(document, _DESCRIPTION).strip().encode("utf-16-le")) // 2
    if units > _DESCRIPTION_UNITS:
        summary = f"`spec.description` has {units} characters, at most {_DESCRIPTION_UNITS} are possible; an emoji counts two."
        problems.append(error(summary, location=document.location(_DESCRIPTION), hint="shorten it", address=address))
    if address and _text(document, _RENAMED_FROM) == address:
        summary = "`lifecycle.renamedFrom` is the address itself."
        hint = "write the address it had before, or remove the line"
        problems.append(error(summary, location=document.location(_RENAMED_FROM), hint=hint, address=address))
    return problems


def _one_reference(document: Document) -> str | None:
    """Return how the key and the secret are both referred to, None when they are not the same."""
    value: Any = document.value
    for step in _CREDENTIALS:
        value = value.get(step) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return None
    key = value.get("consumerKey")
    return next(iter(key)) if isinstance(key, dict) and key and key == value.get("consumerSecret") else None


def _text(document: Document, path: Path) -> str:
    """Return the text at `path`, "" where there is none."""
    value = document.value
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
