"""The results of the smaller commands: a validation, exported manifests, versions."""

from dataclasses import dataclass

from reconciler.model.diagnostics import Diagnostic, has_errors


@dataclass(frozen=True, slots=True)
class Validated:
    """How many files, connections and External Client Apps there are, and what is wrong with them."""

    files: int
    connections: int
    apps: int
    diagnostics: tuple[Diagnostic, ...]

    @property
    def valid(self) -> bool:
        """Whether there is no error."""
        return not has_errors(self.diagnostics)


@dataclass(frozen=True, slots=True)
class ExportedManifests:
    """The manifests that were written into `folder`, the variables that somebody must set now, and warnings about them.

    `files` are the sorted paths of the manifests, with the folder.
    """

    folder: str
    files: tuple[str, ...]
    variables: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """The version of reconciler, and those of the formats that it reads and writes beside its reports."""

    reconciler: str
    python: str
    manifests: str
    state: str
    plan_file: str
