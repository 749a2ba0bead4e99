"""(desired, recorded, live) to a `Plan`: pure, and the only place that decides what happens to a connection.

`settle` comes first and tells from Infisical what became of an interrupted apply; `decide` holds the two decision tables;
`compare` holds a saved plan against one decided again; `digest` and `file` are what a plan is known by and kept as.
"""

from reconciler.planning.compare import Mismatch, compare, select
from reconciler.planning.credentials import Verdict, judge
from reconciler.planning.decide import Situation, decide
from reconciler.planning.digest import decides_something, digest
from reconciler.planning.file import PlanFileError, decode, encode, is_plan
from reconciler.planning.guards import Allowed, guarded
from reconciler.planning.plan import Action, Attributes, Change, Drift, Guarded, GuardedWhat, Kept, KeptWhy, Plan
from reconciler.planning.selecting import Requirement, Selection, matching, narrowed, parse_selector, selected
from reconciler.planning.settle import Settled, as_created, is_ours, settle, too_many_missing, unlisted

__all__ = [
    "Action",
    "Allowed",
    "Attributes",
    "Change",
    "Drift",
    "Guarded",
    "GuardedWhat",
    "Kept",
    "KeptWhy",
    "Mismatch",
    "Plan",
    "PlanFileError",
    "Requirement",
    "Selection",
    "Settled",
    "Situation",
    "Verdict",
    "as_created",
    "compare",
    "decide",
    "decides_something",
    "decode",
    "digest",
    "encode",
    "guarded",
    "is_ours",
    "is_plan",
    "judge",
    "matching",
    "narrowed",
    "parse_selector",
    "select",
    "selected",
    "settle",
    "too_many_missing",
    "unlisted",
]
