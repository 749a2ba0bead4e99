"""What was last applied, kept safe: the format, the lock and the backends.

A backend is `load`, `store` and `locked`. Plans load; only an apply and `state rm` lock and store.
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
