"""The version of each format that `--format json` prints, by the name of its schema.

A new minor version only adds keys. A new major version can change anything.
"""

from collections.abc import Mapping
from types import MappingProxyType

PLAN = "plan-report"
APPLY = "apply-events"
VALIDATION = "validate-report"
DRIFT = "drift-report"
EXPORT = "export-report"
LOGIN = "login-report"
SALESFORCE_CHECK = "salesforce-check-report"
METADATA = "salesforce-metadata-report"
METADATA_COMPARISON = "salesforce-metadata-check-report"
STATE_LIST = "state-list-report"
STATE_SHOW = "state-show-report"
STATE_RM = "state-rm-report"
STATE_MV = "state-mv-report"
STATE_PUSH = "state-push-report"
VERSION_REPORT = "version-report"
STOPPED = "stopped-report"

VERSIONS: Mapping[str, str] = MappingProxyType(
    {
        PLAN: "1.2",
        APPLY: "1.2",
        VALIDATION: "1.0",
        DRIFT: "1.0",
        EXPORT: "1.0",
        LOGIN: "1.0",
        SALESFORCE_CHECK: "1.0",
        METADATA: "1.0",
        METADATA_COMPARISON: "1.0",
        STATE_LIST: "1.0",
        STATE_SHOW: "1.0",
        STATE_RM: "1.0",
        STATE_MV: "1.0",
        STATE_PUSH: "1.0",
        VERSION_REPORT: "1.0",
        STOPPED: "1.0",
    }
)
"""Plans and applies have the versions of Terraform's formats, the others their own."""

TERRAFORM_VERSION = "1.11.4"
"""The release of Terraform whose formats plans and applies have. No Terraform is used."""
