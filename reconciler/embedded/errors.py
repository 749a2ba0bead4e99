"""Why a request was refused, in the words and the envelope of Infisical.

ApiError
├── BadRequestError        400  a business rule, Salesforce's refusal included
├── UnauthorizedError      401  no token, a revoked one, a failed log-in
├── AuthModeError          403  a kind of token these routes do not take
├── TokenError             403  a token that is not one of ours, or an expired one
├── PermissionDeniedError  403  the identity's role does not allow it
├── NotFoundError          404
├── ValidationFailureError 422  the message is a list of issues
├── RateLimitError         429
└── InternalError          500
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
    """One complaint about a body, a path or a query, as zod words it: a kind, the way to the value, a sentence."""

    code: str
    path: list[str]
    message: str


class ApiError(Exception):
    """A refusal that becomes the common JSON envelope; `message` is a sentence, or the issues of a 422."""

    status: ClassVar[int] = 500
    name: ClassVar[str] = "InternalServerError"

    def __init__(self, message: str | list[Issue]) -> None:
        super().__init__(message)
        self.message = message


class BadRequestError(ApiError):
    status = 400
    name = "BadRequest"


class UnauthorizedError(ApiError):
    status = 401
    name = "UnauthorizedError"


class AuthModeError(ApiError):
    status = 403
    name = "ForbiddenError"


class TokenError(ApiError):
    status = 403
    name = "TokenError"


class PermissionDeniedError(ApiError):
    """Infisical: names the action and the subject, and lists the rules that decided."""

    status = 403
    name = "PermissionDenied"

    def __init__(self, action: str, subject: str) -> None:
        super().__init__(f"You are not allowed to {action} on {subject}")
        self.details = [{"action": action, "subject": subject, "inverted": False, "conditions": None}]


class NotFoundError(ApiError):
    status = 404
    name = "NotFound"


class ValidationFailureError(ApiError):
    status = 422
    name = "ValidationFailure"


class RateLimitError(ApiError):
    """Infisical: says how many seconds are left in words too."""

    status = 429
    name = "RateLimitExceeded"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Rate limit exceeded. Please try again in {seconds} seconds")


class InternalError(ApiError):
    """What Infisical answers to anything it did not foresee, unreadable bodies included."""

    def __init__(self) -> None:
        super().__init__("Something went wrong")


async def render_refusal(_request: Request, error: Exception) -> Response:
    """The answer of an ApiError; of any other error, that of a 500.

    An unforeseen error's own text stays out of the answer: it could quote a request.
    """
    return refusal(error if isinstance(error, ApiError) else InternalError())


def refusal(error: ApiError, headers: Mapping[str, str] | None = None) -> Response:
    """The envelope `{reqId, statusCode, message, error}` of a refusal, with its `details` where it has some."""
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
    """Infisical: a wrong verb is an unknown route too (404, never 405), and this one answer has no `reqId`."""
    if isinstance(error, HTTPException) and error.status_code not in (404, 405):
        return await render_refusal(request, error)
    query = f"?{request.url.query}" if request.url.query else ""
    message = f"Route {request.method}:{request.url.path}{query} not found"
    return JSONResponse({"message": message, "error": "Not Found", "statusCode": 404}, 404)
