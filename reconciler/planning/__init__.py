"""(desired, recorded, live) to a `Plan`: pure, and the only place that decides what happens to a connection.

- `settle` comes first: it finds out from Infisical what became of an interrupted apply.
- `decide` and `credentials` are the two decision tables. They know no kind of resource by name: see `kind`.
- `compare` compares a saved plan with one that was decided again.
- `digest` is what a plan is known by, and `file` is how it is saved.
"""

from reconciler.planning.compare import Mismatch, compare, explain, select
from reconciler.planning.credentials import judge_credentials
from reconciler.planning.decide import Decisions, decide
from reconciler.planning.differ import Difference, differences
from reconciler.planning.digest import decides_something, digest
from reconciler.planning.drift import Drifted
from reconciler.planning.file import PlanFileError, decode, encode, is_plan
from reconciler.planning.guards import Allowed, apply_guards
from reconciler.planning.kind import Attributes, Kind
from reconciler.planning.plan import (
    Basis,
    Change,
    Choices,
    Drift,
    Guarded,
    GuardedWhat,
    Kept,
    KeptWhy,
    Part,
    Plan,
    Target,
)
from reconciler.planning.salesforce_connection import SALESFORCE_CONNECTION, situation_of, wanted
from reconciler.planning.selecting import Requirement, Selection, matching, narrow, parse_selector, select_addresses
from reconciler.planning.settle import Settled, as_created, is_ours, missing_ids, settle, too_many_missing
from reconciler.planning.situation import Settlement, Situation

__all__ = [
    "SALESFORCE_CONNECTION",
    "Allowed",
    "Attributes",
    "Basis",
    "Change",
    "Choices",
    "Decisions",
    "Difference",
    "Drift",
    "Drifted",
    "Guarded",
    "GuardedWhat",
    "Kept",
    "KeptWhy",
    "Kind",
    "Mismatch",
    "Part",
    "Plan",
    "PlanFileError",
    "Requirement",
    "Selection",
    "Settled",
    "Settlement",
    "Situation",
    "Target",
    "apply_guards",
    "as_created",
    "compare",
    "decide",
    "decides_something",
    "decode",
    "differences",
    "digest",
    "encode",
    "explain",
    "is_ours",
    "is_plan",
    "judge_credentials",
    "matching",
    "missing_ids",
    "narrow",
    "parse_selector",
    "select",
    "select_addresses",
    "settle",
    "situation_of",
    "too_many_missing",
    "wanted",
]
