"""Reads the file of simulated Salesforce orgs for the embedded Infisical."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler import documents, schemas
from reconciler.documents import Document
from reconciler.embedded import SimulatedApp, SimulatedOrg, SimulatedUser
from reconciler.model import Diagnostic, Stop, Stopped, error, has_errors


def read_orgs(path: Path | None) -> tuple[SimulatedOrg, ...]:
    """Return the orgs in a file of kind SimulatedSalesforceOrgs, none if `path` is None. Raises `Stopped` (INVALID)."""
    if path is None:
        return ()
    try:
        data = path.read_bytes()
    except OSError as broken:
        unreadable = error(
            f"The file of simulated orgs {path} cannot be read: {broken.strerror}.", hint="correct embedded.salesforceOrgs"
        )
        raise Stopped(Stop.INVALID, unreadable) from None
    contents = list(documents.read_documents(str(path), data, documents.Schema(schemas.load("simulated-salesforce-orgs"))))
    problems = [item for item in contents if isinstance(item, Diagnostic)]
    if has_errors(problems):
        raise Stopped(Stop.INVALID, *problems)
    return tuple(_org(value) for item in contents if isinstance(item, Document) for value in item.value["orgs"])


def _org(value: Mapping[str, Any]) -> SimulatedOrg:
    return SimulatedOrg(
        host=value["host"],
        apps=tuple(_app(app) for app in value.get("apps", ())),
        fault=value.get("fault"),
        delay_ms=value.get("delayMs", 0),
        users=tuple(
            SimulatedUser(user["username"], user.get("email", ""), user.get("active", True)) for user in value.get("users", ())
        ),
        instance_url=value.get("instanceUrl", ""),
    )


def _app(value: Mapping[str, Any]) -> SimulatedApp:
    return SimulatedApp(
        consumer_key=value["consumerKey"],
        consumer_secret=value["consumerSecret"],
        run_as=value.get("runAs", "integration@example.com"),
        scopes=tuple(value.get("scopes", ("api",))),
        fault=value.get("fault"),
        token_type=value.get("tokenType", "Bearer"),
        flow_in_settings=value.get("flowInSettings", True),
        flow_in_policies=value.get("flowInPolicies", True),
        approved=value.get("approved", True),
        known_after_ms=value.get("knownAfterMs", 0),
    )
