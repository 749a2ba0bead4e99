"""The OpenAPI document of what is served: every route of a build, its parameters and bodies, and each answer it may give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.embedded.build import Build
from reconciler.embedded.openapi_schemas import (
    MOMENT,
    NO_COLON_OR_SLASH,
    SECONDS,
    TEXT,
    UUID,
    Schema,
    closed,
    components,
    list_of,
    open_,
    ref,
)
from reconciler.embedded.vouchers import AWS_METHOD, JWT_METHODS

_BASE = "/api/v1/app-connections"
_SALESFORCE = f"{_BASE}/salesforce"
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_LIMITED = {400, 422, 429, 500}
"""Refusals that carry the limiter's headers; Infisical: 401, 403 and 404 do not."""

_REFUSALS: Mapping[int, tuple[str, Schema]] = {
    400: ("A business rule refuses it; Salesforce's own refusal is one.", ref("BadRequest")),
    401: ("No token, one that was revoked, or a log-in that failed.", ref("Unauthorized")),
    403: ("A token that is not good, of the wrong kind, or of an identity that may not.", ref("Forbidden")),
    404: ("What is asked for is not there; without `reqId`: no such route.", {"anyOf": [ref("NotFound"), ref("NoRoute")]}),
    422: ("Path, query or body are not as described: all complaints at once.", ref("ValidationFailure")),
    429: ("Too many requests in this minute; told only where limits are switched on.", ref("RateLimitExceeded")),
    500: ("A body that cannot be read, or something unforeseen.", ref("InternalServerError")),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb on one path. `refusals` are the statuses it may answer beside 200 and those that its kind implies."""

    method: str
    path: str
    summary: str
    answer: Schema
    refusals: tuple[int, ...] = ()
    query: tuple[Schema, ...] = ()
    body: str = ""
    body_required: bool = True
    forms: bool = False
    secured: bool = True

    def statuses(self) -> set[int]:
        """Every status but 200 and 304: a token may be refused, a body unreadable, a limit reached."""
        return {*self.refusals, 429, *((401, 403) if self.secured else ()), *((422, 500) if self.body else ())}


def document(build: Build) -> dict[str, Any]:
    """The document, OpenAPI 3.1, as JSON values."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations(build):
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
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
            "schemas": components(build),
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def operations(build: Build) -> list[Operation]:
    """What this build serves."""
    bases = ["/api/v3/secrets/raw", *(["/api/v4/secrets"] if build.newest_secrets else [])]
    secrets = [operation for base in bases for operation in _secrets(base)]
    return [*_always(), *_log_ins(), *_identity(build), *_projects(build), *_connections(), *secrets]


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"summary": operation.summary, "responses": _responses(operation)}
    described["operationId"] = _operation_id(operation)
    parameters = [*(_in_path(name) for name in _names(operation.path)), *operation.query]
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
    limits = {f"x-ratelimit-{name}": {"schema": SECONDS} for name in ("limit", "remaining", "reset")}
    headers: dict[str, Any] = {**limits}
    found: dict[str, Any] = {}
    if operation.method == "GET":
        headers = {"etag": {"required": True, "schema": TEXT}, **limits}
        found["304"] = {"description": "What `If-None-Match` names is what there is.", "headers": headers}
    found["200"] = {"description": "Done.", "headers": headers, "content": {_JSON: {"schema": operation.answer}}}
    for status in sorted(operation.statuses()):
        description, schema = _REFUSALS[status]
        found[str(status)] = {"description": description, "content": {_JSON: {"schema": schema}}}
        if status in _LIMITED:
            told = {"retry-after": {"required": True, "schema": SECONDS}} if status == 429 else {}
            found[str(status)]["headers"] = {**limits, **told}
    return dict(sorted(found.items()))


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _in_path(name: str) -> Schema:
    schema = {"connectionId": UUID, "secretName": NO_COLON_OR_SLASH}.get(name, {**TEXT, "minLength": 1})
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(name: str, schema: Schema = TEXT, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _always() -> list[Operation]:
    flags = ("emailConfigured", "inviteOnlySignup", "redisConfigured", "secretScanningConfigured")
    status = closed({"date": MOMENT, "message": TEXT, **{flag: {"type": "boolean"} for flag in flags}})
    return [
        Operation("GET", "/api/status", "Whether the server answers", status, secured=False),
        Operation("GET", "/api/docs/json", "This document", open_({"openapi": TEXT}, "openapi"), secured=False),
    ]


def _log_ins() -> list[Operation]:
    token = ref("AccessToken")

    def post(path: str, summary: str, body: str, answer: Schema, *refusals: int) -> Operation:
        path = f"/api/v1/auth/{path}"
        return Operation("POST", path, summary, answer, refusals, body=body, forms=True, secured=False)

    return [
        post("universal-auth/login", "Log in with a client id and secret", "UniversalLogIn", token, 401, 404),
        *(post(f"{kind}/login", "Log in with a JWT of a trusted issuer", "JwtLogIn", token, 401, 404) for kind in JWT_METHODS),
        post(f"{AWS_METHOD}/login", "Log in with a signed GetCallerIdentity", "AwsLogIn", token, 401, 404),
        post("token/renew", "A younger token for one that lives", "GivenToken", token, 400, 401, 403),
        post("token/revoke", "End a token", "GivenToken", closed({"message": TEXT}), 401, 403),
    ]


def _identity(build: Build) -> list[Operation]:
    organisation = closed({"id": UUID, "name": TEXT, "slug": TEXT})
    details = closed({"identityDetails": closed({"organization": organisation})})
    path = "/api/v1/identities/details"
    return [Operation("GET", path, "Who is logged in, and where", details)] if build.details else []


def _projects(build: Build) -> list[Operation]:
    base, one = "/api/v1/projects", closed({"project": ref("Project")})
    slugs = [f"{base}/slug/{{slug}}", *(["/api/v1/workspace/slug/{slug}"] if build.workspaces else [])]
    by_id = f"{base}/{{projectId}}"
    return [
        Operation("GET", base, "Projects the identity is a member of", closed({"projects": list_of(ref("Project"))})),
        Operation("POST", base, "Make a project", one, (400,), body="NewProject", forms=True),
        *(Operation("GET", path, "A project by slug, not wrapped", ref("Project"), (404,)) for path in slugs),
        Operation("GET", by_id, "A project by id", one, (404,)),
        Operation("DELETE", by_id, "Delete a project and what is in it", one, (400, 404)),
    ]


def _connections() -> list[Operation]:
    of_project = (_in_query("projectId"),)
    one = closed({"appConnection": ref("Connection")})
    by_id = f"{_SALESFORCE}/{{connectionId}}"

    def many(item: str) -> Schema:
        return closed({"appConnections": list_of(ref(item))})

    options = closed({"appConnectionOptions": list_of(ref("ConnectionOption"))})
    apps = closed({"apps": list_of(closed({"identifier": TEXT, "developerName": TEXT}))})
    return [
        Operation("GET", _BASE, "Connections of every app", many("ListedConnectionOfAnyApp"), (404, 422), of_project),
        Operation("GET", f"{_BASE}/options", "Apps this server knows", options, (), (_in_query("projectType"),)),
        Operation("GET", _SALESFORCE, "Salesforce connections", many("ListedConnection"), (404, 422), of_project),
        Operation("POST", _SALESFORCE, "Make a connection", one, (400,), body="NewConnection"),
        Operation("GET", f"{_SALESFORCE}/available", "Connections to use", many("AvailableConnection"), (404, 422), of_project),
        Operation("GET", f"{_SALESFORCE}/connection-name/{{name}}", "By name", one, (400, 404, 422), of_project),
        Operation("GET", by_id, "One connection", one, (400, 404, 422)),
        Operation("PATCH", by_id, "Change a connection", one, (400, 404), body="ConnectionChange"),
        Operation("DELETE", by_id, "Delete a connection", one, (400, 404, 422, 500)),
        Operation("POST", f"{by_id}/rotate-credentials", "Never possible", one, (400, 404, 422)),
        Operation("GET", f"{by_id}/oauth-apps", "For users; machine identities are refused", apps, (404,)),
    ]


def _secrets(base: str) -> list[Operation]:
    raw = base.endswith("/raw")
    named = ("workspaceId", "workspaceSlug") if raw else ("projectId",)
    truth = {"type": "string", "enum": ["true", "false"]}
    switches = ("viewSecretValue", "expandSecretReferences", "include_imports")
    query = (
        *(_in_query(name, required=not raw) for name in named),
        _in_query("environment", required=True),
        _in_query("secretPath", {**TEXT, "default": "/"}),
        *(_in_query(name, truth) for name in switches),
    )
    one_query = (*query, _in_query("type", {"type": "string", "enum": ["shared", "personal"]}))
    new, change, place = (f"{'Raw' if raw else ''}Secret{kind}" for kind in ("", "Change", "Place"))
    by_name, one = f"{base}/{{secretName}}", closed({"secret": ref("Secret")})
    many = closed({"secrets": list_of(ref("Secret")), "imports": list_of({"type": "object"})})
    return [
        Operation("GET", base, "Secrets of a folder", many, (400, 404), (*query, _in_query("recursive", truth))),
        Operation("GET", by_name, "A secret", one, (400, 404, 422), one_query),
        Operation("POST", by_name, "Make a secret", one, (400, 404), body=f"New{new}"),
        Operation("PATCH", by_name, "Change a secret", one, (400, 404), body=change),
        Operation("DELETE", by_name, "Delete a secret", one, (400, 404), body=place),
    ]
