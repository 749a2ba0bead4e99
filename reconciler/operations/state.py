"""`state list|show|rm`: what was last applied, and how to forget it."""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model import Diagnostic, Record, State, Stop, Stopped, error
from reconciler.operations.running import run
from reconciler.operations.stack import Where, backend, lock_info, settings, stopped
from reconciler.state import StateError


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


def forget(where: Where, addresses: Sequence[str], lock_seconds: float) -> tuple[Record, ...]:
    """Remove records and leave the connections in Infisical alone; return what was removed. Raises `Stopped`."""
    return run(_forget, where, addresses, lock_seconds)


async def _forget(where: Where, addresses: Sequence[str], lock_seconds: float) -> tuple[Record, ...]:
    keeper = backend(settings(where))
    try:
        async with keeper.locked(lock_info("state rm", where.environ), lock_seconds):
            state, version = await keeper.load()
            unknown = [address for address in addresses if state is None or address not in state.records]
            if state is None or unknown:
                raise Stopped(Stop.FAILED, *(_unknown(address) for address in unknown or addresses))
            removed = tuple(state.records[address] for address in dict.fromkeys(addresses))
            kept = {address: record for address, record in state.records.items() if address not in addresses}
            ids = {record.id for record in removed}
            intents = tuple(one for one in state.intents if one.address not in addresses and one.connection_id not in ids)
            await keeper.store(replace(state, serial=state.serial + 1, records=kept, intents=intents), version)
            return removed
    except StateError as broken:
        raise stopped(broken) from None


def _unknown(address: str) -> Diagnostic:
    return error(f"There is no record of `{address}`.", hint="`reconciler state list` shows the addresses", address=address)
