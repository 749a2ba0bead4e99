"""Writes manifests for connections that already exist, so that a team can manage what it made by hand."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from reconciler import documents
from reconciler.model import LiveConnection

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 64
_ID_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ExportedManifest:
    """One connection as a manifest: its address, the text, and the names of the variables for its key and its secret."""

    address: str
    text: str
    variables: tuple[str, str]


def export_manifests(
    live: Sequence[LiveConnection],
    recorded: Mapping[str, tuple[str, Mapping[str, str]]],
    allowed: Callable[[str], bool],
    prefixes: Sequence[str],
) -> list[ExportedManifest]:
    """Return a manifest for each connection, in the order given.

    `recorded` has the address and the labels of each connection that the state knows, by its id. The variables are named after
    the address. If `allowed` refuses such a name, the first of `prefixes` that makes it an allowed name is put before it.
    """
    taken = {address for address, _ in recorded.values()}
    exported = []
    for connection in live:
        address, labels = recorded.get(connection.id, ("", {}))
        if not _is_address(address):
            address = _address(connection, taken)
        taken.add(address)
        variables = (
            _variable(f"{address}-consumer-key", allowed, prefixes),
            _variable(f"{address}-consumer-secret", allowed, prefixes),
        )
        text = documents.write_yaml(_document(connection, address, labels, variables))
        exported.append(ExportedManifest(address, text, variables))
    return exported


def _address(live: LiveConnection, taken: set[str]) -> str:
    """Return an address that is not taken: the name, the name with the project or the id behind it, the id, or a number.

    A file is named after it, so what the server calls a connection counts only if it is an address.
    """
    return next(name for name in _candidates(live) if _is_address(name) and name not in taken)


def _candidates(live: LiveConnection) -> Iterator[str]:
    shortened = live.name[: _LONGEST - _ID_SHOWN - 1].rstrip("-")
    yield live.name
    yield f"{live.name}-{live.scope.project_slug or 'organisation'}"
    yield f"{shortened}-{live.id[:_ID_SHOWN]}"
    yield f"connection-{live.id}"
    yield from (f"connection-{number}" for number in count(1))


def _is_address(name: str) -> bool:
    return len(name) <= _LONGEST and _SLUG.fullmatch(name) is not None


def _variable(name: str, allowed: Callable[[str], bool], prefixes: Sequence[str]) -> str:
    plain = name.upper().replace("-", "_")
    names = [f"{prefix}{plain}" for prefix in ("", *prefixes) if prefix or not plain[0].isdigit()]
    return next((candidate for candidate in names if allowed(candidate)), names[0] if names else plain)


def _document(live: LiveConnection, address: str, labels: Mapping[str, str], variables: tuple[str, str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": address} | ({"labels": dict(labels)} if labels else {})
    spec: dict[str, Any] = {"name": live.name} if live.name != address else {}
    if live.description.strip():
        spec["description"] = live.description.strip()
    if live.scope.project_slug:
        spec["project"] = live.scope.project_slug
    elif live.scope.project_id:
        spec["projectId"] = live.scope.project_id
    spec["credentials"] = {
        "instanceUrl": live.instance_url,
        "consumerKey": {"fromEnv": variables[0]},
        "consumerSecret": {"fromEnv": variables[1]},
    }
    return {"apiVersion": "reconciler/v1", "kind": "SalesforceConnection", "metadata": metadata, "spec": spec}
