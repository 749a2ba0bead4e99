"""Bytes to YAML documents that know where each value stands, and JSON Schema findings as diagnostics with that place.

Manifests, `reconciler.yaml` and org files all come in through here; nothing here opens a file.
"""

from reconciler.documents.read import read_documents
from reconciler.documents.schema import Kinds, Schema
from reconciler.documents.write import write_yaml
from reconciler.documents.yaml import Document, Path, parse_yaml

__all__ = ["Document", "Kinds", "Path", "Schema", "parse_yaml", "read_documents", "write_yaml"]
