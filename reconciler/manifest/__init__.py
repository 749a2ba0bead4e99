"""Manifest files to desired connections: every file is read, every problem found, before anything is decided."""

from reconciler.manifest.export import ExportedManifest, export_manifests
from reconciler.manifest.load import Manifests, load_manifests

__all__ = ["ExportedManifest", "Manifests", "export_manifests", "load_manifests"]
