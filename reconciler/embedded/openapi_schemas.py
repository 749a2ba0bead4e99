"""What bodies look like, as JSON Schema: the shapes that the OpenAPI document names, of requests, answers and refusals.

Answers are closed (no key beyond those named), so that a check against them finds what the document forgets. Requests are
open: Infisical drops keys it does not know without a word.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from reconciler.embedded.build import Build
from reconciler.embedded.secret_rows import HIDDEN
from reconciler.embedded.validation import LONGEST_DESCRIPTION, LONGEST_NAME, METHOD

Schema: TypeAlias = dict[str, Any]

TEXT: Schema = {"type": "string"}
UUID: Schema = {"type": "string", "format": "uuid"}
SLUG: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
NULL: Schema = {"type": "null"}
FALSE: Schema = {"type": "boolean", "const": False}
FILLED: Schema = {"type": "string", "minLength": 1, "pattern": r"\S"}
SECONDS: Schema = {"type": "integer", "minimum": 0}
NO_COLON_OR_SLASH: Schema = {"type": "string", "minLength": 1, "pattern": "^[^:/]*$"}


def ref(name: str) -> Schema:
    """A component by name."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def closed(properties: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these keys and no others, all there but those that are `optional`."""
    required = [key for key in properties if key not in optional]
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}


def open_(properties: Mapping[str, Schema], *required: str) -> Schema:
    """An object with at least the keys that are `required`."""
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def components(build: Build) -> dict[str, Schema]:
    """Every named shape of this build."""
    return {**_refusals(), **_connections(build), **_projects(), **_secrets(build), **_log_ins()}


def _refusal(status: int, *names: str, message: Schema = TEXT, **more: Schema) -> Schema:
    given: dict[str, Schema] = {
        "reqId": {"type": "string", "pattern": "^req-[0-9A-Za-z]{14}$"},
        "statusCode": {"type": "integer", "const": status},
        "message": message,
        "error": {"type": "string", "enum": list(names)},
    }
    return closed({**given, **more}, optional=tuple(more))


def _refusals() -> dict[str, Schema]:
    status = {"type": "integer", "const": 404}
    no_route = {"message": TEXT, "error": {"type": "string", "const": "Not Found"}, "statusCode": status}
    rule = {"action": TEXT, "subject": TEXT, "inverted": {"type": "boolean"}, "conditions": {"type": ["object", "null"]}}
    return {
        "BadRequest": _refusal(400, "BadRequest"),
        "Unauthorized": _refusal(401, "UnauthorizedError"),
        "Forbidden": _refusal(403, "PermissionDenied", "TokenError", "ForbiddenError", details=list_of(closed(rule))),
        "NotFound": _refusal(404, "NotFound"),
        "NoRoute": closed(no_route),
        "Issue": closed({"code": TEXT, "path": list_of(TEXT), "message": TEXT}),
        "ValidationFailure": _refusal(422, "ValidationFailure", message={**list_of(ref("Issue")), "minItems": 1}),
        "RateLimitExceeded": _refusal(429, "RateLimitExceeded"),
        "InternalServerError": _refusal(500, "InternalServerError"),
    }


def _connections(build: Build) -> dict[str, Schema]:
    fields: dict[str, Schema] = {
        "id": UUID,
        "name": TEXT,
        "description": nullable({**TEXT, "maxLength": LONGEST_DESCRIPTION}),
        "app": TEXT,
        "method": TEXT,
        "credentials": {"type": "object", "additionalProperties": TEXT},
        "credentialsHash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "version": {"type": "integer", "const": build.version},
        "orgId": UUID,
        "projectId": nullable(TEXT),
        "createdAt": MOMENT,
        "updatedAt": MOMENT,
        "isPlatformManagedCredentials": nullable({"type": "boolean"}),
        "gatewayId": nullable(UUID),
        "gatewayPoolId": nullable(UUID),
        "isAutoRotationEnabled": {"type": "boolean"},
    }
    if not build.gateway_pools:
        del fields["gatewayPoolId"]
    salesforce = {
        "name": SLUG,
        "app": {"type": "string", "const": "salesforce"},
        "method": {"type": "string", "const": METHOD},
        "credentials": closed({"instanceUrl": TEXT}),
    }
    project = {**closed({"name": TEXT, "id": UUID, "type": TEXT, "slug": SLUG}), "type": ["object", "null"]}
    inert = {"isPlatformManagedCredentials": FALSE, "isAutoRotationEnabled": FALSE, "gatewayId": NULL, "rotation": NULL}
    if build.gateway_pools:
        inert["gatewayPoolId"] = NULL
    written = {
        "name": SLUG,
        "description": nullable({**TEXT, "maxLength": LONGEST_DESCRIPTION}),
        "credentials": open_(
            dict.fromkeys(("instanceUrl", "consumerKey", "consumerSecret"), FILLED),
            "instanceUrl",
            "consumerKey",
            "consumerSecret",
        ),
        **inert,
    }
    created = {**written, "method": salesforce["method"], "projectId": TEXT}
    brief = {key: fields[key] for key in ("app", "name", "id", "projectId", "orgId")}
    return {
        "Connection": closed({**fields, **salesforce}),
        "ListedConnection": closed({**fields, **salesforce, "project": project}),
        "ListedConnectionOfAnyApp": closed({**fields, "project": project}),
        "AvailableConnection": closed(brief),
        "ConnectionOption": closed({"name": TEXT, "app": TEXT, "methods": list_of(TEXT)}),
        "NewConnection": open_(created, "name", "method", "credentials"),
        "ConnectionChange": open_(written),
    }


