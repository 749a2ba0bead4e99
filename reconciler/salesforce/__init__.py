"""The Salesforce half of a connection: checks and explains its log-in, and writes its External Client App as metadata.

Infisical hides why Salesforce refuses a log-in. So reconciler tries the same log-in once itself, and turns Salesforce's answer
into the step of the set-up to repair.
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
