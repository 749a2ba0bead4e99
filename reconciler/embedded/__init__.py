"""An Infisical-compatible API and simulated Salesforce orgs, as ASGI apps on a SQLite file.

Everything can be shown and tested here without an account, a network or a server: the apps are called in process, or
served by any ASGI server to other processes. The API's data is the database file, which several processes may use at
once. An org's answer is one async function that the API calls and `salesforce_app` serves, so there is no HTTP client
in here. Consumer keys and secrets are used to ask the simulated Salesforce and then dropped, never stored or logged.
"""

from reconciler.embedded.auth import IdentityCredentials, TokenRules, create_identity, issue_token
from reconciler.embedded.build import CURRENT, OLDER, Build
from reconciler.embedded.infisical import InfisicalApp, infisical_app
from reconciler.embedded.limits import Limits
from reconciler.embedded.orgs import BROKEN, FAULTS, App, Fault, Org, User
from reconciler.embedded.permissions import CONNECTION_ACTIONS, SECRET_ACTIONS, Membership, Permissions
from reconciler.embedded.salesforce import HungUp, SalesforceAnswer, UnknownHost, ask_salesforce, ask_versions, salesforce_app
from reconciler.embedded.store import DatabaseUnusableError
from reconciler.embedded.vouchers import trust_access_key, trust_issuer

__all__ = [
    "BROKEN",
    "CONNECTION_ACTIONS",
    "CURRENT",
    "FAULTS",
    "OLDER",
    "SECRET_ACTIONS",
    "App",
    "Build",
    "DatabaseUnusableError",
    "Fault",
    "HungUp",
    "IdentityCredentials",
    "InfisicalApp",
    "Limits",
    "Membership",
    "Org",
    "Permissions",
    "SalesforceAnswer",
    "TokenRules",
    "UnknownHost",
    "User",
    "ask_salesforce",
    "ask_versions",
    "create_identity",
    "infisical_app",
    "issue_token",
    "salesforce_app",
    "trust_access_key",
    "trust_issuer",
]