def _projects() -> dict[str, Schema]:
    named = {"id": UUID, "name": TEXT, "slug": SLUG}
    project = {
        **named,
        "type": TEXT,
        "description": nullable({**TEXT, "maxLength": LONGEST_DESCRIPTION}),
        "orgId": UUID,
        "createdAt": MOMENT,
        "updatedAt": MOMENT,
        "environments": list_of(closed(named)),
    }
    new = {
        "projectName": {**FILLED, "maxLength": LONGEST_NAME},
        "slug": SLUG,
        "type": TEXT,
        "projectDescription": nullable({**TEXT, "maxLength": LONGEST_DESCRIPTION}),
    }
    return {"Project": closed(project), "NewProject": open_(new, "projectName")}


def _secrets(build: Build) -> dict[str, Schema]:
    secret = {
        "id": UUID,
        "_id": UUID,
        "workspace": UUID,
        "environment": TEXT,
        "version": {"type": "integer", "minimum": 1},
        "type": {"type": "string", "enum": ["shared", "personal"]},
        "secretKey": TEXT,
        "secretValue": {**TEXT, "description": f"`{HIDDEN}` where `secretValueHidden` is true."},
        "secretValueHidden": {"type": "boolean"},
        "secretComment": TEXT,
        "secretPath": {"type": "string", "pattern": "^/"},
        "secretReminderNote": nullable(TEXT),
        "secretReminderRepeatDays": nullable({"type": "integer"}),
        "skipMultilineEncoding": nullable({"type": "boolean"}),
        "secretMetadata": list_of({"type": "object"}),
        "tags": list_of({"type": "object"}),
        "isRotatedSecret": {"type": "boolean"},
        "createdAt": MOMENT,
        "updatedAt": MOMENT,
    }
    folder = {"environment": TEXT, "secretPath": {**TEXT, "default": "/"}}
    new_place: dict[str, Schema] = {"projectId": TEXT, **folder}
    old_place: dict[str, Schema] = {"workspaceId": TEXT, "workspaceSlug": TEXT, "projectSlug": TEXT, **folder}
    written = {"secretValue": TEXT, "secretComment": nullable(TEXT)}
    changed = {"secretValue": nullable(TEXT), "secretComment": nullable(TEXT), "newSecretName": NO_COLON_OR_SLASH}
    newest = {
        "NewSecret": open_({**new_place, **written}, "projectId", "environment", "secretValue"),
        "SecretChange": open_({**new_place, **changed}, "projectId", "environment"),
        "SecretPlace": open_(new_place, "projectId", "environment"),
    }
    return {
        **(newest if build.newest_secrets else {}),
        "Secret": closed(secret),
        "NewRawSecret": open_({**old_place, **written}, "environment", "secretValue"),
        "RawSecretChange": open_({**old_place, **changed}, "environment"),
        "RawSecretPlace": open_(old_place, "environment"),
    }


def _log_ins() -> dict[str, Schema]:
    organisation = {"organizationSlug": nullable(TEXT), "subOrganizationName": nullable(TEXT)}
    aws = {
        "identityId": FILLED,
        "iamHttpRequestMethod": {"type": "string", "const": "POST"},
        "iamRequestBody": {"type": "string", "contentEncoding": "base64"},
        "iamRequestHeaders": {"type": "string", "contentEncoding": "base64"},
    }
    return {
        "AccessToken": closed(
            {
                "accessToken": TEXT,
                "expiresIn": SECONDS,
                "accessTokenMaxTTL": SECONDS,
                "tokenType": {"type": "string", "const": "Bearer"},
            }
        ),
        "UniversalLogIn": open_({"clientId": TEXT, "clientSecret": TEXT, **organisation}, "clientId", "clientSecret"),
        "JwtLogIn": open_({"identityId": FILLED, "jwt": FILLED, **organisation}, "identityId", "jwt"),
        "AwsLogIn": open_({**aws, **organisation}, *aws),
        "GivenToken": open_({"accessToken": FILLED}, "accessToken"),
    }
