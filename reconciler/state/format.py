"""The state as a JSON document. Each record is on a line of its own, so that people can read the difference of two documents.

`format_version` is the version of the format. A new minor version adds keys. A reconciler that does not know a major version
refuses it.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

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
from reconciler.state.backend import StateError

STATE_FORMAT = "1.0"
KEY_BYTES = 32

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

    Raises `StateError` if the document is damaged, or if its major version is unknown.
    """
    try:
        document = json.loads(data)
        version = _text(document, "format_version")
        if version.partition(".")[0] != STATE_FORMAT.partition(".")[0]:
            raise StateError(
                f"{where} has format {version}, but this version of reconciler reads format {STATE_FORMAT}.",
                "use the version of reconciler that wrote it, or a newer one",
            )
        return _state(document)
    except KeyError as missing:
        raise _damage(where, f"it lacks {missing}") from None
    except json.JSONDecodeError as broken:
        raise _damage(
            where, f"it is not JSON at line {broken.lineno}, column {broken.colno}" if data else "it is empty"
        ) from None
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError):
        raise _damage(where, "a value in it has the wrong type") from None


def _damage(where: str, why: str) -> StateError:
    return StateError(
        f"{where} is damaged: {why}.",
        "restore it from a backup; reconciler writes it whole or not at all, so something else changed it",
    )


def _state(document: dict[str, Any]) -> State:
    key = base64.b64decode(document["fingerprint_key"], validate=True)
    serial, organisation, records = document["serial"], document["organisation"], document["records"]
    if len(key) != KEY_BYTES or type(serial) is not int or not isinstance(records, dict):
        raise ValueError("wrong type")
    return State(
        lineage=_text(document, "lineage"),
        serial=serial,
        key=key,
        organisation_id=_text(organisation, "id"),
        organisation_name=_text(organisation, "name"),
        records={address: _record(address, value) for address, value in records.items()},
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
    prints, labels = value["fingerprints"], value["labels"]
    return Record(
        address=address,
        id=_text(value, "id"),
        scope=_scope(value["scope"]),
        name=_text(value, "name"),
        description=_text(value, "description"),
        instance_url=_text(value, "instance_url"),
        credentials_hash=_optional_text(value, "credentials_hash"),
        fingerprints=Fingerprints(_text(prints, "consumer_key"), _text(prints, "consumer_secret")) if prints else None,
        version=_optional_text(value, "version"),
        lifecycle=Lifecycle.of(value["lifecycle"]),
        labels={label: _text(labels, label) for label in labels},
        file=_text(value, "file"),
    )


def _text(value: Mapping[str, Any], key: str) -> str:
    if not isinstance(value[key], str):
        raise TypeError(key)
    return str(value[key])


def _optional_text(value: Mapping[str, Any], key: str) -> str | None:
    return None if value[key] is None else _text(value, key)


def _flag(value: Mapping[str, Any], key: str) -> bool:
    """Return true or false. Other values raise: the text `"false"` counts as true, and would change a protection."""
    if not isinstance(value[key], bool):
        raise TypeError(key)
    return bool(value[key])


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
        address=_text(value, "address"),
        connection_id=_text(value, "connection_id"),
        record=_record(_text(value, "address"), value["record"]) if value["record"] else None,
        sends_credentials=_flag(value, "sends_credentials"),
        since=_text(value, "since"),
    )


def _plain_scope(scope: Scope) -> dict[str, str] | None:
    return {"project_id": scope.project_id, "project_slug": scope.project_slug or ""} if scope.project_id else None


def _scope(value: dict[str, Any] | None) -> Scope:
    if value is None:
        return ORGANISATION
    if not value["project_id"]:
        raise ValueError("a project without an id")
    return Scope(_text(value, "project_id"), _text(value, "project_slug") or None)


def _plain_superseded(item: Superseded) -> dict[str, Any]:
    return {"address": item.address, "id": item.id, "scope": _plain_scope(item.scope), "name": item.name}


def _superseded(item: dict[str, Any]) -> Superseded:
    return Superseded(_text(item, "address"), _text(item, "id"), _scope(item["scope"]), _text(item, "name"))
