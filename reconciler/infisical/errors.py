"""The errors of Infisical, one type for each kind of refusal, each with a next step.

InfisicalError
+-- LoginRefused          401 of a log-in: never repeated, since three of them lock the identity
+-- TokenRefused          401 or 403 of the access token: it is missing, expired, revoked or malformed
+-- PermissionDenied      403: the identity lacks a permission
+-- NotFound              404: what was asked for does not exist
+-- NoRoute               404 of the path itself: it does not tell whether what was asked for exists
+-- ListBroken            404 of a list: Infisical cannot list; it does not mean that there is nothing
+-- AlreadyExists         400: another connection in the scope has the name
+-- InUse                 400: something uses the connection, so it cannot be deleted
+-- WrongApp              400: the id or name belongs to a connection of another app
+-- CredentialsRefused    400: Infisical's own log-in to Salesforce failed
+-- TokenUsedUp           400: the access token was used as often as it may be
+-- ValueHidden           the identity may describe the secret, but not read its value
+-- Unprocessable         422: the request does not fit the server's schema
+-- ServerFailed          5xx: it does not tell whether a write happened
+-- Unexpected            a success that is not what the API promises: it does not tell that either
"""

from typing import Any

from reconciler.model import Diagnostic, Location, ReconcilerError, error
from reconciler.wire import Answer, WireError, printable


class InfisicalError(ReconcilerError):
    """Infisical refused a request.

    `message` is Infisical's own sentence. Operators of Infisical find the request in its logs by `request_id`.
    """

    hint = "read what Infisical says; its logs have the request by its id"

    def __init__(self, status: int, message: str, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.request_id = request_id


class LoginRefused(InfisicalError):
    hint = (
        "check the identity's id and credentials, and what its auth method allows (claims, audience, addresses); reconciler "
        "does not try again, because after three wrong tries Infisical locks an identity for 5 minutes"
    )


class TokenRefused(InfisicalError):
    hint = "log in again: set a fresh INFISICAL_TOKEN, or use universal auth, which gets a new token for every run"


class PermissionDenied(InfisicalError):
    hint = (
        "give the machine identity this permission on app connections (plan needs read; apply needs read, create, edit and "
        "delete); Infisical never accepts a service token (st.…) for them"
    )


class NotFound(InfisicalError):
    hint = "check whether somebody deleted it, and whether the identity may see it"


class NoRoute(InfisicalError):
    hint = "check that infisical.url is the address of Infisical itself; an old version may lack this part of the API"


class ListBroken(InfisicalError):
    hint = (
        "Infisical refuses to list after a project that still held connections was deleted: "
        "ask its administrators to remove what is left of that project, then run again"
    )


class AlreadyExists(InfisicalError):
    hint = "plan again: somebody took the name after the plan was made; to take over that connection, use lifecycle.adopt"


class InUse(InfisicalError):
    hint = "in Infisical, remove what uses it (secret syncs, rotations), then apply again; Infisical does not say what uses it"


class WrongApp(InfisicalError):
    hint = "the id or name belongs to a connection of another app; choose another name"


class CredentialsRefused(InfisicalError):
    hint = (
        "Infisical could not log in to Salesforce, and hides the reason: check instanceUrl, the key and the secret, that the "
        "client credentials flow is enabled in the app's settings and policies, and that Run As is set; a new app works only "
        "after some minutes"
    )


class TokenUsedUp(InfisicalError):
    hint = (
        "the access token has a limit of uses, and every call counts: raise the limit in the identity's auth method, or remove "
        "it (`Access Token Max Number of Uses`: 0)"
    )


class ValueHidden(InfisicalError):
    hint = "let the identity read the values of secrets, not only describe them"


class Unprocessable(InfisicalError):
    hint = "this version of Infisical may expect other fields; report it to us, with the sentence above"


class ServerFailed(InfisicalError):
    hint = "run again: reconciler first looks up what was done; if it happens again, read Infisical's own logs"


class Unexpected(InfisicalError):
    hint = "check that infisical.url is the address of Infisical itself, and that this version of it is supported"


def answer_error(answer: Answer) -> InfisicalError:
    """Return the error that an answer with a status of 400 or above means. The body's `error` tells which kind of 403 it is."""
    body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
    message = _message(body.get("message"))
    name, request_id = (text if isinstance(text := body.get(key), str) else "" for key in ("error", "reqId"))
    kind = _kind(answer.status, name, message.lower())
    return kind(answer.status, message or f"status {answer.status} without a message", printable(request_id, 40))


def unexpected_answer(status: int, lacks: str = "") -> Unexpected:
    """Return the error for an answer that is a success, but not what the API promises. `lacks` is the key that it lacks."""
    problem = f"lacks `{lacks}`, or has a value of the wrong type there" if lacks else "is not an object"
    return Unexpected(status, f"The answer {problem}.")


def explain_failure(
    failure: InfisicalError | WireError, doing: str, *, address: str = "", location: Location | None = None
) -> Diagnostic:
    """Return a diagnostic that explains `failure` to a person. `doing` completes the sentence "Could not …"."""
    if isinstance(failure, WireError):
        return error(f"Could not {doing}.", detail=str(failure), hint=failure.hint, address=address, location=location)
    request = f", request {failure.request_id}" if failure.request_id else ""
    says = "" if isinstance(failure, Unexpected) else "Infisical says: "
    detail = f"{says}{printable(failure.message)} ({failure.status}{request})"
    unknown_host = isinstance(failure, CredentialsRefused) and "ENOTFOUND" in failure.message
    hint = "there is no such host: correct instanceUrl" if unknown_host else failure.hint
    return error(f"Could not {doing}.", detail=detail, hint=hint, address=address, location=location)


def failure_phrase(failure: InfisicalError | WireError) -> str:
    """Return what is wrong as a part of a sentence, without a full stop."""
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
    """Return the message as one sentence. For a 422 it is a list of the wrong fields and what is wrong with them."""
    if isinstance(message, list):
        return "; ".join(_issue(issue) for issue in message if isinstance(issue, dict))
    return message if isinstance(message, str) else ""


def _issue(issue: dict[str, Any]) -> str:
    path = issue.get("path")
    where = ".".join(str(step) for step in path) if isinstance(path, list) else ""
    return f"{where}: {issue.get('message', '')}".strip(": ")
