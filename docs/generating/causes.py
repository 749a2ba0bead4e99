"""Makes the page of the answers with which Salesforce refuses a log-in."""

from generating.markdown import code, page, table
from reconciler.model import SetupStep
from reconciler.salesforce import CAUSES

_INTRODUCTION = """
If Salesforce refuses a log-in, `reconciler salesforce check` and `reconciler apply` name the cause. This page lists all causes.

A cause marked **stops** does not depend on the network. With `salesforce.preflight: block`, the default, it stops an apply
before its first write. The other causes can depend on the time or on the machine that logs in. For them, `apply` only warns.

We know the answers of Salesforce from its documentation and from public reports. If we are not sure what an answer means, the
message says so.
"""


def refusals() -> str:
    """Return the page."""
    rows = [
        (code(cause.name), cause.title, "stops" if cause.blocks else "", cause.meaning, cause.step.path)
        for cause in CAUSES.values()
    ]
    others = [
        ("`host`", "the host is not a Salesforce My Domain", "stops"),
        ("`dns`", "the name of the host does not resolve", ""),
        ("`tls`", "the TLS connection to Salesforce fails", ""),
        ("`unreachable`", "the connection to Salesforce fails", ""),
        ("`no-answer`", "Salesforce does not answer", ""),
        ("`instance_url`", "the org answers with another `instance_url` than the manifest's", ""),
        ("`scope`", "the access token lacks the scope `api`", ""),
    ]
    return page(
        "Refused log-ins",
        _INTRODUCTION,
        table(("name", "what", "stops", "meaning", "where to repair it"), rows),
        "## Before and after the log-in",
        "reconciler makes these checks before and after the log-in.",
        table(("name", "what", "stops"), others),
        "## The steps of the set-up",
        "Each cause belongs to one step of the set-up in Salesforce. The message names the place where you repair it.",
        table(("step", "where"), [(step.value, step.path) for step in SetupStep]),
    )
