"""The OpenAPI document of what is served: a row an operation, its answers in the shapes that the routes give them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.embedded import vouchers
from reconciler.embedded.build import Build
from reconciler.embedded.openapi_schemas import SCHEMAS, array, one, ref

Schema = Mapping[str, Any]

_CONNECTIONS = "/api/v1/app-connections"
_SALESFORCE = f"{_CONNECTIONS}/salesforce"
_ONE = f"{_SALESFORCE}/{{connectionId}}"
_BEARER = (401, 403)


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb of one path. `refusals` are the statuses of its errors; 429 and 500 are possible everywhere."""

    verb: str
    path: str
    summary: str
    answer: Schema
    refusals: tuple[int, ...] = _BEARER
    body: str = ""
    query: tuple[str, ...] = ()
    needs_token: bool = True
    parameters: Mapping[str, Schema] = field(default_factory=dict)


_UUID: Schema = {"type": "string", "format": "uuid"}
_TEXT: Schema = {"type": "string", "minLength": 1}
_PROJECT = ("projectId",)
_SECRET_QUERY = ("environment", "secretPath", "viewSecretValue", "expandSecretReferences", "include_imports")

_LOGINS = (
    ("universal-auth", "UniversalLogin"),
    *((method, "JwtLogin") for method in vouchers.JWT_METHODS),
    (vouchers.AWS_METHOD, "AwsLogin"),
)
_OPERATIONS = (
    *(
        Operation(
            "post",
            f"/api/v1/auth/{method}/login",
            f"Log in by {method}.",
            ref("Grant"),
            (401, 404, 422),
            body,
            needs_token=False,
        )
        for method, body in _LOGINS
    ),
    Operation(
        "post", "/api/v1/auth/token/renew", "Get a younger token.", ref("Grant"), (401, 403, 422), "Token", needs_token=False
    ),
    Operation("post", "/api/v1/auth/token/revoke", "End a token.", ref("Said"), (403, 422), "Token", needs_token=False),
    Operation("get", "/api/status", "Whether the server is up.", ref("Status"), (), needs_token=False),
    Operation("get", "/api/v1/identities/details", "Whose organisation this is.", one("identityDetails", "IdentityDetails")),
    Operation("get", "/api/v1/projects", "The projects one is a member of.", array("projects", "Project")),
    Operation("post", "/api/v1/projects", "A new project.", one("project", "Project"), (400, *_BEARER, 422), "NewProject"),
    Operation(
        "get",
        "/api/v1/projects/slug/{slug}",
        "A project by its slug.",
        ref("Project"),
        (*_BEARER, 404),
        parameters={"slug": _TEXT},
    ),
    *(
        Operation(
            verb,
            "/api/v1/projects/{projectId}",
            said,
            one("project", "Project"),
            (400, *_BEARER, 404),
            parameters={"projectId": _TEXT},
        )
        for verb, said in (("get", "A project by its id."), ("delete", "Delete a project, and its connections with it."))
    ),
    Operation(
        "get",
        _CONNECTIONS,
        "Connections of every app.",
        array("appConnections", "ListedConnection"),
        (*_BEARER, 404, 422),
        "",
        _PROJECT,
    ),
    Operation(
        "get",
        f"{_CONNECTIONS}/options",
        "The apps that are known.",
        array("appConnectionOptions", "Option"),
        query=("projectType",),
    ),
    Operation(
        "get",
        _SALESFORCE,
        "Salesforce connections.",
        array("appConnections", "ListedConnection"),
        (*_BEARER, 404, 422),
        "",
        _PROJECT,
    ),
    Operation(
        "post", _SALESFORCE, "A new connection.", one("appConnection", "Connection"), (400, *_BEARER, 422), "NewConnection"
    ),
    Operation(
        "get",
        f"{_SALESFORCE}/available",
        "What can be used from a project.",
        array("appConnections", "BriefConnection"),
        (*_BEARER, 404, 422),
        "",
        _PROJECT,
    ),
    Operation(
        "get",
        f"{_SALESFORCE}/connection-name/{{name}}",
        "A connection by its name.",
        one("appConnection", "Connection"),
        (400, *_BEARER, 404, 422),
        "",
        _PROJECT,
        parameters={"name": _TEXT},
    ),
    *(
        Operation(
            verb,
            path,
            said,
            one("appConnection", "Connection"),
            (400, *_BEARER, 404, 422),
            body,
            parameters={"connectionId": _UUID},
        )
        for verb, path, said, body in (
            ("get", _ONE, "A connection by its id.", ""),
            ("patch", _ONE, "Change a connection.", "ConnectionChange"),
            ("delete", _ONE, "Delete a connection.", ""),
            ("post", f"{_ONE}/rotate-credentials", "Rotate; Salesforce has nothing to rotate.", ""),
        )
    ),
    Operation(
        "get", f"{_ONE}/oauth-apps", "For users only.", array("apps", "OAuthApp"), _BEARER, parameters={"connectionId": _TEXT}
    ),
)


