"""Finds the manifest files, reads them all and collects connections and problems side by side."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler import documents, schemas
from reconciler.documents import Document, Schema
from reconciler.manifest.build import build
from reconciler.model import Connection, Diagnostic, Location, error

KIND = "SalesforceConnection"


@dataclass(frozen=True, slots=True)
class Manifests:
    """All that the manifests of a stack say, and all that is wrong with them."""

    files: tuple[str, ...]
    connections: tuple[Connection, ...]
    diagnostics: tuple[Diagnostic, ...]


def load(stack: Path, globs: Sequence[str], allowed_hosts: Sequence[str] = ()) -> Manifests:
    """Read every file of `stack` that one of `globs` matches, sorted by path.

    Diagnostics are sorted by place; file names in them are relative to the working directory where that is shorter.
    """
    files, diagnostics = _files(stack, globs)
    schema = Schema(schemas.load("salesforce-connection"))
    connections: list[Connection] = []
    for path in files:
        name = _shown(path)
        data = _read(path, stack)
        if isinstance(data, Diagnostic):
            diagnostics.append(data)
            continue
        found, problems = documents.parse(name, data)
        diagnostics += problems
        for document in found:
            wrong = _check(document, schema)
            diagnostics += wrong
            if not wrong:
                built, wrong = build(document, path.relative_to(stack).as_posix(), allowed_hosts)
                diagnostics += wrong
                connections.append(built)
    diagnostics += _twins(connections)
    diagnostics.sort(key=lambda diagnostic: diagnostic.location or Location("", 0, 0))
    return Manifests(tuple(_shown(path) for path in files), tuple(connections), tuple(diagnostics))


def _files(stack: Path, globs: Sequence[str]) -> tuple[list[Path], list[Diagnostic]]:
    found: set[Path] = set()
    folders: set[str] = set()
    for pattern in globs:
        try:
            matches = list(stack.glob(pattern))
        except (ValueError, IndexError, NotImplementedError, OSError):  # what pathlib says to a pattern it cannot use
            wrong = f"`manifests` cannot be `{pattern}`: that is no glob."
            return [], [error(wrong, hint="write one such as connections/**/*.yaml; `**` stands for whole directories")]
        found.update(path for path in matches if not path.is_dir())
        folders.update(pattern for path in matches if path.is_dir() and "*" not in pattern)
    if not found:
        named = f"write `{min(folders).rstrip('/')}/**/*.yaml` for the files in it" if folders else ""
        missing = error(
            f"No file matches {' or '.join(f'`{pattern}`' for pattern in globs)} in {stack}.",
            hint=named or "put a manifest there, or change `manifests` in reconciler.yaml; an empty file wants nothing",
        )
        return [], [missing]
    return sorted(found), []


def _read(path: Path, stack: Path) -> bytes | Diagnostic:
    """Links are followed inside the stack only: what a message quotes of a file outside would be read by whoever made the
    link, and there are files without an end."""
    name = _shown(path)
    if not name.isprintable():
        return error(f"{name!a} is not a name for a manifest.", hint="rename the file: UTF-8, without control characters")
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(stack):
            return error(
                f"{name} is a link that leads out of the stack.", hint="put the manifest itself there, or narrow `manifests`"
            )
        if real.is_file():
            return real.read_bytes()
        said = "Not a regular file"
    except RuntimeError:
        said = "A loop of links"
    except OSError as broken:
        said = str(broken.strerror)
    return error(f"{name} cannot be read.", detail=f"{said}.", hint="check that it is a readable file")


def _check(document: Document, schema: Schema) -> list[Diagnostic]:
    """A document of another kind gets that said, and not every key of it called wrong."""
    kind = document.value.get("kind") if isinstance(document.value, dict) else None
    if isinstance(kind, str) and kind != KIND:
        near = difflib.get_close_matches(kind, [KIND], n=1, cutoff=0.5)
        hint = f"did you mean `{KIND}`?" if near else f"manifests are of kind `{KIND}`; move the file, or narrow `manifests`"
        return [error(f"`kind` cannot be `{kind[:100]}`.", location=document.location(["kind"]), hint=hint)]
    return schema.check(document)


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
                    f"The name `{one.name}` is taken by `{first.address}` in the same place.",
                    detail=f"It is declared at {first.name_location} too; Infisical has a name once a project or organisation.",
                    location=one.name_location,
                    hint="give one of them another spec.name, or another project",
                )
            )
    return problems


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
