"""Builds of Infisical differ in the field; these are the two ends that clients have to get along with (facts 0)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Build:
    """What one generation of servers does otherwise than another.

    `version` is what a connection's field of that name says. `gateway_pools`: answers have `gatewayPoolId`. `newest_secrets`:
    the v4 routes are there. `details`: an identity can ask for its organisation. `plain_http`: a URL that begins with http is
    taken as it is; older builds put https:// before all that does not begin with https. `checks_app`: a PATCH of another app's
    id is refused; else it is carried out, and answered with a 500. `resolves_in_try`: a host that does not resolve is a 400,
    else a bare 500. `workspaces`: a project is found by its slug at the older path too. `decodes_strictly`: a path whose
    percent-encoding is malformed is a 400.
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
