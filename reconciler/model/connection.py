"""A connection, four times: as a manifest wants it, as Infisical has it, as it was last applied, and where it lives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.credentials import Fingerprints, References
from reconciler.model.diagnostics import Location
from reconciler.model.lifecycle import Lifecycle

APP = "salesforce"
METHOD = "client-credentials"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a name must be unique: one project, or the organisation when `project_id` is None."""

    project_id: str | None = None
    project_slug: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        if self.project_id is None:
            return "organisation"
        return f"project {self.project_slug or self.project_id}"


ORGANISATION = Scope()


@dataclass(frozen=True, slots=True)
class Project:
    """A project as Infisical has it."""

    id: str
    slug: str


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """A project as a manifest names it, by slug or by id. Infisical's answer turns it into a `Scope`."""

    by: Literal["slug", "id"]
    value: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as its manifest wants it, with references instead of values.

    `description` is "" for none. `instance_url` is the host as it is sent. `file` is the manifest's path in the stack.
    `location` is where the address is written, `host_location` where the host is.
    """

    address: str
    name: str
    description: str
    project: ProjectRef | None
    instance_url: str
    references: References
    version: str | None
    labels: Mapping[str, str]
    lifecycle: Lifecycle
    file: str
    location: Location
    name_location: Location
    project_location: Location
    host_location: Location


@dataclass(frozen=True, slots=True)
class LiveConnection:
    """A connection of any app, as Infisical lists it.

    Times are ISO 8601 as the server writes them. `instance_url` is "" for another app than Salesforce. Every write of
    credentials changes `credentials_hash`.
    """

    id: str
    app: str
    name: str
    description: str
    scope: Scope
    organisation_id: str
    instance_url: str
    credentials_hash: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Record:
    """What was last applied to one address.

    `credentials_hash` is the hash that Infisical showed after our own write, None if it is not known. `fingerprints` are those
    of the values that we sent, None if we never sent any.
    """

    address: str
    id: str
    scope: Scope
    name: str
    description: str
    instance_url: str
    credentials_hash: str | None
    fingerprints: Fingerprints | None
    version: str | None
    lifecycle: Lifecycle
    labels: Mapping[str, str]
    file: str
