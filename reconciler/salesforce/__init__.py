"""The Salesforce half of a connection: its log-in checked and explained, its External Client App as metadata.

Infisical hides why Salesforce refuses a log-in. So the same log-in is tried from here, once, and what Salesforce says is turned
into the step of the set-up that is to be repaired.
"""

from reconciler.salesforce.causes import CAUSES, Cause
from reconciler.salesforce.checking import OrgLogin, check_org_login, reach_org, try_org_login
from reconciler.salesforce.project import Retrieved, Unreadable, compare_apps, holds_a_key, project_files, read_component

__all__ = [
    "CAUSES",
    "Cause",
    "OrgLogin",
    "Retrieved",
    "Unreadable",
    "check_org_login",
    "compare_apps",
    "holds_a_key",
    "project_files",
    "reach_org",
    "read_component",
    "try_org_login",
]
