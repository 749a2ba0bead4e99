"""Simulated Salesforce orgs as plain values: which hosts exist, which apps they know, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple


class Fault(NamedTuple):
    """One way Salesforce refuses a token request. With no `error`, the body is an HTML page."""

    status: int
    error: str
    description: str


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "E1": Fault(400, "invalid_grant", "no client credentials user enabled"),
        "E2": Fault(400, "invalid_grant", "request not supported on this domain"),
        "E3": Fault(400, "invalid_client_id", "client identifier invalid"),
        "E3b": Fault(400, "invalid_client", "client identifier invalid"),
        "E4": Fault(400, "invalid_client", "invalid client credentials"),
        "E5": Fault(400, "unsupported_grant_type", "grant type not supported"),
        "E6": Fault(400, "invalid_grant", "client credentials flow not enabled for this app"),
        "E6b": Fault(400, "unauthorized_client", "client is not authorized to use this grant type"),
        "E7": Fault(400, "invalid_app_access", "user is not admin approved to access this app"),
        "E8": Fault(400, "app_not_found", "External client app is not installed in this org"),
        "E9": Fault(400, "invalid_grant", "ip restricted or invalid login hours"),
        "E10": Fault(400, "inactive_user", "user is inactive"),
        "E11": Fault(400, "inactive_org", "organization is locked, closed, or suspended"),
        "E12": Fault(400, "rate_limit_exceeded", "login rate exceeded"),
        "E13": Fault(400, "invalid_scope", "the requested scope is invalid, unknown, or malformed"),
        "E14": Fault(400, "invalid_grant", "authentication failure"),
        "E15": Fault(400, "invalid_grant", "user hasn't approved this consumer"),
        "E16": Fault(400, "invalid_request", "https required"),
        "E17": Fault(400, "invalid_client_credentials", "client secret invalid"),
        "E18": Fault(503, "", ""),
    }
)
"""What Salesforce is known to answer, by short name. E18 is its maintenance page: HTML, no OAuth error."""


def _require_known(fault: str | None) -> None:
    if fault is not None and fault not in FAULTS:
        raise ValueError(f"unknown fault {fault!r}: one of {', '.join(FAULTS)}")


@dataclass(frozen=True, slots=True)
class App:
    """An External Client App of a simulated org.

    `run_as` is a Salesforce username; empty, the app refuses with E1 as a real one does. `fault` is a name in
    `FAULTS`, given instead of a token even to the right key and secret. A `token_type` other than Bearer makes an
    answer that Infisical does not accept. Raises ValueError for an unknown fault.
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    run_as: str = "integration@example.com"
    scopes: tuple[str, ...] = ("api",)
    fault: str | None = None
    token_type: str = "Bearer"  # noqa: S105  a kind of token, not a token

    def __post_init__(self) -> None:
        _require_known(self.fault)


@dataclass(frozen=True, slots=True)
class Org:
    """A simulated Salesforce org, reached by its My Domain host (compared without regard to case).

    `fault` (a name in `FAULTS`) answers every token request; `delay_ms` is waited before each answer.
    Raises ValueError for an unknown fault.
    """

    host: str
    apps: tuple[App, ...] = ()
    fault: str | None = None
    delay_ms: int = 0

    def __post_init__(self) -> None:
        _require_known(self.fault)
