"""One write each, carried through lost answers: look what happened, and only then send again.

`Lost` is the one outcome nobody can tell; its intent stays stored and the next run looks.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio

from reconciler.infisical import (
    AlreadyExists,
    AnswerLost,
    Credentials,
    NotAnAnswer,
    NotFound,
    Reader,
    ServerFailed,
    Writer,
)
from reconciler.model import Intent, LiveConnection, Record
from reconciler.planning import as_created, is_ours

ATTEMPTS = 3
_PAUSE_SECONDS = 1.0
UNCLEAR = (AnswerLost, NotAnAnswer, ServerFailed)
"""What says nothing about whether a write happened."""


class Lost(Exception):
    """Whether the write happened is not known, however often we looked. `cause` is the last thing that went wrong."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


async def create(writer: Writer, reader: Reader, intent: Intent, sent: Record, credentials: Credentials) -> Record:
    """Create what `sent` describes and return its record. Raises `InfisicalError`, `WireError` or `Lost`."""
    lost: Exception | None = None
    for attempt in range(ATTEMPTS):
        await _pause(attempt)
        try:
            live = await writer.create(sent.name, sent.description, sent.scope, credentials)
        except AlreadyExists:
            # Only a create of ours whose answer was lost can have taken the name; otherwise it is somebody else's.
            found = await _look(lambda: reader.connection_named(sent.name, sent.scope)) if lost else None
            if found is None or not is_ours(found, intent):
                raise
            return as_created(sent, found)
        except UNCLEAR as failure:
            lost = failure
            found = await _look(lambda: reader.connection_named(sent.name, sent.scope))
            if found is not None and is_ours(found, intent):
                return as_created(sent, found)
        else:
            return _with(sent, live)
    raise Lost(lost or RuntimeError("no attempt was made"))


async def update(
    writer: Writer, connection_id: str, wanted: Record, fields: tuple[bool, bool], credentials: Credentials | None
) -> Record:
    """Bring one connection to `wanted` and return its record; `fields` says whether name and description are sent.

    Sending the same twice changes nothing more, so a lost answer is answered by sending again.
    """
    lost: Exception | None = None
    for attempt in range(ATTEMPTS):
        await _pause(attempt)
        try:
            live = await writer.update(
                connection_id,
                name=wanted.name if fields[0] else None,
                description=wanted.description if fields[1] else None,
                credentials=credentials,
            )
        except UNCLEAR as failure:
            lost = failure
        else:
            return _with(wanted, live) if credentials else wanted
    raise Lost(lost or RuntimeError("no attempt was made"))


async def delete(writer: Writer, reader: Reader, connection_id: str) -> None:
    """Delete one connection; one that is gone is as good. Raises `InfisicalError`, `WireError` or `Lost`."""
    lost: Exception | None = None
    for attempt in range(ATTEMPTS):
        await _pause(attempt)
        try:
            await writer.delete(connection_id)
        except NotFound:
            return
        except UNCLEAR as failure:
            lost = failure
            try:
                if await reader.connection(connection_id) is None:
                    return
            except UNCLEAR as blind:
                lost = blind
        else:
            return
    raise Lost(lost or RuntimeError("no attempt was made"))


async def _look(ask: Callable[[], Awaitable[LiveConnection | None]]) -> LiveConnection | None:
    try:
        return await ask()
    except UNCLEAR:
        return None


async def _pause(attempt: int) -> None:
    if attempt:
        await anyio.sleep(_PAUSE_SECONDS * attempt)


def _with(record: Record, live: LiveConnection) -> Record:
    return replace(record, id=live.id, credentials_hash=live.credentials_hash)
