"""Reads the files of a stack: `reconciler.yaml` and the manifests. No network, no state, no secret."""

from dataclasses import dataclass

from reconciler import config, manifest
from reconciler.config import Settings
from reconciler.manifest import Manifests
from reconciler.model import Diagnostic, Stop, Stopped, has_errors
from reconciler.operations.location import StackLocation


@dataclass(frozen=True, slots=True)
class StackFiles:
    """What the files of a stack say. There is no error in them."""

    settings: Settings
    manifests: Manifests

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings of both, those of `reconciler.yaml` first."""
        return (*self.settings.warnings, *self.manifests.diagnostics)


def read_files(location: StackLocation) -> StackFiles:
    """Return what the files of the stack say. Raises `Stopped` (INVALID) with every problem."""
    settings = read_settings(location)
    return StackFiles(settings, read_manifests(settings))


def read_settings(location: StackLocation) -> Settings:
    """Return what `reconciler.yaml` says. Raises `Stopped`."""
    return config.load_settings(location.start, location.config, location.environ)


def read_manifests(settings: Settings) -> Manifests:
    """Return what the manifests say. Raises `Stopped` (INVALID) with every problem of every file."""
    manifests = manifest.load_manifests(settings.stack, settings.manifests, settings.allowed_hosts)
    if has_errors(manifests.diagnostics):
        raise Stopped(Stop.INVALID, *manifests.diagnostics)
    return manifests
