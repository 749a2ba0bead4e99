"""The kind `SalesforceConnection`: its fields, and how manifests, records and live connections take one comparable shape."""

from collections.abc import Mapping, Sequence

from reconciler.model import (
    Connection,
    Fingerprints,
    Lifecycle,
    LiveConnection,
    ProjectRef,
    Reason,
    Record,
    Scope,
    State,
    hosts,
)
from reconciler.model.action import CONSUMER_KEY, CONSUMER_SECRET, DESCRIPTION, INSTANCE_URL, NAME, PROJECT, VERSION
from reconciler.model.connection import APP
from reconciler.planning.kind import Attributes, Desired, Effect, Field, Kind, Present, Recorded
from reconciler.planning.plan import Choices
from reconciler.planning.situation import Settlement, Situation

SALESFORCE_CONNECTION = Kind(
    name="SalesforceConnection",
    noun="connection",
    app=APP,
    fields=(
        Field(NAME, "name", Effect.IN_PLACE),
        Field(DESCRIPTION, "description", Effect.IN_PLACE, folded=str.strip),
        Field(PROJECT, "project_id", Effect.REPLACES),
        Field(INSTANCE_URL, "instance_url", Effect.WITH_CREDENTIALS, folded=hosts.fold),
        Field(VERSION, "version", Effect.WITH_CREDENTIALS, readable=False),
        Field(CONSUMER_KEY, "consumer_key", Effect.WRITE_ONLY, readable=False),
        Field(CONSUMER_SECRET, "consumer_secret", Effect.WRITE_ONLY, readable=False),
    ),
)


def situation_of(
    desired: Sequence[Connection],
    scopes: Mapping[ProjectRef | None, Scope],
    state: State,
    live: Sequence[LiveConnection],
    fingerprints: Mapping[str, Fingerprints | None],
    choices: Choices | None = None,
    resend: frozenset[str] = frozenset(),
    settled: Mapping[str, Reason] | None = None,
) -> Situation:
    """Return the situation from which the connections of a stack are decided.

    `scopes` gives each project of the manifests its scope. `state` is settled: an id in it that `live` lacks is certainly gone.
    `live` has the connections of every app. `fingerprints` has, by address, those of the values that the references give now,
    None if one reference gives nothing. `resend` are ids whose credentials an interrupted apply may have sent. `settled` says
    what that apply has done, by address.
    """
    recorded = {address: of_record(record) for address, record in state.records.items()}
    by_id = {record.id: record for record in state.records.values()}
    return Situation(
        kind=SALESFORCE_CONNECTION,
        desired=[of_manifest(each, scopes[each.project], fingerprints.get(each.address)) for each in desired],
        recorded=recorded,
        superseded=state.superseded,
        present=[of_live(each, by_id.get(each.id)) for each in live],
        choices=choices or Choices(),
        settlement=Settlement(resend, settled or {}),
    )


def of_manifest(connection: Connection, scope: Scope, fingerprints: Fingerprints | None = None) -> Desired:
    """Return what a manifest wants; `scope` is that of its project."""
    return Desired(
        address=connection.address,
        attributes=wanted(connection, scope),
        fingerprints=fingerprints,
        file=connection.file,
        location=connection.location,
        name_location=connection.name_location,
        project_location=connection.project_location,
    )


def wanted(connection: Connection, scope: Scope) -> Attributes:
    """Return the attributes that a manifest wants."""
    key, secret = connection.references
    return Attributes(
        scope=scope,
        values=_values(connection.name, connection.description, scope, connection.instance_url, connection.version),
        labels=connection.labels,
        lifecycle=connection.lifecycle,
        references={CONSUMER_KEY: str(key), CONSUMER_SECRET: str(secret)},
    )


def of_record(record: Record) -> Recorded:
    """Return what a record says."""
    attributes = Attributes(
        scope=record.scope,
        values=_values(record.name, record.description, record.scope, record.instance_url, record.version),
        labels=record.labels,
        lifecycle=record.lifecycle,
    )
    return Recorded(record.address, record.id, attributes, record.fingerprints, record.credentials_hash, record.file)


def of_live(live: LiveConnection, record: Record | None) -> Present:
    """Return what Infisical has. Version, labels and lifecycle come from the record, because only the record knows them."""
    attributes = Attributes(
        scope=live.scope,
        values=_values(live.name, live.description, live.scope, live.instance_url, record.version if record else None),
        labels=record.labels if record else {},
        lifecycle=record.lifecycle if record else _DEFAULT_LIFECYCLE,
    )
    return Present(live.id, live.app, attributes, live.credentials_hash)


_DEFAULT_LIFECYCLE = Lifecycle()


def _values(name: str, description: str, scope: Scope, instance_url: str, version: str | None) -> dict[str, str | None]:
    return {
        NAME: name,
        DESCRIPTION: description,
        PROJECT: scope.project_id,
        INSTANCE_URL: instance_url,
        VERSION: version,
    }
