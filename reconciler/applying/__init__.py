"""Carries out a plan: intents are stored before the first write, outcomes as they come, and what got lost is looked up."""

from reconciler.applying.execute import WRITES_IN_FLIGHT, Explain, execute
from reconciler.applying.journal import Journal

__all__ = ["WRITES_IN_FLIGHT", "Explain", "Journal", "execute"]
