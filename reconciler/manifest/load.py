"""Reads all manifest files and collects connections and problems side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reconciler import documents, schemas
from reconciler.documents import Kinds, Schema
from reconciler.manifest import apps
from reconciler.manifest.build import build_connection
from reconciler.manifest.rules import check_connection
from reconciler.model import Connection, Diagnostic, ExternalClientApp, Location, Written, error
from reconciler.workspace import display_path, find_files, read_within


@dataclass(frozen=True, slots=True)
class Manifests:
    """All that the manifests of a stack say, and all that is wrong with them."""

    files: tuple[str, ...]
    connections: tuple[Connection, ...]
    apps: tuple[ExternalClientApp, ...]
    diagnostics: tuple[Diagnostic, ...]


def load_manifests(stack: Path, globs: Sequence[Written], allowed_hosts: tuple[str, ...] = ()) -> Manifests:
    """Read every file of `stack` that one of `globs` matches, sorted by path.

    Diagnostics are sorted by place; file names in them are relative to the working directory where that is shorter.
    """
    files, diagnostics = find_files(stack, globs)
    kinds = {"SalesforceConnection": "salesforce-connection", apps.KIND: "external-client-app"}
    schema = Kinds({kind: Schema(schemas.load(name)) for kind, name in kinds.items()})
    rules = partial(check_connection, allowed_hosts=allowed_hosts)
    connections: list[Connection] = []
    clients: list[ExternalClientApp] = []
    for path in files:
        data = read_within(path, stack)
        if isinstance(data, Diagnostic):
            diagnostics.append(data)
            continue
        file = path.relative_to(stack).as_posix()
        for found in documents.read_documents(display_path(path), data, schema, rules):
            if isinstance(found, Diagnostic):
                diagnostics.append(found)
            elif found.value["kind"] == apps.KIND:
                clients.append(apps.build_app(found))
                diagnostics += apps.check_app(found, clients[-1])
            else:
                connections.append(build_connection(found, file, allowed_hosts))
    diagnostics += [*_twins(connections), *apps.check_apps(clients, connections)]
    diagnostics.sort(key=lambda diagnostic: diagnostic.location or Location("", 0, 0))
    return Manifests(tuple(display_path(path) for path in files), tuple(connections), tuple(clients), tuple(diagnostics))


def _twins(connections: Sequence[Connection]) -> list[Diagnostic]:
    """Two documents for one address, or two addresses for one name in Infisical, as far as the manifests alone tell."""
    problems = []
    by_address: dict[str, Connection] = {}
    by_name: dict[object, Connection] = {}
    for one in connections:
        first = by_address.setdefault(one.address, one)
        if first is not one:
            problems.append(
                error(
                    f"The address `{one.address}` is taken.",
                    detail=f"It is declared at {first.location} too.",
                    location=one.location,
                    hint="give one of them another metadata.name",
                )
            )
            continue
        first = by_name.setdefault((one.project, one.name), one)
        if first is not one:
            problems.append(
                error(
                    f"`{one.address}` and `{first.address}` both have the name `{one.name}` in Infisical.",
                    detail=f"The other is at {first.name_location}; a project, or the organisation, has a name once.",
                    location=one.name_location,
                    hint="give one of them another spec.name, or another project",
                )
            )
    return problems
