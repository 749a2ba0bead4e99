"""The page of what Salesforce says when it refuses a log-in."""

from generating.markdown import code, page, table
from reconciler.salesforce import CAUSES, Step

_INTRODUCTION = """
What `reconciler salesforce check` and an apply call a log-in that fails, by what Salesforce says. **Stops** marks what is the
same wherever it is asked from: with `salesforce.preflight: block` it stops an apply before its first write. Salesforce's words
are known from its documentation and from what others saw; where it is not certain what they mean, the message says so.
"""


def refusals() -> str:
    """Return the page."""
    rows = [
        (code(cause.name), cause.title, "stops" if cause.blocks else "", cause.meaning, cause.step.path)
        for cause in CAUSES.values()
    ]
    others = [
        ("`host`", "it is no My Domain", "stops"),
        ("`dns`", "its host does not resolve", ""),
        ("`tls`", "TLS to Salesforce does not come about", ""),
        ("`unreachable`", "Salesforce cannot be reached", ""),
        ("`no-answer`", "Salesforce does not answer", ""),
        ("`instance_url`", "the org calls itself otherwise", ""),
        ("`scope`", "the scope `api` is missing", ""),
    ]
    return page(
        "Refused log-ins",
        _INTRODUCTION,
        table(("name", "what", "stops", "it means", "where it is mended"), rows),
        "## Before and behind the log-in",
        table(("name", "what", "stops"), others),
        "## The steps of the set-up",
        table(("step", "where"), [(step.value, step.path) for step in Step]),
    )
