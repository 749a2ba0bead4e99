"""The operations that a build of the API serves, as values: the OpenAPI document is made of them."""

from dataclasses import dataclass

from reconciler.embedded.infisical.auth.vouchers import AWS_METHOD, JWT_METHODS
from reconciler.embedded.infisical.builds import Build
from reconciler.embedded.infisical.openapi.json_schema import (
    MOMENT,
    TEXT,
    UUID,
    JsonSchema,
    at_least,
    closed,
    list_of,
    ref,
)

_BASE = "/api/v1/app-connections"
_SALESFORCE = f"{_BASE}/salesforce"


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb on one path.

    - `answer` is the shape of the body of a 200.
    - `refusals` are the statuses that this operation can also give, except those that follow from the other fields.
    - `query` holds its parameters in the query, `body` is the name of the shape of its body ("" for no body).
    - `forms`: the body can also be a form. `secured`: the operation needs a token.
    """

    method: str
    path: str
    summary: str
    answer: JsonSchema
    refusals: tuple[int, ...] = ()
    query: tuple[JsonSchema, ...] = ()
    body: str = ""
    body_required: bool = True
    forms: bool = False
    secured: bool = True

    def statuses(self) -> set[int]:
        """Return every status except 200 and 304, with those for a bad token, an unreadable body and a reached limit."""
        return {*self.refusals, 429, *((401, 403) if self.secured else ()), *((422, 500) if self.body else ())}


def operations(build: Build) -> list[Operation]:
    """Return the operations that this build serves."""
    bases = ["/api/v3/secrets/raw", *(["/api/v4/secrets"] if build.newest_secrets else [])]
    secrets = [operation for base in bases for operation in _secrets(base)]
    return [*_always(), *_log_ins(), *_identity(build), *_projects(build), *_connections(), *secrets]


def _query_parameter(name: str, schema: JsonSchema = TEXT, *, required: bool = False) -> JsonSchema:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _always() -> list[Operation]:
    flags = ("emailConfigured", "inviteOnlySignup", "redisConfigured", "secretScanningConfigured")
    status = closed({"date": MOMENT, "message": TEXT, **{flag: {"type": "boolean"} for flag in flags}})
    return [
        Operation("GET", "/api/status", "Whether the server answers", status, secured=False),
        Operation("GET", "/api/docs/json", "This document", at_least({"openapi": TEXT}, "openapi"), secured=False),
    ]


def _log_ins() -> list[Operation]:
    token = ref("AccessToken")

    def post(path: str, summary: str, body: str, answer: JsonSchema, *refusals: int) -> Operation:
        path = f"/api/v1/auth/{path}"
        return Operation("POST", path, summary, answer, refusals, body=body, forms=True, secured=False)

    return [
        post("universal-auth/login", "Log in with a client id and secret", "UniversalLogIn", token, 401, 404),
        *(post(f"{kind}/login", "Log in with a JWT of a trusted issuer", "JwtLogIn", token, 401, 404) for kind in JWT_METHODS),
        post(f"{AWS_METHOD}/login", "Log in with a signed GetCallerIdentity", "AwsLogIn", token, 401, 404),
        post("token/renew", "Renew a token", "GivenToken", token, 400, 401, 403),
        post("token/revoke", "Revoke a token", "GivenToken", closed({"message": TEXT}), 401, 403),
    ]


def _identity(build: Build) -> list[Operation]:
    organisation = closed({"id": UUID, "name": TEXT, "slug": TEXT})
    details = closed({"identityDetails": closed({"organization": organisation})})
    path = "/api/v1/identities/details"
    return [Operation("GET", path, "The organisation of the identity that is logged in", details)] if build.details else []


def _projects(build: Build) -> list[Operation]:
    base, project = "/api/v1/projects", closed({"project": ref("Project")})
    slugs = [f"{base}/slug/{{slug}}", *(["/api/v1/workspace/slug/{slug}"] if build.workspaces else [])]
    by_id = f"{base}/{{projectId}}"
    return [
        Operation("GET", base, "Projects the identity is a member of", closed({"projects": list_of(ref("Project"))})),
        Operation("POST", base, "Make a project", project, (400,), body="NewProject", forms=True),
        *(Operation("GET", path, "A project by slug, without the key `project`", ref("Project"), (404,)) for path in slugs),
        Operation("GET", by_id, "A project by id", project, (404,)),
        Operation("DELETE", by_id, "Delete a project and everything in it", project, (400, 404)),
    ]


def _connections() -> list[Operation]:
    of_project = (_query_parameter("projectId"),)
    connection = closed({"appConnection": ref("Connection")})
    by_id = f"{_SALESFORCE}/{{connectionId}}"

    def many(item: str) -> JsonSchema:
        return closed({"appConnections": list_of(ref(item))})

    options = closed({"appConnectionOptions": list_of(ref("ConnectionOption"))})
    apps = closed({"apps": list_of(closed({"identifier": TEXT, "developerName": TEXT}))})
    return [
        Operation("GET", _BASE, "Connections of every app", many("ListedConnectionOfAnyApp"), (404, 422), of_project),
        Operation("GET", f"{_BASE}/options", "Apps this server knows", options, (), (_query_parameter("projectType"),)),
        Operation("GET", _SALESFORCE, "Salesforce connections", many("ListedConnection"), (404, 422), of_project),
        Operation("POST", _SALESFORCE, "Make a connection", connection, (400,), body="NewConnection"),
        Operation(
            "GET",
            f"{_SALESFORCE}/available",
            "Connections that a project can use",
            many("AvailableConnection"),
            (404, 422),
            of_project,
        ),
        Operation(
            "GET", f"{_SALESFORCE}/connection-name/{{name}}", "A connection by name", connection, (400, 404, 422), of_project
        ),
        Operation("GET", by_id, "A connection by id", connection, (400, 404, 422)),
        Operation("PATCH", by_id, "Change a connection", connection, (400, 404), body="ConnectionChange"),
        Operation("DELETE", by_id, "Delete a connection", connection, (400, 404, 422, 500)),
        Operation(
            "POST",
            f"{by_id}/rotate-credentials",
            "Rotate credentials: no Salesforce connection can",
            connection,
            (400, 404, 422),
        ),
        Operation("GET", f"{by_id}/oauth-apps", "OAuth apps: for users only, not for machine identities", apps, (404,)),
    ]


def _secrets(base: str) -> list[Operation]:
    raw = base.endswith("/raw")
    named = ("workspaceId", "workspaceSlug") if raw else ("projectId",)
    truth = {"type": "string", "enum": ["true", "false"]}
    switches = ("viewSecretValue", "expandSecretReferences", "include_imports")
    query = (
        *(_query_parameter(name, required=not raw) for name in named),
        _query_parameter("environment", required=True),
        _query_parameter("secretPath", {**TEXT, "default": "/"}),
        *(_query_parameter(name, truth) for name in switches),
    )
    one_query = (*query, _query_parameter("type", {"type": "string", "enum": ["shared", "personal"]}))
    new, change, place = (f"{'Raw' if raw else ''}Secret{kind}" for kind in ("", "Change", "Place"))
    by_name, secret = f"{base}/{{secretName}}", closed({"secret": ref("Secret")})
    many = closed({"secrets": list_of(ref("Secret")), "imports": list_of({"type": "object"})})
    return [
        Operation("GET", base, "Secrets of a folder", many, (400, 404), (*query, _query_parameter("recursive", truth))),
        Operation("GET", by_name, "A secret", secret, (400, 404, 422), one_query),
        Operation("POST", by_name, "Make a secret", secret, (400, 404), body=f"New{new}"),
        Operation("PATCH", by_name, "Change a secret", secret, (400, 404), body=change),
        Operation("DELETE", by_name, "Delete a secret", secret, (400, 404), body=place),
    ]
