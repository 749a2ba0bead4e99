"""A problem as a value: its place, its cause and the next step. Problems are collected and shown together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.errors import ReconcilerError
from reconciler.model.source import Excerpt, Source


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file. `line` and `column` count from 1, `column` in characters. `source` can quote the line."""

    file: str
    line: int
    column: int
    source: Source | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def excerpt(self) -> Excerpt | None:
        """The part of the line that may be shown."""
        return self.source.excerpt(self.line, self.column) if self.source else None


@dataclass(frozen=True, slots=True)
class Written:
    """A text and where it is written."""

    text: str
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. `summary` says the cause in one sentence, `detail` says more, `hint` says the next step.

    No field ever contains a secret value: a diagnostic names the reference to a value, not the value.
    """

    severity: Severity
    summary: str
    detail: str = ""
    location: Location | None = None
    hint: str = ""
    address: str = ""


def error(summary: str, *, detail: str = "", location: Location | None = None, hint: str = "", address: str = "") -> Diagnostic:
    """Return a `Diagnostic` that stops the run."""
    return Diagnostic(Severity.ERROR, summary, detail, location, hint, address)


def warning(
    summary: str, *, detail: str = "", location: Location | None = None, hint: str = "", address: str = ""
) -> Diagnostic:
    """Return a `Diagnostic` that does not stop the run."""
    return Diagnostic(Severity.WARNING, summary, detail, location, hint, address)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any of `diagnostics` is an error."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


class Stop(StrEnum):
    """Why a run ends before it does anything. Each reason has its own exit code."""

    FAILED = "failed"
    INVALID = "invalid"
    REFUSED = "refused"
    STALE = "stale"
    LOCKED = "locked"


class Stopped(ReconcilerError):
    """Ends a run before anything is written.

    `diagnostics` has everything that is wrong, and `reason` says what kind of stop it is. As an error it reads like the first
    diagnostic that is an error.
    """

    def __init__(self, reason: Stop, *diagnostics: Diagnostic) -> None:
        first = next((each for each in diagnostics if each.severity is Severity.ERROR), None)
        super().__init__(first.summary if first else reason.value, first.hint if first else "")
        self.reason = reason
        self.diagnostics = diagnostics