def document(build: Build) -> dict[str, Any]:
    """Return the document of what a build serves."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in _served(build):
        paths.setdefault(operation.path, {})[operation.verb] = _operation(operation)
    schemas = dict(SCHEMAS)
    if not build.gateway_pools:
        for name in ("Connection", "ListedConnection"):
            kept = {key: value for key, value in schemas[name]["properties"].items() if key != "gatewayPoolId"}
            schemas[name] = schemas[name] | {"properties": kept, "required": [key for key in kept if key != "project"]}
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Infisical API (embedded)",
            "version": "0.0.1",
            "description": "The part of Infisical's API that has to do with Salesforce connections.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"bearerAuth": bearer}},
    }


def _served(build: Build) -> Iterator[Operation]:
    for operation in _OPERATIONS:
        if build.details or not operation.path.endswith("/identities/details"):
            yield operation
    yield from _secrets("/api/v3/secrets/raw", ("workspaceId", "workspaceSlug"))
    if build.newest_secrets:
        yield from _secrets("/api/v4/secrets", ("projectId",))


def _secrets(base: str, project: tuple[str, ...]) -> Iterator[Operation]:
    query = (*project, *_SECRET_QUERY)
    refusals = (400, *_BEARER, 404)
    yield Operation("get", base, "The secrets of a folder.", ref("SecretList"), refusals, "", (*query, "recursive"))
    for verb, said, body in (
        ("get", "A secret.", ""),
        ("post", "A new secret.", "NewSecret"),
        ("patch", "Change a secret.", "SecretChange"),
        ("delete", "Delete a secret.", "SecretPlace"),
    ):
        yield Operation(
            verb,
            f"{base}/{{secretName}}",
            said,
            one("secret", "Secret"),
            (*refusals, 422),
            body,
            () if body else query,
            parameters={"secretName": _TEXT},
        )


def _operation(operation: Operation) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema} for name, schema in operation.parameters.items()
    ]
    parameters += [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in operation.query]
    described: dict[str, Any] = {"summary": operation.summary, "responses": _responses(operation)}
    if parameters:
        described["parameters"] = parameters
    if operation.body:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": ref(operation.body)}}}
    if operation.needs_token:
        described["security"] = [{"bearerAuth": []}]
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    found = {"200": {"description": "Done.", "content": {"application/json": {"schema": operation.answer}}}}
    if operation.verb == "get":
        found["304"] = {"description": "Not changed since the ETag that was sent."}
    for status in sorted({*operation.refusals, 429, 500}):
        schema = ref("ValidationFailure" if status == 422 else "Refusal")
        found[str(status)] = {"description": _MEANINGS[status], "content": {"application/json": {"schema": schema}}}
    return found


_MEANINGS = {
    400: "A rule refuses it.",
    401: "No token, a revoked one, or a refused log-in.",
    403: "The token is not good, or the identity may not.",
    404: "It is not there.",
    422: "The request does not fit its schema.",
    429: "Too many requests.",
    500: "Something the server did not foresee; a body it cannot read too.",
}
