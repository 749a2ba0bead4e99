"""The settings of one stack. Every default is filled in, and every path is absolute."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from reconciler.model import Diagnostic, Guards, Written

EMBEDDED = "embedded"
CLOUD = "https://app.infisical.com"


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embedded Infisical: its SQLite file, the slugs of its projects, and the file of simulated orgs, None without one."""

    database: Path
    projects: tuple[str, ...]
    salesforce_orgs: Path | None


@dataclass(frozen=True, slots=True)
class Auth:
    """What the settings say about the log-in; no field is secret. If `method` is None, the environment decides the method."""

    method: str | None = None
    identity_id: str = ""
    audience: str = ""
    organisation_slug: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentRule:
    """Which environment variables a manifest may name.

    `allow` are globs. None allows every variable except the runner's own. `lifted` are the exact names of the runner's own
    variables that a trusted configuration allows all the same.
    """

    allow: tuple[str, ...] | None
    lifted: frozenset[str]


@dataclass(frozen=True, slots=True)
class FileRule:
    """Which files a manifest may name: those in one of `roots`, once links are resolved. It names them relative to `stack`."""

    stack: Path
    roots: tuple[Path, ...]


class Preflight(StrEnum):
    """What an apply does if a log-in to Salesforce fails that it tries before its first write.

    BLOCK stops the apply, WARN only shows a warning, and OFF tries no log-in.
    """

    BLOCK = "block"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class InfisicalRule:
    """Which secrets of Infisical itself a manifest may name: `allow` are globs of `project/environment/path/key`."""

    allow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What `reconciler.yaml`, the trusted configuration and the environment say together.

    `url` is `embedded`, or a scheme and a host without a path. `embedded` is None unless `url` is `embedded`.
    `salesforce_endpoint` is an address that gets all requests to Salesforce, "" if Salesforce's own hosts get them. Every plan
    shows the `warnings`.
    """

    stack: Path
    name: str
    url: str
    auth: Auth
    embedded: Embedded | None
    manifests: tuple[Written, ...]
    state: Path
    environment: EnvironmentRule
    files: FileRule
    infisical_secrets: InfisicalRule
    guards: Guards
    allowed_hosts: tuple[str, ...]
    preflight: Preflight
    salesforce_endpoint: str
    warnings: tuple[Diagnostic, ...]
