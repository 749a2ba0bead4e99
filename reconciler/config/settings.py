"""The settings of one stack, every default filled in and every path absolute."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from reconciler.model import Diagnostic, Guards, Written

EMBEDDED = "embedded"
CLOUD = "https://app.infisical.com"


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embedded Infisical: its SQLite file, its projects' slugs and its file of simulated orgs."""

    database: Path
    projects: tuple[str, ...]
    salesforce_orgs: Path | None


@dataclass(frozen=True, slots=True)
class Auth:
    """How to log in, as far as a file says it; nothing in it is secret. `method` None: detected from the environment."""

    method: str | None = None
    identity_id: str = ""
    audience: str = ""
    organisation_slug: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentRule:
    """Which variables a manifest may name: `allow` are globs, None for "all but the runner's own";
    `lifted` are exact names that a trusted configuration lets in although they are the runner's own."""

    allow: tuple[str, ...] | None
    lifted: frozenset[str]


@dataclass(frozen=True, slots=True)
class FileRule:
    """Where a file must be, links resolved, to be read as a value."""

    stack: Path
    roots: tuple[Path, ...]


class Preflight(StrEnum):
    """What the check of the log-ins to Salesforce, before the first write of an apply, may do."""

    BLOCK = "block"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class InfisicalRule:
    """Which secrets of Infisical itself a manifest may name: globs of `project/environment/path/key`."""

    allow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What `reconciler.yaml`, the trusted configuration and the environment say together.

    `salesforce_endpoint` is where Salesforce is asked instead of its own hosts, "" for the hosts themselves.
    `url` is `embedded` or scheme and host without a path, `embedded` what belongs to the former; `warnings` are shown with
    every plan.
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
