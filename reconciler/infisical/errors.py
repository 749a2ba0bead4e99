"""What Infisical refuses, as types, and each as a sentence with a next step.

InfisicalError
+-- LoginRefused          401 of a log-in: never repeated, three of them lock the identity
+-- TokenRefused          401/403 of the bearer: missing, expired, revoked, malformed
+-- PermissionDenied      403: the identity may not
+-- NotFound              404
+-- AlreadyExists         400: the name is taken in that scope
+-- InUse                 400: something uses the connection, it cannot be deleted
+-- WrongApp              400: the id or name is another app's connection
+-- CredentialsRefused    400: Infisical's own log-in to Salesforce failed
+-- Unprocessable         422: the request does not fit the server's schema
+-- ServerFailed          5xx: says nothing about whether a write happened
"""

import re
from typing import Any

from reconciler.model import Diagnostic, Location, error
from reconciler.wire import Answer, WireError

_SHOWN = 400


class InfisicalError(Exception):
    """Infisical refused. `message` is its own sentence, `request_id` what its operators find the request by."""

    hint = "see what Infisical says; its logs have the request under its id"

    def __init__(self, status: int, message: str, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.request_id = request_id


class LoginRefused(InfisicalError):
    hint = (
        "check INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET; "
        "after three wrong tries Infisical locks them for 5 minutes"
    )


class TokenRefused(InfisicalError):
    hint = "log in again: set a fresh INFISICAL_TOKEN, or use universal auth, which gets a new one every run"


class PermissionDenied(InfisicalError):
    hint = "give the identity that permission on app connections (plan: read; apply: read, create, edit, delete)"


class NotFound(InfisicalError):
    hint = "it may have been deleted, or the identity may not see it"


class AlreadyExists(InfisicalError):
    hint = "plan again: the name was taken after the plan was made; lifecycle.adopt takes the connection over"


class InUse(InfisicalError):
    hint = "remove what uses it in Infisical (secret syncs, rotations), then apply again; Infisical does not say which"


class WrongApp(InfisicalError):
    hint = "the id or name belongs to a connection of another app; choose another name"


class CredentialsRefused(InfisicalError):
    hint = (
        "Infisical could not log in to Salesforce and hides the reason: check instanceUrl, key and secret, that the "
        "client credentials flow is enabled in the app's settings and policies, and that Run As is set; a new app needs minutes"
    )


class Unprocessable(InfisicalError):
    hint = "this Infisical may be of a version that knows other fields; tell us with the sentence above"


class ServerFailed(InfisicalError):
    hint = "run again: what was done is looked up first; if it stays, look at Infisical's own logs"


def of(answer: Answer) -> InfisicalError:
    """Return the error that an answer of 400 and above is; the body's `error` tells a 403's two meanings apart."""
    body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
    message = _message(body.get("message"))
    name = str(body.get("error", ""))
    kind = _kind(answer.status, name, message.lower())
    return kind(answer.status, message or f"status {answer.status} without a message", str(body.get("reqId", "")))


def unexpected(status: int, lacks: str = "") -> InfisicalError:
    """Return the error of an answer that succeeded and is not what the API promises."""
    what = f"the answer lacks `{lacks}`" if lacks else "the answer is not an object"
    return InfisicalError(status, f"{what}; is infisical.url the address of Infisical itself?")


def explain(
    failure: InfisicalError | WireError, doing: str, *, address: str = "", location: Location | None = None
) -> Diagnostic:
    """Return `failure` as a person reads it; `doing` completes "could not …"."""
    if isinstance(failure, WireError):
        return error(f"Could not {doing}.", detail=str(failure), hint=failure.hint, address=address, location=location)
    request = f", request {failure.request_id}" if failure.request_id else ""
    detail = f"Infisical says: {_printable(failure.message)} ({failure.status}{request})"
    return error(f"Could not {doing}.", detail=detail, hint=failure.hint, address=address, location=location)


def _kind(status: int, name: str, message: str) -> type[InfisicalError]:
    match status:
        case 400 if "already exists" in message:
            return AlreadyExists
        case 400 if "existing connections" in message:
            return InUse
        case 400 if "is not for app" in message:
            return WrongApp
        case 400 if "validate credentials" in message or "validate" in message:
            return CredentialsRefused
        case 401:
            return TokenRefused
        case 403:
            return TokenRefused if name == "TokenError" else PermissionDenied
        case 404:
            return NotFound
        case 422:
            return Unprocessable
        case _ if status >= 500:
            return ServerFailed
        case _:
            return InfisicalError


def _message(message: Any) -> str:
    """The message is a sentence, or for 422 a list of what is wrong with which field."""
    if isinstance(message, list):
        return "; ".join(
            f"{'.'.join(str(step) for step in issue.get('path', []))}: {issue.get('message', '')}".strip(": ")
            for issue in message
            if isinstance(issue, dict)
        )
    return message if isinstance(message, str) else ""


def _printable(text: str) -> str:
    line = re.sub(r"\s+", " ", text)[:_SHOWN]
    return "".join(char if char.isprintable() else "�" for char in line)
