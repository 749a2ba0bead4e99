"""The ways a Salesforce org is known to refuse a log-in, or to send something that is not an answer of the API."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class TokenRefusal(NamedTuple):
    """One way Salesforce refuses a token request. With an empty `error` the body is an HTML page."""

    status: int
    error: str
    description: str


TOKEN_REFUSALS: Mapping[str, TokenRefusal] = MappingProxyType(
    {
        "E1": TokenRefusal(400, "invalid_grant", "no client credentials user enabled"),
        "E2": TokenRefusal(400, "invalid_grant", "request not supported on this domain"),
        "E3": TokenRefusal(400, "invalid_client_id", "client identifier invalid"),
        "E3b": TokenRefusal(400, "invalid_client", "client identifier invalid"),
        "E4": TokenRefusal(400, "invalid_client", "invalid client credentials"),
        "E5": TokenRefusal(400, "unsupported_grant_type", "grant type not supported"),
        "E6": TokenRefusal(400, "invalid_grant", "client credentials flow not enabled for this app"),
        "E6b": TokenRefusal(400, "unauthorized_client", "client is not authorized to use this grant type"),
        "E7": TokenRefusal(400, "invalid_app_access", "user is not admin approved to access this app"),
        "E8": TokenRefusal(400, "app_not_found", "External client app is not installed in this org"),
        "E9": TokenRefusal(400, "invalid_grant", "ip restricted or invalid login hours"),
        "E10": TokenRefusal(400, "inactive_user", "user is inactive"),
        "E11": TokenRefusal(400, "inactive_org", "organization is locked, closed, or suspended"),
        "E12": TokenRefusal(400, "rate_limit_exceeded", "login rate exceeded"),
        "E13": TokenRefusal(400, "invalid_scope", "the requested scope is invalid, unknown, or malformed"),
        "E14": TokenRefusal(400, "invalid_grant", "authentication failure"),
        "E15": TokenRefusal(400, "invalid_grant", "user hasn't approved this consumer"),
        "E16": TokenRefusal(400, "invalid_request", "https required"),
        "E17": TokenRefusal(400, "invalid_client_credentials", "client secret invalid"),
        "E18": TokenRefusal(503, "", ""),
    }
)
"""The refusals by short name. E18 is the maintenance page: HTML, without an OAuth error."""

BROKEN_ANSWERS = ("redirect", "page", "half", "drop")
"""What an org can send in place of an answer: a redirect, a page, half an answer, or nothing because the connection breaks."""


def require_known_fault(fault: str | None) -> None:
    """Raise ValueError unless `fault` is None, or a name in `TOKEN_REFUSALS` or `BROKEN_ANSWERS`."""
    if fault is not None and fault not in TOKEN_REFUSALS and fault not in BROKEN_ANSWERS:
        raise ValueError(f"unknown fault {fault!r}: one of {', '.join([*TOKEN_REFUSALS, *BROKEN_ANSWERS])}")
