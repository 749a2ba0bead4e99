"""`state list|show|rm|mv|pull|push`: shows the record of what was last applied, and repairs it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.model import Diagnostic, Record, State, Stop, Stopped, error
from reconciler.operations.location import StackLocation
from reconciler.operations.stored_state import Lock, open_state, stop_for_state_errors
from reconciler.state import Encoder, decode_state

_ADDRESS = re.compile(r"(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*")
"""Infisical's rule for names (facts 11), which is the rule for addresses too."""

Change = Callable[[State | None], State]


async def read_state(location: StackLocation) -> State | None:
    """Return the stack's state, None before the first apply. Raises `Stopped`."""
    async with open_state(location) as stored:
        return stored.state


async def read_record(location: StackLocation, address: str) -> Record:
    """Return the record of an address. Raises `Stopped` (FAILED) if there is none."""
    state = await read_state(location)
    records = state.records if state else {}
    if address not in records:
        raise Stopped(Stop.FAILED, _unknown(address))
    return records[address]


async def forget(
    location: StackLocation, addresses: Sequence[str], confirmed: frozenset[str], lock_seconds: float
) -> tuple[Record, ...]:
    """Remove records and return them. The connections stay in Infisical.

    A protected address must be among `confirmed`. Raises `Stopped`: REFUSED if one is not.
    """
    removed: list[Record] = []

    def change(state: State | None) -> State:
        unknown = [address for address in addresses if state is None or address not in state.records]
        if state is None or unknown:
            raise Stopped(Stop.FAILED, *(_unknown(address) for address in unknown or addresses))
        removed.extend(state.records[address] for address in dict.fromkeys(addresses))
        protected = [record for record in removed if record.lifecycle.prevent_destroy and record.address not in confirmed]
        if protected:
            raise Stopped(Stop.REFUSED, *(_protected(record) for record in protected))
        kept = {address: record for address, record in state.records.items() if address not in addresses}
        ids = {record.id for record in removed}
        intents = tuple(
            intent for intent in state.intents if intent.address not in addresses and intent.connection_id not in ids
        )
        return replace(state, records=kept, intents=intents)

    await _change(location, Lock("state rm", lock_seconds), change)
    return tuple(removed)


async def protected_addresses(location: StackLocation, addresses: Sequence[str]) -> tuple[str, ...]:
    """Return which of `addresses` are recorded as protected. Raises `Stopped`."""
    state = await read_state(location)
    records = state.records if state else {}
    recorded = [address for address in dict.fromkeys(addresses) if address in records]
    return tuple(address for address in recorded if records[address].lifecycle.prevent_destroy)


async def move(location: StackLocation, old: str, new: str, lock_seconds: float) -> Record:
    """Give the record of `old` the address `new`, and return it. It sends nothing to Infisical. Raises `Stopped`."""
    moved: list[Record] = []

    def change(state: State | None) -> State:
        if state is None or old not in state.records:
            raise Stopped(Stop.FAILED, _unknown(old))
        if not _ADDRESS.fullmatch(new):
            hint = "use 1 to 64 characters: a-z, 0-9, and single hyphens between them"
            raise Stopped(Stop.FAILED, error(f"`{new}` is not a valid address.", hint=hint))
        if new in state.records:
            taken = error(
                f"The address `{new}` already has a record, of {state.records[new].id}.", hint="choose another address"
            )
            raise Stopped(Stop.FAILED, taken)
        if any(intent.address in {old, new} for intent in state.intents):
            pending = f"An apply of `{old}` or `{new}` was interrupted, and reconciler has not yet checked what it did."
            raise Stopped(Stop.FAILED, error(pending, hint="run `reconciler apply` first"))
        moved.append(replace(state.records[old], address=new))
        records = {address: record for address, record in state.records.items() if address != old} | {new: moved[0]}
        superseded = tuple(replace(left, address=new) if left.address == old else left for left in state.superseded)
        return replace(state, records=records, superseded=superseded)

    await _change(location, Lock("state mv", lock_seconds), change)
    return moved[0]


async def pull(location: StackLocation) -> bytes:
    """Return the stored state as a document. Raises `Stopped` if there is none."""
    state = await read_state(location)
    if state is None:
        raise Stopped(Stop.FAILED, error("There is no state yet.", hint="the first apply creates it"))
    return Encoder().encode(state)


async def push(location: StackLocation, data: bytes, source: str, lock_seconds: float, *, force: bool) -> State:
    """Replace the stored state with the document `data`, and return it with its new serial.

    Messages call the document `source`. Without `force` it must have the lineage and the organisation of the stored state, must
    not be older, and must not lack an interrupted apply. Raises `Stopped`.
    """
    with stop_for_state_errors():
        given = decode_state(data, source)
    pushed: list[State] = []

    def change(state: State | None) -> State:
        if state is not None and not force and (problems := list(_unlike(state, given))):
            raise Stopped(Stop.STALE, *problems)
        serial = max(given.serial, state.serial if state else 0)
        pushed.append(replace(given, serial=serial))
        return pushed[0]

    await _change(location, Lock("state push", lock_seconds), change)
    return replace(pushed[0], serial=pushed[0].serial + 1)


def _unlike(stored: State, given: State) -> list[Diagnostic]:
    """Return why `given` is not a later version of `stored`."""
    hint = "run `state pull` and change that document; --force stores yours anyway"
    pairs = (
        ("lineage", given.lineage, stored.lineage, given.lineage == stored.lineage),
        ("organisation", given.organisation_id, stored.organisation_id, given.organisation_id == stored.organisation_id),
        ("serial", given.serial, stored.serial, given.serial >= stored.serial),
    )
    problems = [
        error(f"The {what} does not match the stored state.", detail=f"Yours: {ours}. Stored: {theirs}.", hint=hint)
        for what, ours, theirs, fits in pairs
        if not fits
    ]
    if lost := sorted({intent.address for intent in stored.intents if intent not in given.intents}):
        named = ", ".join(f"`{address}`" for address in lost)
        unsettled = f"An apply of {named} was interrupted, and your document does not contain it. What it did is not known yet."
        problems.append(error(unsettled, hint="run `reconciler apply` first, then pull again"))
    return problems


async def _change(location: StackLocation, lock: Lock, change: Change) -> None:
    """Load, change and store the state while holding its lock."""
    async with open_state(location, lock) as stored:
        changed = change(stored.state)
        await stored.backend.store(replace(changed, serial=changed.serial + 1), stored.version)


def read_document(source: Path | None, standard_input: Callable[[], bytes]) -> tuple[bytes, str]:
    """Return the bytes of a file, or of standard input for None, and what to call them. Raises `Stopped`."""
    if source is None:
        return standard_input(), "The state on standard input"
    try:
        return source.read_bytes(), f"The state {source}"
    except OSError as broken:
        raise Stopped(
            Stop.FAILED, error(f"{source} cannot be read: {broken.strerror}.", hint="name a file that `state pull` wrote")
        ) from None


def _protected(record: Record) -> Diagnostic:
    return error(
        f"`{record.address}` is protected: to forget it, you must name it again.",
        detail="The record contains the protection. Without it, nothing protects the connection any more.",
        hint=f"use --confirm {record.address}",
        address=record.address,
    )


def _unknown(address: str) -> Diagnostic:
    return error(f"There is no record of `{address}`.", hint="`reconciler state list` shows the addresses", address=address)
