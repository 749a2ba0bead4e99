"""An External Client App: what an org of Salesforce needs so that connections can log in to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.diagnostics import Location


class PermittedUsers(StrEnum):
    """Who may use an app."""

    ALL = "all"
    ADMIN_APPROVED = "admin-approved"


class IpRelaxation(StrEnum):
    """Whether the IP ranges of a user's profile count for log-ins through the app."""

    ENFORCE = "enforce"
    ENFORCE_RELAX_REFRESH = "enforce-relax-refresh"
    BYPASS = "bypass"
    BYPASS_SECOND_FACTOR = "bypass-second-factor"


@dataclass(frozen=True, slots=True)
class AppConnection:
    """A connection that logs in with an app, as the app's manifest names it."""

    address: str
    location: Location


@dataclass(frozen=True, slots=True)
class ExternalClientApp:
    """An app as its manifest wants it.

    `scopes` are OAuth's names. `run_as` is a Username, "" for none. `secrets_over_rest` is a switch of the whole org.
    `location` is where the address is written.
    """

    address: str
    label: str
    api_name: str
    contact_email: str
    description: str
    callback_url: str
    scopes: tuple[str, ...]
    client_credentials: bool
    token_exchange: bool
    secret_for_web_server: bool
    secret_for_refresh_token: bool
    secret_for_token_exchange: bool
    pkce: bool
    run_as: str
    permitted_users: PermittedUsers
    permission_sets: tuple[str, ...]
    profiles: tuple[str, ...]
    ip_relaxation: IpRelaxation
    secrets_over_rest: bool
    rotation_target: bool
    connections: tuple[AppConnection, ...]
    api_version: str
    labels: Mapping[str, str]
    location: Location
    api_name_location: Location
