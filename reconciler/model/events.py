"""What happens during a run, as values. Operations emit them, and the command line shows them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.action import Action
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.reason import Reason


@dataclass(frozen=True, slots=True)
class ChangeStarted:
    """A change is about to be written."""

    address: str
    action: Action


@dataclass(frozen=True, slots=True)
class ChangeFinished:
    """A change is done. `seconds` is how long it took. `id` is that of the connection in Infisical; a delete ends it."""

    address: str
    action: Action
    seconds: float
    id: str


@dataclass(frozen=True, slots=True)
class ChangeFailed:
    """A change failed. `partly`: part of it is done. `unknown`: nobody can tell whether it is done; the next run looks."""

    address: str
    action: Action
    seconds: float
    diagnostic: Diagnostic
    unknown: bool = False
    partly: bool = False


@dataclass(frozen=True, slots=True)
class ChangeNotTried:
    """A change was not tried: the run was stopped, or a change that it waits for was not done."""

    address: str
    action: Action
    reason: Reason


@dataclass(frozen=True, slots=True)
class Noted:
    """A warning that is not about a change, from the check before the first write."""

    diagnostic: Diagnostic


class WaitReason(StrEnum):
    """What a run waits for."""

    RATE_LIMIT = "rate-limit"
    """Infisical limits how many requests it takes. No request is sent until the wait is over."""
    FAILED_REQUEST = "failed-request"
    """Infisical failed to answer a request, which is sent again after the wait."""
    STATE_LOCK = "state-lock"
    """Another run holds the lock of the state. The wait ends earlier once that run releases it."""


WORTH_TELLING_SECONDS = 2.0
"""A wait of this length or a shorter one is not reported: it is over before anybody wonders."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The run waits before it goes on.

    `seconds` is how long the wait lasts from now, `until` the time when it ends. `status` is the HTTP status that made it
    necessary, 0 when there was no answer. `cause` is a sentence that names what went wrong or who holds the lock; it is "" when
    `status` says it all.
    """

    reason: WaitReason
    seconds: float
    until: datetime
    status: int = 0
    cause: str = ""


ApplyEvent = Noted | Waiting | ChangeStarted | ChangeFinished | ChangeFailed | ChangeNotTried


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of each change. `problem` is set if the state could not be stored."""

    done: tuple[ChangeFinished, ...] = ()
    failed: tuple[ChangeFailed, ...] = ()
    not_tried: tuple[ChangeNotTried, ...] = ()
    problem: Diagnostic | None = None

    @property
    def complete(self) -> bool:
        """Whether every change is done and stored."""
        return not (self.failed or self.not_tried or self.problem)

    @property
    def wrote(self) -> bool:
        """Whether the run wrote something, or may have written something."""
        return bool(self.done) or any(failure.unknown or failure.partly for failure in self.failed)
