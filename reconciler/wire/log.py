"""Logs each request and how it went, as one line of JSON for a support case. The log never contains a secret."""

import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reconciler.model import Secret
from reconciler.wire.errors import NotSent
from reconciler.wire.words import printable, repeats

_SHOWN = frozenset({"projectId", "environment"})
_LIMITS = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@dataclass(frozen=True, slots=True)
class Call:
    """One try of one request.

    `attempt` counts from 1. If no answer came, `status` is None and `error` is the kind of failure. `seconds` is the time from
    sending to the last byte of the answer. `sent` and `received` are the sizes of the decoded bodies in bytes. `repeated` says
    that another try follows.
    """

    method: str
    path: str
    query: Mapping[str, str]
    attempt: int
    status: int | None
    error: str
    seconds: float
    request_id: str
    sent: int
    received: int
    headers: Mapping[str, str]
    repeated: bool


class HttpLog:
    """A file of JSON lines that only its owner can read (0600). New lines are appended.

    Each line is one write, so a run that is killed leaves whole lines. Close it with `close`, or use it as a context manager.
    """

    def __init__(self, path: str | Path) -> None:
        """Open `path`. Raises `NotSent` if it cannot be written. No request was sent then."""
        self._path = path
        self.failure = ""
        """Why the log could not be written any more, as a sentence for a warning. "" while it works."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self._file = os.open(path, flags, 0o600)
        except (OSError, ValueError) as refused:
            raise self._unusable(refused) from None
        try:
            if stat.S_ISREG(os.fstat(self._file).st_mode):
                os.fchmod(self._file, 0o600)
        except OSError as refused:
            os.close(self._file)
            raise self._unusable(refused) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Later calls of `note` do nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def note(self, call: Call, secrets: Sequence[Secret]) -> None:
        """Append one line. If it would repeat one of `secrets`, it is written without the texts of the path and the server.

        It never raises: a log that breaks does not stop a run. `failure` then says why.
        """
        if self._file < 0 or self.failure:
            return
        fields = _fields(call)
        line = _line(fields)
        if repeats(line, secrets):
            line = _line({**fields, "path": "(withheld)", "query": {}, "requestId": "", "rateLimit": {}})
        try:
            written = os.write(self._file, line.encode())
        except OSError as refused:
            self.failure = f"The HTTP log {self._name} is not complete: {refused.strerror}."
        else:
            if written < len(line):
                self.failure = f"The HTTP log {self._name} is not complete, its last line is cut: the disk may be full."

    @property
    def _name(self) -> str:
        return printable(str(self._path))

    def _unusable(self, refused: OSError | ValueError) -> NotSent:
        why = getattr(refused, "strerror", None) or "no such path"
        return NotSent(f"The HTTP log {self._name} cannot be written: {why}.", "correct --log-http, or leave it out")


def _fields(call: Call) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "time": now,
        "method": call.method,
        "path": call.path,
        "query": {key: value if key in _SHOWN else None for key, value in call.query.items()},
        "attempt": call.attempt,
        "status": call.status,
        "error": call.error or None,
        "ms": round(call.seconds * 1000, 1),
        "requestId": call.request_id,
        "sent": call.sent,
        "received": call.received,
        "rateLimit": {name: printable(call.headers[name], 40) for name in _LIMITS if name in call.headers},
        "repeated": call.repeated,
    }


def _line(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":")) + "\n"
