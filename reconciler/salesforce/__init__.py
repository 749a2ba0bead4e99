"""The Salesforce half of a connection: its log-in checked and explained, its External Client App as metadata.

Infisical hides why Salesforce refuses a log-in. So the same log-in is tried from here, once, and what Salesforce says is turned
into the step of the set-up that is to be repaired.
"""

from reconciler.salesforce.causes import CAUSES, Cause
from reconciler.salesforce.checking import Checked, OrgLogin, Part, Problem, Verdict, check, log_in, reach
from reconciler.salesforce.project import Difference, Retrieved, Unreadable, compare, holds_a_key, read, write
from reconciler.salesforce.setup import Step

__all__ = [
    "CAUSES",
    "Cause",
    "Checked",
    "Difference",
    "OrgLogin",
    "Part",
    "Problem",
    "Retrieved",
    "Step",
    "Unreadable",
    "Verdict",
    "check",
    "compare",
    "holds_a_key",
    "log_in",
    "reach",
    "read",
    "write",
]
