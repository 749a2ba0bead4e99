"""`reconciler.yaml` to `Settings`. Both it and the manifests arrive in pull requests, so what decides where credentials go
can be pinned outside the tree (`RECONCILER_TRUSTED_CONFIG`); that rule lives here.
"""

from reconciler.config.load import FILE_NAME, load_settings
from reconciler.config.settings import Auth, Embedded, EnvironmentRule, FileRule, InfisicalRule, Preflight, Settings

__all__ = [
    "FILE_NAME",
    "Auth",
    "Embedded",
    "EnvironmentRule",
    "FileRule",
    "InfisicalRule",
    "Preflight",
    "Settings",
    "load_settings",
]
