"""Why the API refuses a request, in the words and the JSON envelope of Infisical.

ApiError
├── BadRequestError        400  a business rule refuses it, or Salesforce refuses the credentials
├── UnauthorizedError      401  there is no token, it was revoked, or the log-in failed
├── AuthModeError          403  these routes do not take this kind of token
├── TokenError             403  this server did not sign the token, or it has expired
├── PermissionDeniedError  403  the identity's role does not allow the action
├── NotFoundError          404  there is no such connection, project, secret or environment
├── ValidationFailureError 422  the message is a list of issues
├── RateLimitError         429  the client sent too many requests
└── InternalError          500  the server did not expect this
"""

import random
import string
from collections.abc import Mapping
from typing import ClassVar, TypedDict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_ALPHANUMERICS = string.ascii_letters + string.digits
_random = random.SystemRandom()


class Issue(TypedDict):
    """One thing that is wrong with a body, a path or a query, in the words of zod, the schema library of Infisical.

    `path` holds the keys that lead to the value.
    """

    code: str
    path: list[str]
    message: str


class ApiError(Exception):
    """A refusal that becomes the common JSON envelope. `message` is a sentence, or the issues of a 422."""

    status: ClassVar[int] = 500
    name: ClassVar[str] = "InternalServerError"

    def __init__(self, message: str | list[Issue]) -> None:
        super().__init__(message)
        self.message = message


class BadRequestError(ApiError):
    """A business rule refuses the request, or Salesforce refuses the credentials."""

    status = 400
    name = "BadRequest"


class UnauthorizedError(ApiError):
    """There is no token, it was revoked, or a log-in failed."""

    status = 401
    name = "UnauthorizedError"


class AuthModeError(ApiError):
    """The route does not take this kind of token."""

    status = 403
    name = "ForbiddenError"


class TokenError(ApiError):
    """This server did not sign the token, or the token has expired."""

    status = 403
    name = "TokenError"


class PermissionDeniedError(ApiError):
    """Infisical names the action and the subject, and lists the rules that decided."""

    status = 403
    name = "PermissionDenied"

    def __init__(self, action: str, subject: str) -> None:
        super().__init__(f"You are not allowed to {action} on {subject}")
        self.details = [{"action": action, "subject": subject, "inverted": False, "conditions": None}]


class NotFoundError(ApiError):
    """What the request names does not exist."""

    status = 404
    name = "NotFound"


class ValidationFailureError(ApiError):
    """Body, path or query break the schema. The message is the list of issues."""

    status = 422
    name = "ValidationFailure"


class RateLimitError(ApiError):
    """Infisical says in the sentence too how many seconds are left."""

    status = 429
    name = "RateLimitExceeded"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Rate limit exceeded. Please try again in {seconds} seconds")


class InternalError(ApiError):
    """What Infisical answers to everything it does not expect, such as a body that it cannot read."""

    def __init__(self) -> None:
        super().__init__("Something went wrong")


async def render_refusal(_request: Request, error: Exception) -> Response:
    """Return the answer for an ApiError, and a plain 500 for any other error.

    The text of any other error stays out of the answer, because it could quote a request.
    """
    return refusal_response(error if isinstance(error, ApiError) else InternalError())


def refusal_response(error: ApiError, headers: Mapping[str, str] | None = None) -> Response:
    """Return the envelope `{reqId, statusCode, message, error}` of a refusal, with its `details` if it has any."""
    envelope: dict[str, object] = {
        "reqId": "req-" + "".join(_random.choices(_ALPHANUMERICS, k=14)),
        "statusCode": error.status,
        "message": error.message,
        "error": error.name,
    }
    if isinstance(error, PermissionDeniedError):
        envelope["details"] = error.details
    return JSONResponse(envelope, error.status, headers)


async def render_no_route(request: Request, error: Exception) -> Response:
    """Return the 404 of an unknown route.

    Infisical: a wrong verb is an unknown route too, so a client never sees a 405. This is the only answer without a
    `reqId`.
    """
    if isinstance(error, HTTPException) and error.status_code not in (404, 405):
        return await render_refusal(request, error)
    query = f"?{request.url.query}" if request.url.query else ""
    message = f"Route {request.method}:{request.url.path}{query} not found"
    return JSONResponse({"message": message, "error": "Not Found", "statusCode": 404}, 404)
