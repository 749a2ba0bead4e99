"""Manifest files to desired connections: every file is read, every problem found, before anything is decided."""

from reconciler.manifest.export import Exported, export
from reconciler.manifest.load import Manifests, load

__all__ = ["Exported", "Manifests", "export", "load"]
