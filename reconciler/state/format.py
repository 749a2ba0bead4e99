"""The state document: JSON, one record a line, so that a difference of two of them can be read.

`format_version`: a new minor adds keys, a new major is refused by older versions.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

from reconciler.model import (
    ORGANISATION,
    CredentialDrift,
    Fingerprints,
    Intent,
    Lifecycle,
    OnRemoval,
    Record,
    Scope,
    State,
    Superseded,
    Verb,
)
from reconciler.state.backend import StateError

FORMAT_VERSION = "1.0"


def encode(state: State) -> bytes:
    """Return `state` as the bytes that are stored. It holds fingerprints and their key, never a value."""
    return "".join(_lines(state)).encode()


def decode(data: bytes) -> State:
    """Return the state of stored bytes. Raises `StateError` when they are damaged or of an unknown major version."""
    try:
        document = json.loads(data)
        version = str(document["format_version"])
        if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            raise StateError(
                f"The state is of format {version}; this version of reconciler reads {FORMAT_VERSION}.",
                "use the version of reconciler that wrote it, or a newer one",
            )
        return State(
            lineage=document["lineage"],
            serial=document["serial"],
            key=base64.b64decode(document["fingerprint_key"], validate=True),
            organisation_id=document["organisation"]["id"],
            organisation_name=document["organisation"]["name"],
            records={address: _record(address, value) for address, value in document["records"].items()},
            superseded=tuple(
                Superseded(item["address"], item["id"], _scope(item["scope"]), item["name"]) for item in document["superseded"]
            ),
            intents=tuple(_intent(item) for item in document["intents"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise StateError(
            f"The state is damaged: {type(broken).__name__} while reading it.",
            "restore it from a backup; it is written whole or not at all, so something else changed it",
        ) from None


def _lines(state: State) -> Iterator[str]:
    organisation = {"id": state.organisation_id, "name": state.organisation_name}
    yield "{\n"
    yield f'"format_version": {_json(FORMAT_VERSION)},\n'
    yield f'"lineage": {_json(state.lineage)},\n'
    yield f'"serial": {state.serial},\n'
    yield f'"fingerprint_key": {_json(base64.b64encode(state.key).decode())},\n'
    yield f'"organisation": {_json(organisation)},\n'
    rows = (f"{_json(address)}: {_json(_plain(record))}" for address, record in sorted(state.records.items()))
    yield f'"records": {{\n{_rows(rows)}}},\n'
    yield f'"superseded": [\n{_rows(_json(_plain_superseded(item)) for item in state.superseded)}],\n'
    yield f'"intents": [\n{_rows(_json(_plain_intent(item)) for item in state.intents)}]\n'
    yield "}\n"


def _rows(rows: Iterator[str]) -> str:
    joined = ",\n".join(rows)
    return f"{joined}\n" if joined else ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _plain(record: Record) -> dict[str, Any]:
    lifecycle = record.lifecycle
    prints = record.fingerprints
    return {
        "id": record.id,
        "scope": _plain_scope(record.scope),
        "name": record.name,
        "description": record.description,
        "instance_url": record.instance_url,
        "credentials_hash": record.credentials_hash,
        "fingerprints": {"consumer_key": prints.consumer_key, "consumer_secret": prints.consumer_secret} if prints else None,
        "version": record.version,
        "lifecycle": {
            "prevent_destroy": lifecycle.prevent_destroy,
            "on_removal": lifecycle.on_removal,
            "on_credential_drift": lifecycle.on_credential_drift,
            "ignore_changes": list(lifecycle.ignore_changes),
            "adopt": lifecycle.adopt,
            "renamed_from": lifecycle.renamed_from,
        },
        "labels": dict(record.labels),
        "file": record.file,
    }


def _record(address: str, value: dict[str, Any]) -> Record:
    lifecycle, prints = value["lifecycle"], value["fingerprints"]
    return Record(
        address=address,
        id=value["id"],
        scope=_scope(value["scope"]),
        name=value["name"],
        description=value["description"],
        instance_url=value["instance_url"],
        credentials_hash=value["credentials_hash"],
        fingerprints=Fingerprints(prints["consumer_key"], prints["consumer_secret"]) if prints else None,
        version=value["version"],
        lifecycle=Lifecycle(
            prevent_destroy=lifecycle["prevent_destroy"],
            on_removal=OnRemoval(lifecycle["on_removal"]),
            on_credential_drift=CredentialDrift(lifecycle["on_credential_drift"]),
            ignore_changes=tuple(lifecycle["ignore_changes"]),
            adopt=lifecycle["adopt"],
            renamed_from=lifecycle["renamed_from"],
        ),
        labels=value["labels"],
        file=value["file"],
    )


def _plain_intent(intent: Intent) -> dict[str, Any]:
    return {
        "verb": intent.verb,
        "address": intent.address,
        "connection_id": intent.connection_id,
        "record": _plain(intent.record) if intent.record else None,
        "sends_credentials": intent.sends_credentials,
        "since": intent.since,
    }


def _intent(value: dict[str, Any]) -> Intent:
    return Intent(
        verb=Verb(value["verb"]),
        address=value["address"],
        connection_id=value["connection_id"],
        record=_record(value["address"], value["record"]) if value["record"] else None,
        sends_credentials=value["sends_credentials"],
        since=value["since"],
    )


def _plain_scope(scope: Scope) -> dict[str, str] | None:
    return {"project_id": scope.project_id, "project_slug": scope.project_slug or ""} if scope.project_id else None


def _scope(value: dict[str, str] | None) -> Scope:
    return Scope(value["project_id"], value["project_slug"] or None) if value else ORGANISATION


def _plain_superseded(item: Superseded) -> dict[str, Any]:
    return {"address": item.address, "id": item.id, "scope": _plain_scope(item.scope), "name": item.name}
