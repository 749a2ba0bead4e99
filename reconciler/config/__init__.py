"""Turns `reconciler.yaml` into `Settings`.

A pull request can change `reconciler.yaml` as well as manifests. So a team can keep the keys that decide where credentials go
in a trusted configuration, outside the tree that a pull request changes (`RECONCILER_TRUSTED_CONFIG`). `trust` has that rule.
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
