"""Turns manifest files into the connections and apps that should exist.

It reads every file and finds every problem before anything is decided. It also writes manifests for connections that already
exist.
"""

from reconciler.manifest.export import ExportedManifest, export_manifests
from reconciler.manifest.load import Manifests, load_manifests

__all__ = ["ExportedManifest", "Manifests", "export_manifests", "load_manifests"]
