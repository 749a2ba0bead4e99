"""Reads the secrets that manifests refer to. Each kind of reference has a source, which knows what it may read.

A pull request can name any variable, file or secret of Infisical. So a manifest cannot change what a source refuses.
"""

from reconciler.secrets.environment import EnvironmentSource
from reconciler.secrets.files import FileSource
from reconciler.secrets.infisical import InfisicalSource, SecretName
from reconciler.secrets.resolve import Refused, Resolution, SecretSource, Unavailable, resolve_references

__all__ = [
    "EnvironmentSource",
    "FileSource",
    "InfisicalSource",
    "Refused",
    "Resolution",
    "SecretName",
    "SecretSource",
    "Unavailable",
    "resolve_references",
]
