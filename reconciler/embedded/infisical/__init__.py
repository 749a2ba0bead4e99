"""An Infisical-compatible API as an ASGI app on a SQLite file, which several processes can use at once.

The API uses consumer keys and secrets to ask the simulated Salesforce, and then drops them. It never stores or logs them.

- `routes/` answers requests, `requests/` checks what they hold, `database/` reads and writes the file.
- `auth/` knows identities and tokens, `permissions` what an identity may do.
- `openapi/` describes all of it.
"""

from reconciler.embedded.infisical.app import InfisicalApp, infisical_app
from reconciler.embedded.infisical.auth.identities import IdentityCredentials, create_identity
from reconciler.embedded.infisical.auth.tokens import TokenRules, issue_token
from reconciler.embedded.infisical.builds import CURRENT, OLDER, Build
from reconciler.embedded.infisical.database.store import DatabaseUnusableError
from reconciler.embedded.infisical.permissions import CONNECTION_ACTIONS, SECRET_ACTIONS, Membership, Permissions
from reconciler.embedded.infisical.rate_limits import RateLimits

__all__ = [
    "CONNECTION_ACTIONS",
    "CURRENT",
    "OLDER",
    "SECRET_ACTIONS",
    "Build",
    "DatabaseUnusableError",
    "IdentityCredentials",
    "InfisicalApp",
    "Membership",
    "Permissions",
    "RateLimits",
    "TokenRules",
    "create_identity",
    "infisical_app",
    "issue_token",
]
