"""Manifests of connections that are there already: the way into this repository for what was made by hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler import documents
from reconciler.model import LiveConnection

_LONGEST = 64
_ID_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ExportedManifest:
    """One connection as a manifest: its address, the text, and the variables that are to hold its key and secret."""

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

    `recorded` gives the address and labels of what is managed, by id. A placeholder is named after its address; where
    `allowed` refuses that name, the first of `prefixes` that makes an allowed one stands before it.
    """
    taken = {address for address, _ in recorded.values()}
    found = []
    for one in live:
        if one.id in recorded:
            address, labels = recorded[one.id]
        else:
            address, labels = _address(one, taken), {}
        taken.add(address)
        variables = (
            _variable(f"{address}-consumer-key", allowed, prefixes),
            _variable(f"{address}-consumer-secret", allowed, prefixes),
        )
        found.append(ExportedManifest(address, documents.write_yaml(_document(one, address, labels, variables)), variables))
    return found


def _address(one: LiveConnection, taken: set[str]) -> str:
    """Its name; with its project or its id behind where another one has that."""
    project = one.scope.project_slug or "organisation"
    candidates = (one.name, f"{one.name}-{project}", f"{one.name[: _LONGEST - _ID_SHOWN - 1].rstrip('-')}-{one.id[:_ID_SHOWN]}")
    return next((name for name in candidates if name not in taken and len(name) <= _LONGEST), candidates[-1])


def _variable(name: str, allowed: Callable[[str], bool], prefixes: Sequence[str]) -> str:
    plain = name.upper().replace("-", "_")
    names = [f"{prefix}{plain}" for prefix in ("", *prefixes) if prefix or not plain[0].isdigit()]
    return next((one for one in names if allowed(one)), names[0] if names else plain)


def _document(one: LiveConnection, address: str, labels: Mapping[str, str], variables: tuple[str, str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": address} | ({"labels": dict(labels)} if labels else {})
    spec: dict[str, Any] = {"name": one.name} if one.name != address else {}
    if one.description.strip():
        spec["description"] = one.description.strip()
    if one.scope.project_slug:
        spec["project"] = one.scope.project_slug
    elif one.scope.project_id:
        spec["projectId"] = one.scope.project_id
    spec["credentials"] = {
        "instanceUrl": one.instance_url,
        "consumerKey": {"fromEnv": variables[0]},
        "consumerSecret": {"fromEnv": variables[1]},
    }
    return {"apiVersion": "reconciler/v1", "kind": "SalesforceConnection", "metadata": metadata, "spec": spec}
