"""The three answers to a question about the tree or about Git: *there*, *not there*, and *cannot be told*.

Two of them are values, and `Answer` names the pair. The third one is an exception, so that a caller who forgets it ends the
run. Whoever took it for *not there* would take an unreadable file for a deleted one.
"""

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from reconciler.model import ReconcilerError

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class There(Generic[Value]):
    """It is there, and this is its value."""

    value: Value


@dataclass(frozen=True, slots=True)
class NotThere:
    """It is certain that there is no such thing."""


class CannotTell(ReconcilerError):
    """Nobody here can tell whether it is there. The message says why, and `hint` what to do."""


Answer: TypeAlias = There[Value] | NotThere
"""What a question returns that raises `CannotTell` if it has no answer."""

NOT_THERE = NotThere()
