"""What Infisical refuses, as types, and each as a sentence with a next step.

InfisicalError
+-- LoginRefused          401 of a log-in: never repeated, three of them lock the identity
+-- TokenRefused          401/403 of the bearer: missing, expired, revoked, malformed
+-- PermissionDenied      403: the identity may not
+-- NotFound              404 of what was asked for
+-- NoRoute               404 of the path itself: says nothing about what was asked for
+-- ListBroken            404 of a list: Infisical cannot list, which never means "nothing there"
+-- AlreadyExists         400: the name is taken in that scope
+-- InUse                 400: something uses the connection, it cannot be deleted
+-- WrongApp              400: the id or name is another app's connection
+-- CredentialsRefused    400: Infisical's own log-in to Salesforce failed
+-- TokenUsedUp           400: the access token may be used so many times, and has been
+-- ValueHidden           a secret that may be described, but whose value is withheld
+-- Unprocessable         422: the request does not fit the server's schema
+-- ServerFailed          5xx: says nothing about whether a write happened
+-- Unexpected            a success that is not what the API promises: says nothing about it either
"""

from typing import Any

from reconciler.model import Diagnostic, Location, ReconcilerError, error
from reconciler.wire import Answer, WireError, printable


class InfisicalError(ReconcilerError):
    """Infisical refused. `message` is its own sentence, `request_id` what its operators find the request by."""

    hint = "see what Infisical says; its logs have the request under its id"

    def __init__(self, status: int, message: str, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.request_id = request_id


class LoginRefused(InfisicalError):
    hint = (
        "check the identity's id, its credentials, and what its auth method allows (claims, audience, addresses); it is not "
        "tried again: after three wrong tries Infisical locks an identity for 5 minutes"
    )


class TokenRefused(InfisicalError):
    hint = "log in again: set a fresh INFISICAL_TOKEN, or use universal auth, which gets a new one every run"


class PermissionDenied(InfisicalError):
    hint = (
        "give the machine identity that permission on app connections (plan: read; apply: read, create, edit, delete); "
        "a service token (st.…) is never accepted there"
    )


class NotFound(InfisicalError):
    hint = "it may have been deleted, or the identity may not see it"


class NoRoute(InfisicalError):
    hint = "check that infisical.url is the address of Infisical itself; an old version may lack this part of the API"


class ListBroken(InfisicalError):
    hint = (
        "Infisical answers this when a project that still held connections was deleted: "
        "have its administrators remove what is left of that project, then run again"
    )


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


class TokenUsedUp(InfisicalError):
    hint = (
        "the access token has a limit of uses, and every call counts: raise or lift it in the identity's auth method "
        "(`Access Token Max Number of Uses`: 0)"
    )


class ValueHidden(InfisicalError):
    hint = "let the identity read the values of secrets, not only describe them"


class Unprocessable(InfisicalError):
    hint = "this Infisical may be of a version that knows other fields; tell us with the sentence above"


class ServerFailed(InfisicalError):
    hint = "run again: what was done is looked up first; if it stays, look at Infisical's own logs"


class Unexpected(InfisicalError):
    hint = "check that infisical.url is the address of Infisical itself, and that this version of it is supported"


def refusal(answer: Answer) -> InfisicalError:
    """Return the error that an answer of 400 and above is; the body's `error` tells a 403's two meanings apart."""
    body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
    message = _message(body.get("message"))
    name, request_id = (text if isinstance(text := body.get(key), str) else "" for key in ("error", "reqId"))
    kind = _kind(answer.status, name, message.lower())
    return kind(answer.status, message or f"status {answer.status} without a message", printable(request_id, 40))


def unexpected_answer(status: int, lacks: str = "") -> Unexpected:
    """Return the error of an answer that succeeded and is not what the API promises."""
    what = f"lacks `{lacks}`, or has something else there" if lacks else "is not an object"
    return Unexpected(status, f"The answer {what}.")


def explain_failure(
    failure: InfisicalError | WireError, doing: str, *, address: str = "", location: Location | None = None
) -> Diagnostic:
    """Return `failure` as a person reads it; `doing` completes "could not …"."""
    if isinstance(failure, WireError):
        return error(f"Could not {doing}.", detail=str(failure), hint=failure.hint, address=address, location=location)
    request = f", request {failure.request_id}" if failure.request_id else ""
    says = "" if isinstance(failure, Unexpected) else "Infisical says: "
    detail = f"{says}{printable(failure.message)} ({failure.status}{request})"
    unknown_host = isinstance(failure, CredentialsRefused) and "ENOTFOUND" in failure.message
    hint = "there is no such host: correct instanceUrl" if unknown_host else failure.hint
    return error(f"Could not {doing}.", detail=detail, hint=hint, address=address, location=location)


def failure_phrase(failure: InfisicalError | WireError) -> str:
    """Return what is wrong as a part of a sentence."""
    if isinstance(failure, WireError):
        return str(failure).rstrip(".")
    return f"{printable(failure.message).rstrip('.')}, {failure.status}"


def _kind(status: int, name: str, message: str) -> type[InfisicalError]:
    match status:
        case 400 if "already exists" in message:
            return AlreadyExists
        case 400 if "existing connections" in message:
            return InUse
        case 400 if "is not for app" in message:
            return WrongApp
        case 400 if "validate" in message or "token type" in message:
            return CredentialsRefused
        case 400 | 401 if "token" in message and ("limit" in message or "number of uses" in message):
            return TokenUsedUp
        case 401:
            return TokenRefused
        case 403:
            return TokenRefused if name == "TokenError" else PermissionDenied
        case 404:
            return NotFound if name == "NotFound" else NoRoute
        case 422:
            return Unprocessable
        case _ if status >= 500:
            return ServerFailed
        case _:
            return InfisicalError


def _message(message: Any) -> str:
    """The message is a sentence, or for 422 a list of what is wrong with which field."""
    if isinstance(message, list):
        return "; ".join(_issue(issue) for issue in message if isinstance(issue, dict))
    return message if isinstance(message, str) else ""


def _issue(issue: dict[str, Any]) -> str:
    path = issue.get("path")
    where = ".".join(str(step) for step in path) if isinstance(path, list) else ""
    return f"{where}: {issue.get('message', '')}".strip(": ")
