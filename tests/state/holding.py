"""Other processes: `python -m tests.state.holding VERB PATH` holds a lock, stores without end, or runs out of room."""

import os
import resource
import sys
from pathlib import Path

import anyio

from reconciler.state import LocalBackend, LockInfo, StateError
from tests.state.values import a_state


async def hold(path: Path) -> None:
    """Hold the lock until killed; say when it is held."""
    async with LocalBackend(path).hold_lock(LockInfo("apply", "somebody@elsewhere", "2026-11-01T10:00:00+00:00", "run 5"), 0):
        print("held", flush=True)  # noqa: T201
        await anyio.sleep_forever()


async def store(path: Path) -> None:
    """Store one state after the other until killed, each of another size."""
    backend = LocalBackend(path)
    loaded, version = await backend.load()
    serial = loaded.serial if loaded else 0
    print("storing", flush=True)  # noqa: T201
    while True:
        serial += 1
        version = await backend.store(a_state(count=1 + serial * 37 % 200, serial=serial), version)


async def fill(path: Path) -> None:
    """Store what does not fit, and tell what comes of it."""
    backend = LocalBackend(path)
    state, version = await backend.load()
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    try:
        await backend.store(a_state(count=500, serial=99), version)
    except StateError as full:
        print(f"{type(full).__name__}: {full} {full.hint}")  # noqa: T201
    again, same = await backend.load()
    print("intact" if (again, same) == (state, version) else "changed", sorted(os.listdir(path.parent)))  # noqa: PTH208, T201


if __name__ == "__main__":
    anyio.run({"hold": hold, "store": store, "fill": fill}[sys.argv[1]], Path(sys.argv[2]))
