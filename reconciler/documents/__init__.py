"""Turns the bytes of a file into YAML documents, and checks them against a JSON Schema.

Each document knows the line and column of each of its values, so every problem names its place. Manifests, `reconciler.yaml`
and the files of simulated orgs are all read through this package. It opens no file itself: callers pass the bytes.
"""

from reconciler.documents.read import read_documents
from reconciler.documents.schema import Kinds, Schema
from reconciler.documents.write import write_yaml
from reconciler.documents.yaml import Document, Path, parse_yaml

__all__ = ["Document", "Kinds", "Path", "Schema", "parse_yaml", "read_documents", "write_yaml"]
