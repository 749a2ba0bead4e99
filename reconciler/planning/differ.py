"""Wanted, recorded and live held side by side, field by field."""

from reconciler.model import Connection, Lifecycle, LiveConnection, Record, hosts
from reconciler.planning.plan import (
    ADDRESS,
    CREDENTIALS,
    DESCRIPTION,
    INSTANCE_URL,
    LABELS,
    LIFECYCLE,
    NAME,
    REFRESHED,
    Attributes,
    Drift,
)


def remote_fields(connection: Connection, live: LiveConnection, ignored: tuple[str, ...]) -> tuple[str, ...]:
    """Return what Infisical has otherwise than the manifest, credentials aside, but for what is `ignored`."""
    fields = []
    if connection.name != live.name and NAME not in ignored:
        fields.append(NAME)
    if connection.description != live.description.strip() and DESCRIPTION not in ignored:
        fields.append(DESCRIPTION)
    return tuple(fields)


def local_fields(connection: Connection, record: Record, live: LiveConnection) -> tuple[str, ...]:
    """Return what concerns the record alone. `adopt` and `renamedFrom` are done once; whether they stay is no change."""
    fields = []
    if record.address != connection.address:
        fields.append(ADDRESS)
    if dict(record.labels) != dict(connection.labels):
        fields.append(LABELS)
    if not _same_rules(record.lifecycle, connection.lifecycle):
        fields.append(LIFECYCLE)
    late = (
        record.name != live.name == connection.name
        or record.description != live.description.strip() == connection.description
        or (record.version != connection.version and CREDENTIALS in connection.lifecycle.ignore_changes)
    )
    if late:
        fields.append(REFRESHED)
    return tuple(fields)


def hosts_differ(connection: Connection, live: LiveConnection) -> bool:
    """Tell whether Infisical would log in to another host than the manifest says."""
    return hosts.fold(connection.instance_url) != hosts.fold(live.instance_url)


def drift_of(record: Record, live: LiveConnection, ignored: tuple[str, ...]) -> Drift | None:
    """Return what was changed outside since the last apply, but for what is `ignored`; None when nothing was."""
    fields = []
    if record.name != live.name:
        fields.append(NAME)
    if record.description != live.description.strip():
        fields.append(DESCRIPTION)
    if hosts.fold(record.instance_url) != hosts.fold(live.instance_url):
        fields.append(INSTANCE_URL)
    if record.credentials_hash != live.credentials_hash and record.fingerprints is not None:
        fields.append(CREDENTIALS)
    shown = tuple(field for field in fields if field.partition(".")[0] not in ignored)
    if not shown:
        return None
    return Drift(record.address, live.id, shown, Attributes.recorded(record), Attributes.present(live, record))


def only_its_hash_moved(record: Record, live: LiveConnection) -> bool:
    """Tell whether the credentials' hash is another one than recorded, and all else as it was."""
    drift = drift_of(record, live, ())
    return record.credentials_hash != live.credentials_hash and (drift is None or drift.fields == (CREDENTIALS,))


def _same_rules(one: Lifecycle, other: Lifecycle) -> bool:
    return (
        one.prevent_destroy == other.prevent_destroy
        and one.on_removal == other.on_removal
        and one.on_credential_drift == other.on_credential_drift
        and one.ignore_changes == other.ignore_changes
    )
