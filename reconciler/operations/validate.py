"""`validate`: the files alone, no network, no secret."""

from dataclasses import dataclass

from reconciler import manifest
from reconciler.model import Diagnostic, has_errors
from reconciler.operations.files import read_settings
from reconciler.operations.location import StackLocation


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


def validate(location: StackLocation) -> Validated:
    """Check `reconciler.yaml` and every manifest. Raises `Stopped` when `reconciler.yaml` itself is wrong."""
    settings = read_settings(location)
    manifests = manifest.load_manifests(settings.stack, settings.manifests, settings.allowed_hosts)
    diagnostics = (*settings.warnings, *manifests.diagnostics)
    return Validated(len(manifests.files), len(manifests.connections), len(manifests.apps), diagnostics)
