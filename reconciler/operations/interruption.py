"""Asks a run to end early. An operation waits for it. The caller decides who asks, and why."""

import signal
import socket
from contextlib import suppress
from types import TracebackType
from typing import Self

import anyio


class Interruption:
    """Asks a run to end early, with the number of the signal that its exit code names.

    A task, another thread and a signal handler may all ask. Asking again changes nothing except `repeated`. Close it after the
    run: use it in a `with` statement.

    Each time somebody asks, a socket gets one byte, and nobody ever reads it out. So everyone who waits for the socket to
    become readable wakes, even if somebody asked before they began to wait.
    """

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        self._receiver.close()
        self._sender.close()

    def ask(self, number: int = signal.SIGTERM) -> None:
        """Ask the run to end, as the signal with this number does."""
        with suppress(BlockingIOError):  # it is full of earlier ones
            self._sender.send(bytes([number]))

    @property
    def number(self) -> int | None:
        """The number of the first signal, None as long as nobody asked."""
        numbers = self._numbers()
        return numbers[0] if numbers else None

    @property
    def repeated(self) -> bool:
        """Whether somebody asked more than once."""
        return len(self._numbers()) > 1

    async def wait(self) -> None:
        """Return once somebody asks. One task at a time can wait."""
        await anyio.wait_readable(self._receiver)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable once somebody asks: `select` takes an `Interruption` as it is."""
        return self._receiver.fileno()

    @property
    def wakeup_fd(self) -> int:
        """The descriptor for `signal.set_wakeup_fd`: the interpreter then asks by itself, with the number of each signal."""
        return self._sender.fileno()

    def _numbers(self) -> bytes:
        with suppress(BlockingIOError):
            return self._receiver.recv(2, socket.MSG_PEEK)
        return b""
