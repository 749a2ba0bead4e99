"""What every format can show."""

from collections.abc import Sequence
from typing import Protocol

from reconciler.model import ApplyEvent, Diagnostic, Outcome
from reconciler.planning import Plan


class Report(Protocol):
    """Turns values into text of one format. Each method returns whole lines, or "" for nothing to show."""

    def plan(self, plan: Plan) -> str:
        """Return a plan, its diagnostics included."""

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return diagnostics on their own."""

    def validation(self, diagnostics: Sequence[Diagnostic], *, files: int = 0, connections: int = 0, apps: int = 0) -> str:
        """Return whether the files are valid; `diagnostics` are all that is wrong with them."""

    def event(self, event: ApplyEvent) -> str:
        """Return one thing that happened during an apply."""

    def outcome(self, plan: Plan, outcome: Outcome) -> str:
        """Return how an apply ended."""
