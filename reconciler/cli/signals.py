"""What SIGINT (Ctrl-C) and SIGTERM do to a command. No other module installs a handler.

A command that only reads has no handlers: SIGINT ends it with Python's KeyboardInterrupt, SIGTERM ends it at once. A command
that writes or serves takes the signals with `handle_signals`, and ends itself in good order.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.cli import exits, output
from reconciler.operations.interruption import Interruption

_ENDING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def handle_signals() -> Iterator[Interruption]:
    """Turn every signal into an `Interruption` until the block ends.

    If the block ends well, everything is stored and only the exit code is left to give: from then on signals are ignored. If it
    raises, signals do again what they did before the block.

    The interpreter writes a signal's number into the interruption the moment it arrives, before any Python code runs. Whoever
    is about to wait for it, in the event loop or in `select`, therefore cannot miss it.
    """
    with Interruption() as interruption:
        afterwards = {number: signal.signal(number, lambda *_: None) for number in _ENDING}
        other_fd = signal.set_wakeup_fd(interruption.wakeup_fd, warn_on_full_buffer=False)
        try:
            yield interruption
            afterwards = dict.fromkeys(_ENDING, signal.SIG_IGN)
        finally:
            for number, handler in afterwards.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(other_fd)


def end_interrupted() -> int:
    """Say that Ctrl-C ended a command that writes nothing, and return its exit code."""
    output.say("\nInterrupted. Nothing was written.\n", err=True)
    return exits.SIGNAL + signal.SIGINT


def end_broken_pipe() -> int:
    """Return the exit code of a command whose reader went away. It is the same as if SIGPIPE had ended the command."""
    return exits.SIGNAL + signal.SIGPIPE
