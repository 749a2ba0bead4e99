"""Simulated Salesforce orgs as plain values: which hosts exist, which apps they know, and what is wrong with them."""

import time
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

BROKEN = ("redirect", "page", "half", "drop")
"""What may answer in a log-in's place: a redirect, a page, half an answer, a connection that breaks."""


def _require_known(fault: str | None) -> None:
    if fault is not None and fault not in FAULTS and fault not in BROKEN:
        raise ValueError(f"unknown fault {fault!r}: one of {', '.join([*FAULTS, *BROKEN])}")


@dataclass(frozen=True, slots=True)
class User:
    """A user of a simulated org; the log-in name looks like an e-mail address, and need not be the user's own."""

    username: str
    email: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class App:
    """An External Client App of a simulated org.

    `run_as` is a Salesforce username; empty, the app refuses with E1 as a real one does. The flow has its two switches, in the
    settings and in the policies; `approved` says whether the user may use the app. Until `known_after_ms` after this was made
    the org does not know the app. `fault` is a name in `FAULTS` or `BROKEN`, given instead of a token even to the right key and
    secret. A `token_type` other than Bearer makes an answer that Infisical does not accept. Raises ValueError for an unknown
    fault.
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    run_as: str = "integration@example.com"
    scopes: tuple[str, ...] = ("api",)
    fault: str | None = None
    token_type: str = "Bearer"  # noqa: S105  a kind of token, not a token
    flow_in_settings: bool = True
    flow_in_policies: bool = True
    approved: bool = True
    known_after_ms: int = 0
    made: float = field(default_factory=time.monotonic, compare=False)

    def __post_init__(self) -> None:
        _require_known(self.fault)

    @property
    def known(self) -> bool:
        """Whether the org knows the app by now."""
        return time.monotonic() >= self.made + self.known_after_ms / 1000


@dataclass(frozen=True, slots=True)
class Org:
    """A simulated Salesforce org, reached by its My Domain host (compared without regard to case).

    `fault` (a name in `FAULTS` or `BROKEN`) answers every token request; `delay_ms` is waited before each answer. With no
    `users` any username is one. `instance_url` is what the org calls itself, "" for its host. Raises ValueError for an unknown
    fault.
    """

    host: str
    apps: tuple[App, ...] = ()
    fault: str | None = None
    delay_ms: int = 0
    users: tuple[User, ...] = ()
    instance_url: str = ""

    def __post_init__(self) -> None:
        _require_known(self.fault)

    def user(self, username: str) -> User | None:
        """Return the user of that name, None when there is none. E-mail addresses are no names."""
        if not self.users:
            return User(username)
        return next((user for user in self.users if user.username.lower() == username.lower()), None)
