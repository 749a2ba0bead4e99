"""`validate`: the files alone, no network, no secret."""

from dataclasses import dataclass

from reconciler import manifest
from reconciler.model import Diagnostic, has_errors
from reconciler.operations.stack import Where, settings


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


def validate(where: Where) -> Validated:
    """Check `reconciler.yaml` and every manifest. Raises `Stopped` when `reconciler.yaml` itself is wrong."""
    found = settings(where)
    loaded = manifest.load(found.stack, found.manifests, found.allowed_hosts)
    return Validated(len(loaded.files), len(loaded.connections), len(loaded.apps), (*found.warnings, *loaded.diagnostics))
