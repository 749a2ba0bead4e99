"""The builds of Infisical that are in use differ. These are the oldest and the newest that clients must get along with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Build:
    """What one generation of servers does differently from another.

    - `version` is the value of each connection's field of that name.
    - `gateway_pools`: connections have a `gatewayPoolId`.
    - `newest_secrets`: the server has the v4 routes of secrets.
    - `details`: an identity can ask for its organisation.
    - `plain_http`: the server keeps an instance URL that begins with `http`. Older builds put `https://` before
      everything that does not begin with `https`.
    - `checks_app`: the server refuses a PATCH of another app's connection. Older builds carry it out and answer 500.
    - `resolves_in_try`: an instance host that does not resolve is a 400. In older builds it is a 500 without a reason.
    - `workspaces`: a project is found by its slug at the older path too.
    - `decodes_strictly`: a path with malformed percent-encoding is a 400.
    """

    version: int = 2
    gateway_pools: bool = True
    newest_secrets: bool = True
    details: bool = True
    plain_http: bool = True
    checks_app: bool = True
    resolves_in_try: bool = True
    workspaces: bool = False
    decodes_strictly: bool = True


CURRENT = Build()
"""The newest build."""

OLDER = Build(
    version=1,
    gateway_pools=False,
    newest_secrets=False,
    details=False,
    plain_http=False,
    checks_app=False,
    resolves_in_try=False,
    workspaces=True,
    decodes_strictly=False,
)
"""The first builds that knew Salesforce."""
