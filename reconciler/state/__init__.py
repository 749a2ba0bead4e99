"""Keeps the state, which records what was last applied: its format, its lock and the places that can hold it.

A place is a `Backend`: it loads the state, stores it, and holds a lock. A plan only loads. Only commands that change the state
take the lock and store.
"""

from reconciler.state.backend import Backend, Conflict, Locked, LockInfo, StateError, Version
from reconciler.state.format import Encoder, decode_state
from reconciler.state.local import LocalBackend

__all__ = [
    "Backend",
    "Conflict",
    "Encoder",
    "LocalBackend",
    "LockInfo",
    "Locked",
    "StateError",
    "Version",
    "decode_state",
]
