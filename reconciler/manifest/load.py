"""Reads all manifest files of a stack, and collects what they describe and every problem."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler import documents, schemas
from reconciler.documents import Document, Kinds, Schema
from reconciler.manifest import apps
from reconciler.manifest.build import build_connection
from reconciler.manifest.rules import check_connection, check_lifecycle_path
from reconciler.model import Connection, Diagnostic, ExternalClientApp, LifecyclePath, Location, Written, error
from reconciler.workspace import display_path, find_files, read_within


@dataclass(frozen=True, slots=True)
class Manifests:
    """What the manifests of a stack describe, and all their problems.

    `files` are their paths as messages show them. `connections` and `apps` come from the documents that are valid.
    """

    files: tuple[str, ...]
    connections: tuple[Connection, ...]
    apps: tuple[ExternalClientApp, ...]
    diagnostics: tuple[Diagnostic, ...]


def load_manifests(
    stack: Path,
    globs: Sequence[Written],
    allowed_hosts: tuple[str, ...] = (),
    lifecycle_paths: Sequence[LifecyclePath] = (),
) -> Manifests:
    """Read every file of `stack` that one of `globs` matches, in the order of their paths.

    If there are `lifecycle_paths`, a `lifecycle` in any other place is an error. The diagnostics are sorted by place. They name
    files relative to the working directory if the files are below it.
    """
    files, diagnostics = find_files(stack, globs)
    kinds = {"SalesforceConnection": "salesforce-connection", apps.KIND: "external-client-app"}
    schema = Kinds({kind: Schema(schemas.load(name)) for kind, name in kinds.items()})
    connections: list[Connection] = []
    client_apps: list[ExternalClientApp] = []
    for path in files:
        data = read_within(path, stack)
        if isinstance(data, Diagnostic):
            diagnostics.append(data)
            continue
        file = path.relative_to(stack).as_posix()
        rules = _rules(path, stack, allowed_hosts, lifecycle_paths)
        for item in documents.read_documents(display_path(path), data, schema, rules):
            if isinstance(item, Diagnostic):
                diagnostics.append(item)
            elif item.value["kind"] == apps.KIND:
                client_apps.append(apps.build_app(item))
                diagnostics += apps.check_app(item, client_apps[-1])
            else:
                connections.append(build_connection(item, file, allowed_hosts))
    diagnostics += [*_clashes(connections), *apps.check_apps(client_apps, connections)]
    diagnostics.sort(key=lambda diagnostic: diagnostic.location or Location("", 0, 0))
    return Manifests(tuple(display_path(path) for path in files), tuple(connections), tuple(client_apps), tuple(diagnostics))


def _rules(
    path: Path, stack: Path, allowed_hosts: tuple[str, ...], lifecycle_paths: Sequence[LifecyclePath]
) -> Callable[[Document], list[Diagnostic]]:
    """Return the rules for the documents of the file `path`."""
    files = {name.relative_to(stack).as_posix() for name in (path, path.resolve())} if lifecycle_paths else set()

    def rules(document: Document) -> list[Diagnostic]:
        problems = check_connection(document, allowed_hosts)
        return problems + check_lifecycle_path(document, files, lifecycle_paths) if lifecycle_paths else problems

    return rules


def _clashes(connections: Sequence[Connection]) -> list[Diagnostic]:
    """Return the addresses that two documents have, and the names in Infisical that two addresses have."""
    problems = []
    by_address: dict[str, Connection] = {}
    by_name: dict[object, Connection] = {}
    for connection in connections:
        first = by_address.setdefault(connection.address, connection)
        if first is not connection:
            problems.append(
                error(
                    f"The address `{connection.address}` is taken.",
                    detail=f"It is declared at {first.location} too.",
                    location=connection.location,
                    hint="give one of them another metadata.name",
                )
            )
            continue
        first = by_name.setdefault((connection.project, connection.name), connection)
        if first is not connection:
            problems.append(
                error(
                    f"`{connection.address}` and `{first.address}` both have the name `{connection.name}` in Infisical.",
                    detail=f"The other one is at {first.name_location}. A name is unique in a project and in the organisation.",
                    location=connection.name_location,
                    hint="give one of them another spec.name, or another project",
                )
            )
    return problems
