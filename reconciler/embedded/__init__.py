"""A simulated Infisical and simulated Salesforce orgs, as ASGI apps.

With them everything can be shown and tested without an account, a network or a server. A client calls the apps in
process, or any ASGI server serves them to other processes.

- `embedded.infisical` is the API. Its data is one SQLite file.
- `embedded.salesforce` is the orgs. The API asks them in process, so there is no HTTP client in here.
- `embedded.faults` lets requests to either app fail on purpose.
- `embedded.testing` arranges situations that no call of the API leads to.

This package exports what a program needs to run both.
"""

from reconciler.embedded.infisical import (
    CURRENT,
    OLDER,
    DatabaseUnusableError,
    InfisicalApp,
    RateLimits,
    create_identity,
    infisical_app,
    issue_token,
)
from reconciler.embedded.salesforce import SimulatedApp, SimulatedOrg, SimulatedUser, salesforce_app

__all__ = [
    "CURRENT",
    "OLDER",
    "DatabaseUnusableError",
    "InfisicalApp",
    "RateLimits",
    "SimulatedApp",
    "SimulatedOrg",
    "SimulatedUser",
    "create_identity",
    "infisical_app",
    "issue_token",
    "salesforce_app",
]
