"""Simulated Salesforce orgs, so that log-ins can be tried without an account or a network.

An org's answer is one async function. The embedded Infisical calls it in process, and `salesforce_app` serves it over
HTTP. Nothing in here knows the embedded Infisical.
"""

from reconciler.embedded.salesforce.answers import HungUp, SalesforceAnswer, UnknownHost, ask_salesforce, ask_versions
from reconciler.embedded.salesforce.app import salesforce_app
from reconciler.embedded.salesforce.orgs import SimulatedApp, SimulatedOrg, SimulatedUser
from reconciler.embedded.salesforce.refusals import BROKEN_ANSWERS, TOKEN_REFUSALS, TokenRefusal

__all__ = [
    "BROKEN_ANSWERS",
    "TOKEN_REFUSALS",
    "HungUp",
    "SalesforceAnswer",
    "SimulatedApp",
    "SimulatedOrg",
    "SimulatedUser",
    "TokenRefusal",
    "UnknownHost",
    "ask_salesforce",
    "ask_versions",
    "salesforce_app",
]
