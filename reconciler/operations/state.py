"""`state list|show|rm|mv|pull|push`: what was last applied, how to forget some of it, and how to mend it by hand."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.model import Diagnostic, Record, State, Stop, Stopped, error
from reconciler.operations.running import run
from reconciler.operations.stack import Where, backend, locked, settings, stopped
from reconciler.state import Encoder, StateError, decode

_ADDRESS = re.compile(r"(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*")
"""Infisical's rule for names (facts 11), which is that of addresses too."""

Change = Callable[[State | None], State]


def load_state(where: Where) -> State | None:
    """Return the stack's state, None before the first apply. Raises `Stopped`."""

    async def load() -> State | None:
        try:
            return (await backend(settings(where)).load())[0]
        except StateError as broken:
            raise stopped(broken) from None

    return run(load)


def record_of(where: Where, address: str) -> Record:
    """Return one record. Raises `Stopped` (FAILED) when there is none of that address."""
    state = load_state(where)
    records = state.records if state else {}
    if address not in records:
        raise Stopped(Stop.FAILED, _unknown(address))
    return records[address]


def forget(where: Where, addresses: Sequence[str], confirmed: frozenset[str], lock_seconds: float) -> tuple[Record, ...]:
    """Remove records and leave the connections in Infisical alone; return what was removed.

    A protected one must be among `confirmed`. Raises `Stopped`: REFUSED when one is not.
    """
    removed: list[Record] = []

    def change(state: State | None) -> State:
        unknown = [address for address in addresses if state is None or address not in state.records]
        if state is None or unknown:
            raise Stopped(Stop.FAILED, *(_unknown(address) for address in unknown or addresses))
        removed.extend(state.records[address] for address in dict.fromkeys(addresses))
        if guarded := [one for one in removed if one.lifecycle.prevent_destroy and one.address not in confirmed]:
            raise Stopped(Stop.REFUSED, *(_protected(one) for one in guarded))
        kept = {address: record for address, record in state.records.items() if address not in addresses}
        ids = {record.id for record in removed}
        intents = tuple(one for one in state.intents if one.address not in addresses and one.connection_id not in ids)
        return replace(state, records=kept, intents=intents)

    _change(where, "state rm", change, lock_seconds)
    return tuple(removed)


def protected(where: Where, addresses: Sequence[str]) -> tuple[str, ...]:
    """Return which of `addresses` are recorded as protected. Raises `Stopped`."""
    state = load_state(where)
    records = state.records if state else {}
    return tuple(one for one in dict.fromkeys(addresses) if one in records and records[one].lifecycle.prevent_destroy)


def move(where: Where, old: str, new: str, lock_seconds: float) -> Record:
    """Give the record of `old` the address `new`, and return it; nothing is sent to Infisical. Raises `Stopped`."""
    moved: list[Record] = []

    def change(state: State | None) -> State:
        if state is None or old not in state.records:
            raise Stopped(Stop.FAILED, _unknown(old))
        if not _ADDRESS.fullmatch(new):
            hint = "use 1 to 64 of a-z and 0-9, and single hyphens between them"
            raise Stopped(Stop.FAILED, error(f"`{new}` is no address.", hint=hint))
        if new in state.records:
            taken = error(f"`{new}` is recorded already, as {state.records[new].id}.", hint="choose another address")
            raise Stopped(Stop.FAILED, taken)
        if any(one.address in {old, new} for one in state.intents):
            pending = f"What became of an interrupted apply of `{old}` or `{new}` is not settled yet."
            raise Stopped(Stop.FAILED, error(pending, hint="run `reconciler apply` first"))
        moved.append(replace(state.records[old], address=new))
        records = {address: record for address, record in state.records.items() if address != old} | {new: moved[0]}
        left = tuple(replace(one, address=new) if one.address == old else one for one in state.superseded)
        return replace(state, records=records, superseded=left)

    _change(where, "state mv", change, lock_seconds)
    return moved[0]


def pull(where: Where) -> bytes:
    """Return the stored state as a document. Raises `Stopped` when there is none."""
    state = load_state(where)
    if state is None:
        raise Stopped(Stop.FAILED, error("There is no state yet.", hint="the first apply makes one"))
    return Encoder().encode(state)


def push(where: Where, data: bytes, source: str, lock_seconds: float, *, force: bool) -> State:
    """Store the state document `data` of `source` in place of the stored one, and return it with its new serial.

    Without `force` it must be of the same lineage and organisation, not older, and not forget an interrupted apply.
    Raises `Stopped`.
    """
    try:
        given = decode(data, source)
    except StateError as broken:
        raise stopped(broken) from None
    pushed: list[State] = []

    def change(state: State | None) -> State:
        if state is not None and not force and (problems := list(_unlike(state, given))):
            raise Stopped(Stop.STALE, *problems)
        serial = max(given.serial, state.serial if state else 0)
        pushed.append(replace(given, serial=serial))
        return pushed[0]

    _change(where, "state push", change, lock_seconds)
    return replace(pushed[0], serial=pushed[0].serial + 1)


def _unlike(stored: State, given: State) -> list[Diagnostic]:
    """Say in what `given` is not a later version of `stored`."""
    hint = "pull the stored one and change that; --force stores yours all the same"
    pairs = (
        ("lineage", given.lineage, stored.lineage, given.lineage == stored.lineage),
        ("organisation", given.organisation_id, stored.organisation_id, given.organisation_id == stored.organisation_id),
        ("serial", given.serial, stored.serial, given.serial >= stored.serial),
    )
    problems = [
        error(f"The {what} does not fit.", detail=f"Yours: {ours}. Stored: {theirs}.", hint=hint)
        for what, ours, theirs, fits in pairs
        if not fits
    ]
    if lost := sorted({one.address for one in stored.intents if one not in given.intents}):
        unsettled = (
            f"An interrupted apply of {', '.join(f'`{one}`' for one in lost)} is not settled, and yours does not know it."
        )
        problems.append(error(unsettled, hint="run `reconciler apply` first, then pull again"))
    return problems


def _change(where: Where, operation: str, change: Change, lock_seconds: float) -> None:
    """Load, change and store the state under its lock."""

    async def work() -> None:
        keeper = backend(settings(where))
        try:
            async with locked(keeper, operation, where, lock_seconds):
                state, version = await keeper.load()
                changed = change(state)
                await keeper.store(replace(changed, serial=changed.serial + 1), version)
        except StateError as broken:
            raise stopped(broken) from None

    run(work)


def read_document(source: Path | None, standard_input: Callable[[], bytes]) -> tuple[bytes, str]:
    """Return the bytes of a file, or of standard input for None, and what to call them. Raises `Stopped`."""
    if source is None:
        return standard_input(), "The state of standard input"
    try:
        return source.read_bytes(), f"The state {source}"
    except OSError as broken:
        raise Stopped(
            Stop.FAILED, error(f"{source} cannot be read: {broken.strerror}.", hint="name a file of `state pull`")
        ) from None


def _protected(record: Record) -> Diagnostic:
    return error(
        f"`{record.address}` is protected: it is only forgotten once its address is given again.",
        detail="Without its record nothing here protects it any more.",
        hint=f"--confirm {record.address}",
        address=record.address,
    )


def _unknown(address: str) -> Diagnostic:
    return error(f"There is no record of `{address}`.", hint="`reconciler state list` shows the addresses", address=address)
