"""`validate`: checks files only, without network and secrets."""

from collections.abc import Sequence

from reconciler import manifest
from reconciler.model import LifecyclePath, Validated
from reconciler.operations.files import read_settings
from reconciler.operations.location import StackLocation


def validate(location: StackLocation, lifecycle_paths: Sequence[LifecyclePath] = ()) -> Validated:
    """Check `reconciler.yaml` and every manifest. Raises `Stopped` if `reconciler.yaml` itself is wrong.

    If there are `lifecycle_paths`, a `lifecycle` in any other place is an error.
    """
    settings = read_settings(location)
    manifests = manifest.load_manifests(settings.stack, settings.manifests, settings.allowed_hosts, lifecycle_paths)
    diagnostics = (*settings.warnings, *manifests.diagnostics)
    return Validated(len(manifests.files), len(manifests.connections), len(manifests.apps), diagnostics)
