"""Carries out one write. If its answer is lost, looks what happened before it sends the write again.

After `Lost` nobody knows whether the write happened. Its intent stays stored, and the next run looks. Once an answer was lost,
a later refusal says nothing about the earlier try, so it does not count as an outcome either.
"""

from dataclasses import replace

import anyio

from reconciler.infisical import (
    AlreadyExists,
    AnswerLost,
    InfisicalError,
    InUse,
    NotAnAnswer,
    NotFound,
    Reader,
    ServerFailed,
    Unexpected,
    WireError,
    Writer,
    WrongApp,
)
from reconciler.model import Credentials, Intent, LiveConnection, Record
from reconciler.planning import as_created, is_ours

ATTEMPTS = 3
_PAUSE_SECONDS = 1.0
UNCLEAR = (AnswerLost, NotAnAnswer, ServerFailed, Unexpected)
"""Failures that say nothing about whether a write happened."""


class Lost(Exception):
    """Nobody knows whether the write happened, however often we looked. `cause` is the last thing that went wrong."""

    def __init__(self, cause: InfisicalError | WireError) -> None:
        super().__init__(str(cause))
        self.cause = cause


async def create(writer: Writer, reader: Reader, intent: Intent, sent: Record, credentials: Credentials) -> Record:
    """Create what `sent` describes and return its record. Raises `InfisicalError`, `WireError` or `Lost`."""
    lost: InfisicalError | WireError | None = None
    for attempt in range(ATTEMPTS):
        await _pause(attempt)
        try:
            live = await writer.create(sent.name, sent.description, sent.scope, sent.instance_url, credentials)
        except UNCLEAR as failure:
            lost = failure
        except (InfisicalError, WireError) as refused:
            # Only a create of ours whose answer was lost can have taken the name. Without one, somebody else has it.
            if lost is None:
                raise
            lost = refused
        else:
            return _with(sent, live)
        holder = await _look(reader, sent)
        if holder is not None and is_ours(holder, intent):
            return as_created(sent, holder)
        if holder is not None and isinstance(lost, AlreadyExists):
            raise lost
        if not isinstance(lost, (*UNCLEAR, AlreadyExists)):
            break
    raise _lost(lost)


async def update(
    writer: Writer, connection_id: str, wanted: Record, fields: tuple[bool, bool], credentials: Credentials | None
) -> Record:
    """Bring one connection to `wanted` and return its record. `fields` says whether name and description are sent.

    Sending the same twice changes nothing more, so after a lost answer the update is sent again. Raises `InfisicalError`,
    `WireError` or `Lost`.
    """
    lost: InfisicalError | WireError | None = None
    for attempt in range(ATTEMPTS):
        await _pause(attempt)
        try:
            live = await writer.update(
                connection_id,
                name=wanted.name if fields[0] else None,
                description=wanted.description if fields[1] else None,
                instance_url=wanted.instance_url,
                credentials=credentials,
            )
        except UNCLEAR as failure:
            lost = failure
        except (InfisicalError, WireError) as refused:
            if lost is None:
                raise
            raise Lost(refused) from None
        else:
            return _with(wanted, live) if credentials else wanted
    raise _lost(lost)


async def delete(writer: Writer, reader: Reader, connection_id: str) -> None:
    """Delete one connection. One that is gone already counts as deleted. Raises `InfisicalError`, `WireError` or `Lost`."""
    lost: InfisicalError | WireError | None = None
    for attempt in range(ATTEMPTS):
        await _pause(attempt)
        try:
            await writer.delete(connection_id)
        except NotFound:
            return
        except UNCLEAR as failure:
            lost = failure
        except (InfisicalError, WireError) as refused:
            if lost is None or isinstance(refused, InUse):
                raise
            raise Lost(refused) from None
        else:
            return
        try:
            if await reader.connection(connection_id) is None:
                return
        except (InfisicalError, WireError) as blind:
            lost = blind
    raise _lost(lost)


async def _look(reader: Reader, sent: Record) -> LiveConnection | None:
    """Return the connection that has the name now, None if none has it or nobody can tell.

    Raises `WrongApp` if a connection of another app has it, which is not ours.
    """
    try:
        return await reader.connection_named(sent.name, sent.scope)
    except WrongApp:
        raise
    except (InfisicalError, WireError):
        return None


def _lost(cause: InfisicalError | WireError | None) -> Lost:
    if cause is None:
        raise AssertionError("a write without an attempt")
    return Lost(cause)


async def _pause(attempt: int) -> None:
    if attempt:
        await anyio.sleep(_PAUSE_SECONDS * attempt)


def _with(record: Record, live: LiveConnection) -> Record:
    return replace(record, id=live.id, credentials_hash=live.credentials_hash)
