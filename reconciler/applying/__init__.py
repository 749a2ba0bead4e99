"""Carries out a plan.

It stores what it is about to write before the first write, stores outcomes as they come, and looks up what became of a write
whose answer was lost.
"""

from reconciler.applying.execute import WRITES_IN_FLIGHT, Explain, execute
from reconciler.applying.journal import Journal

__all__ = ["WRITES_IN_FLIGHT", "Explain", "Journal", "execute"]
