"""The state during an apply. One object owns it: it stores it before the first write, then at most every second or hundred
changes, and at the end.
"""

from collections.abc import Iterable
from dataclasses import replace

import anyio

from reconciler.model import Intent, Record, State, Superseded, Verb
from reconciler.state import Backend, Version

_EVERY_SECONDS = 1.0
_EVERY_CHANGES = 100


class Journal:
    """Keeps a state in memory and stores it. Call its methods from the one event loop that applies."""

    def __init__(self, backend: Backend, state: State, version: Version) -> None:
        self._backend = backend
        self._version = version
        self._base = state
        self._records = dict(state.records)
        self._superseded = {item.id: item for item in state.superseded}
        self._inherited = {_key(intent): intent for intent in state.intents}
        self._intents = dict(self._inherited)
        self._unstored = 0
        self._many = anyio.Event()
        self._storing = anyio.Lock()

    @property
    def state(self) -> State:
        """The state as it is now, stored or not."""
        return replace(
            self._base,
            records=dict(self._records),
            superseded=tuple(self._superseded.values()),
            intents=tuple(self._intents.values()),
        )

    def record(self, address: str) -> Record | None:
        """Return what is recorded of an address."""
        return self._records.get(address)

    async def intend(self, intents: Iterable[Intent]) -> None:
        """Store that these writes are about to be sent. Raises `StateError`: then do not send any of them."""
        for intent in intents:
            self._intents[_key(intent)] = intent
        self._unstored += 1
        await self.store()

    def finish(self, intent: Intent) -> None:
        """Note that a write is done."""
        self._intents.pop(_key(intent), None)
        self._inherited.pop(_key(intent), None)
        self._changed()

    def withdraw(self, intent: Intent) -> None:
        """Note that a write was not carried out: it was refused, or never sent.

        An intent that an earlier run left behind stays, because that run may have sent it.
        """
        key = _key(intent)
        if key in self._inherited:
            self._intents[key] = self._inherited[key]
        else:
            self._intents.pop(key, None)
        self._changed()

    def put(self, record: Record, previous_address: str = "") -> None:
        """Note what an address now has, and that `previous_address` has nothing any more."""
        if previous_address:
            self._records.pop(previous_address, None)
        self._records[record.address] = record
        self._changed()

    def supersede(self, old: Record) -> None:
        """Note that a connection is replaced and is still to be deleted."""
        self._superseded[old.id] = Superseded(old.address, old.id, old.scope, old.name)
        self._changed()

    def drop(self, address: str, connection_id: str) -> None:
        """Note that a connection is gone, or no longer ours."""
        self._superseded.pop(connection_id, None)
        record = self._records.get(address)
        if record is not None and record.id == connection_id:
            del self._records[address]
        self._changed()

    async def store(self) -> None:
        """Store what is not stored yet. Raises `StateError`."""
        async with self._storing:
            if not self._unstored:
                return
            self._unstored = 0
            self._many = anyio.Event()
            try:
                state = replace(self.state, serial=self._base.serial + 1)
                self._version = await self._backend.store(state, self._version)
            except BaseException:
                self._unstored += 1
                raise
            self._base = replace(self._base, serial=state.serial)

    async def keep_storing(self) -> None:
        """Store every second or hundred changes until cancelled. Raises `StateError`."""
        while True:
            with anyio.move_on_after(_EVERY_SECONDS):
                await self._many.wait()
            await self.store()

    def _changed(self) -> None:
        self._unstored += 1
        if self._unstored >= _EVERY_CHANGES:
            self._many.set()


def _key(intent: Intent) -> tuple[object, ...]:
    """Return what an intent is about: the name that a create takes at its address, else the connection, at whatever address."""
    if intent.verb is Verb.CREATE and intent.record is not None:
        return (intent.verb, intent.address, intent.record.scope, intent.record.name)
    return (intent.verb, intent.connection_id)
