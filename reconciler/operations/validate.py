"""`validate`: checks files only, without network and secrets."""

from reconciler import manifest
from reconciler.model import Validated
from reconciler.operations.files import read_settings
from reconciler.operations.location import StackLocation


def validate(location: StackLocation) -> Validated:
    """Check `reconciler.yaml` and every manifest. Raises `Stopped` if `reconciler.yaml` itself is wrong."""
    settings = read_settings(location)
    manifests = manifest.load_manifests(settings.stack, settings.manifests, settings.allowed_hosts)
    diagnostics = (*settings.warnings, *manifests.diagnostics)
    return Validated(len(manifests.files), len(manifests.connections), len(manifests.apps), diagnostics)
