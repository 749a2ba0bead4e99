"""References to secrets: one small source a kind, and the rule of what each may read.

A pull request can name any variable and any file, so what a source refuses is refused whatever the manifest says.
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
