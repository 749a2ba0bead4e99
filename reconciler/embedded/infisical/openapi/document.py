"""The OpenAPI document of a build: every operation with its parameters, its body, and each answer that it can give."""

from collections.abc import Mapping
from typing import Any

from reconciler.embedded.infisical.builds import Build
from reconciler.embedded.infisical.openapi.components import component_schemas
from reconciler.embedded.infisical.openapi.json_schema import NO_COLON_OR_SLASH, TEXT, UUID, WHOLE_SECONDS, JsonSchema, ref
from reconciler.embedded.infisical.openapi.operations import Operation, operations

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_LIMITED = {400, 422, 429, 500}
"""Refusals that have the headers of the rate limiter. Infisical: 401, 403 and 404 do not have them."""

_REFUSALS: Mapping[int, tuple[str, JsonSchema]] = {
    400: ("A business rule refuses it, or Salesforce refuses the credentials.", ref("BadRequest")),
    401: ("There is no token, the token was revoked, or the log-in failed.", ref("Unauthorized")),
    403: ("The token is not valid or of the wrong kind, or its identity may not do this.", ref("Forbidden")),
    404: ("It does not exist. Without `reqId`: there is no such route.", {"anyOf": [ref("NotFound"), ref("NoRoute")]}),
    422: ("Path, query or body are not as described. The answer lists all complaints.", ref("ValidationFailure")),
    429: ("Too many requests in this minute. Only a server with limits gives this answer.", ref("RateLimitExceeded")),
    500: ("The body cannot be read, or the server failed.", ref("InternalServerError")),
}


def openapi_document(build: Build) -> dict[str, Any]:
    """Return the document of a build, OpenAPI 3.1, as JSON values."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations(build):
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation_object(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Infisical-compatible API of reconciler",
            "version": "1",
            "description": "Salesforce connections, projects, secrets and machine log-ins, as Infisical has them.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": component_schemas(build),
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation_object(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"summary": operation.summary, "responses": _responses(operation)}
    described["operationId"] = _operation_id(operation)
    parameters = [*(_path_parameter(name) for name in _path_parameters(operation.path)), *operation.query]
    if parameters:
        described["parameters"] = parameters
    if operation.body:
        kinds = (_JSON, _FORM) if operation.forms else (_JSON,)
        content = {kind: {"schema": ref(operation.body)} for kind in kinds}
        described["requestBody"] = {"required": operation.body_required, "content": content}
    described["security"] = [{"accessToken": []}] if operation.secured else []
    return described


def _operation_id(operation: Operation) -> str:
    words = operation.path.removeprefix("/api/").replace("{", "by-").replace("}", "").replace("/", "-")
    return f"{operation.method.lower()}-{words}"


def _responses(operation: Operation) -> dict[str, Any]:
    limits = {f"x-ratelimit-{name}": {"schema": WHOLE_SECONDS} for name in ("limit", "remaining", "reset")}
    headers: dict[str, Any] = {**limits}
    responses: dict[str, Any] = {}
    if operation.method == "GET":
        headers = {"etag": {"required": True, "schema": TEXT}, **limits}
        responses["304"] = {"description": "The client already has this content: `If-None-Match` names it.", "headers": headers}
    responses["200"] = {"description": "Done.", "headers": headers, "content": {_JSON: {"schema": operation.answer}}}
    for status in sorted(operation.statuses()):
        description, schema = _REFUSALS[status]
        responses[str(status)] = {"description": description, "content": {_JSON: {"schema": schema}}}
        if status in _LIMITED:
            retry = {"retry-after": {"required": True, "schema": WHOLE_SECONDS}} if status == 429 else {}
            responses[str(status)]["headers"] = {**limits, **retry}
    return dict(sorted(responses.items()))


def _path_parameters(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _path_parameter(name: str) -> JsonSchema:
    schema = {"connectionId": UUID, "secretName": NO_COLON_OR_SLASH}.get(name, {**TEXT, "minLength": 1})
    return {"name": name, "in": "path", "required": True, "schema": schema}
