"""The state as a JSON document. Each record is on a line of its own, so that people can read the difference of two documents.

`schemas/state.schema.json` says what a document must look like; any other document is refused. `format_version` is the version
of the format. A new minor version adds keys. A reconciler that does not know a major version refuses it.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from reconciler import schemas
from reconciler.documents import Schema
from reconciler.model import (
    ORGANISATION,
    Fingerprints,
    Intent,
    Lifecycle,
    Record,
    Scope,
    State,
    Superseded,
    Verb,
)
from reconciler.model.stored_json import UnusableJson, has_major_of, parse_json
from reconciler.state.backend import StateError

STATE_FORMAT = "1.0"

T = TypeVar("T")


class Encoder:
    """Encodes the states that one run stores, one after the other.

    It keeps the text of each record, and reuses it while the record stays the same: an apply stores a state with thousands of
    records again and again.
    """

    def __init__(self) -> None:
        self._texts: dict[int, tuple[object, str]] = {}

    def encode(self, state: State) -> bytes:
        """Return the bytes to store. They contain fingerprints and their key, but no secret value."""
        earlier, self._texts = self._texts, {}
        # UTF-8 has no lone surrogates: each becomes its JSON escape.
        return "".join(self._lines(state, earlier)).encode("utf-8", "backslashreplace")

    def _lines(self, state: State, earlier: Mapping[int, tuple[object, str]]) -> Iterator[str]:
        def row(item: T, plain: Callable[[T], Any]) -> str:
            kept = earlier.get(id(item))
            self._texts[id(item)] = kept if kept and kept[0] is item else (item, _json(plain(item)))
            return self._texts[id(item)][1]

        organisation = {"id": state.organisation_id, "name": state.organisation_name}
        yield "{\n"
        yield f'"format_version": {_json(STATE_FORMAT)},\n'
        yield f'"lineage": {_json(state.lineage)},\n'
        yield f'"serial": {state.serial},\n'
        yield f'"fingerprint_key": {_json(base64.b64encode(state.key).decode())},\n'
        yield f'"organisation": {_json(organisation)},\n'
        records = (f"{_json(address)}: {row(record, _plain)}" for address, record in sorted(state.records.items()))
        yield f'"records": {{\n{_rows(records)}}},\n'
        yield f'"superseded": [\n{_rows(row(item, _plain_superseded) for item in state.superseded)}],\n'
        yield f'"intents": [\n{_rows(row(item, _plain_intent) for item in state.intents)}]\n'
        yield "}\n"


def decode_state(data: bytes, where: str = "The state") -> State:
    """Return the state in a stored document. `where` is what an error calls the document.

    Raises `StateError` if the document is damaged, or if its major version is unknown. Keys that this version does not know
    are ignored: a newer minor version adds them.
    """
    try:
        document = parse_json(data)
    except UnusableJson as broken:
        raise _damage(where, str(broken)) from None
    if not isinstance(document, dict):
        raise _damage(where, "it is not a JSON object")
    version = document.get("format_version")
    if isinstance(version, str) and not has_major_of(version, STATE_FORMAT):
        raise StateError(
            f"{where} has format {version}, but this version of reconciler reads format {STATE_FORMAT}.",
            "use the version of reconciler that wrote it, or a newer one",
        )
    if problem := _schema().violation(document):
        raise _damage(where, problem)
    return _state(document)


@cache
def _schema() -> Schema:
    return Schema(schemas.load("state"))


def _damage(where: str, why: str) -> StateError:
    return StateError(
        f"{where} is damaged: {why}.",
        "restore it from a backup; reconciler writes it whole or not at all, so something else changed it",
    )


def _state(document: dict[str, Any]) -> State:
    """Return the state in a document that the schema accepts."""
    organisation = document["organisation"]
    return State(
        lineage=document["lineage"],
        serial=int(document["serial"]),  # JSON does not tell 1.0 from 1
        key=base64.b64decode(document["fingerprint_key"]),
        organisation_id=organisation["id"],
        organisation_name=organisation["name"],
        records={address: _record(address, value) for address, value in document["records"].items()},
        superseded=tuple(_superseded(item) for item in document["superseded"]),
        intents=tuple(_intent(item) for item in document["intents"]),
    )


def _rows(rows: Iterator[str]) -> str:
    joined = ",\n".join(rows)
    return f"{joined}\n" if joined else ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _plain(record: Record) -> dict[str, Any]:
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
        "lifecycle": record.lifecycle.plain(),
        "labels": dict(record.labels),
        "file": record.file,
    }


def _record(address: str, value: dict[str, Any]) -> Record:
    prints = value["fingerprints"]
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
        lifecycle=Lifecycle.of(value["lifecycle"]),
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


def _scope(value: dict[str, Any] | None) -> Scope:
    return Scope(value["project_id"], value["project_slug"] or None) if value else ORGANISATION


def _plain_superseded(item: Superseded) -> dict[str, Any]:
    return {"address": item.address, "id": item.id, "scope": _plain_scope(item.scope), "name": item.name}


def _superseded(item: dict[str, Any]) -> Superseded:
    return Superseded(item["address"], item["id"], _scope(item["scope"]), item["name"])
