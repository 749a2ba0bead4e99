"""The named shapes of the OpenAPI document, as JSON Schema: bodies of requests, answers and refusals.

The shapes of answers allow no other keys, so that a test against them finds what the document forgets. The shapes of
requests allow other keys, because Infisical ignores keys that it does not know.
"""

from reconciler.embedded.infisical.builds import Build
from reconciler.embedded.infisical.database.secret_rows import HIDDEN
from reconciler.embedded.infisical.openapi.json_schema import (
    FALSE,
    FILLED,
    MOMENT,
    NO_COLON_OR_SLASH,
    NULL,
    SLUG,
    TEXT,
    UUID,
    WHOLE_SECONDS,
    JsonSchema,
    at_least,
    closed,
    list_of,
    nullable,
    ref,
)
from reconciler.embedded.infisical.requests.bodies import LONGEST_DESCRIPTION, SALESFORCE_METHOD
from reconciler.embedded.infisical.requests.checks import LONGEST_NAME


def component_schemas(build: Build) -> dict[str, JsonSchema]:
    """Return every named shape of this build, by its name."""
    return {**_refusals(), **_connections(build), **_projects(), **_secrets(build), **_log_ins()}


def _refusal(status: int, *names: str, message: JsonSchema = TEXT, **more: JsonSchema) -> JsonSchema:
    given: dict[str, JsonSchema] = {
        "reqId": {"type": "string", "pattern": "^req-[0-9A-Za-z]{14}$"},
        "statusCode": {"type": "integer", "const": status},
        "message": message,
        "error": {"type": "string", "enum": list(names)},
    }
    return closed({**given, **more}, optional=tuple(more))


def _refusals() -> dict[str, JsonSchema]:
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


def _connections(build: Build) -> dict[str, JsonSchema]:
    fields: dict[str, JsonSchema] = {
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
        "method": {"type": "string", "const": SALESFORCE_METHOD},
        "credentials": closed({"instanceUrl": TEXT}),
    }
    project = {**closed({"name": TEXT, "id": UUID, "type": TEXT, "slug": SLUG}), "type": ["object", "null"]}
    inert = {"isPlatformManagedCredentials": FALSE, "isAutoRotationEnabled": FALSE, "gatewayId": NULL, "rotation": NULL}
    if build.gateway_pools:
        inert["gatewayPoolId"] = NULL
    written = {
        "name": SLUG,
        "description": nullable({**TEXT, "maxLength": LONGEST_DESCRIPTION}),
        "credentials": at_least(
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
        "NewConnection": at_least(created, "name", "method", "credentials"),
        "ConnectionChange": at_least(written),
    }


def _projects() -> dict[str, JsonSchema]:
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
    return {"Project": closed(project), "NewProject": at_least(new, "projectName")}


def _secrets(build: Build) -> dict[str, JsonSchema]:
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
    new_place: dict[str, JsonSchema] = {"projectId": TEXT, **folder}
    old_place: dict[str, JsonSchema] = {"workspaceId": TEXT, "workspaceSlug": TEXT, "projectSlug": TEXT, **folder}
    written = {"secretValue": TEXT, "secretComment": nullable(TEXT)}
    changed = {"secretValue": nullable(TEXT), "secretComment": nullable(TEXT), "newSecretName": NO_COLON_OR_SLASH}
    newest = {
        "NewSecret": at_least({**new_place, **written}, "projectId", "environment", "secretValue"),
        "SecretChange": at_least({**new_place, **changed}, "projectId", "environment"),
        "SecretPlace": at_least(new_place, "projectId", "environment"),
    }
    return {
        **(newest if build.newest_secrets else {}),
        "Secret": closed(secret),
        "NewRawSecret": at_least({**old_place, **written}, "environment", "secretValue"),
        "RawSecretChange": at_least({**old_place, **changed}, "environment"),
        "RawSecretPlace": at_least(old_place, "environment"),
    }


def _log_ins() -> dict[str, JsonSchema]:
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
                "expiresIn": WHOLE_SECONDS,
                "accessTokenMaxTTL": WHOLE_SECONDS,
                "tokenType": {"type": "string", "const": "Bearer"},
            }
        ),
        "UniversalLogIn": at_least({"clientId": TEXT, "clientSecret": TEXT, **organisation}, "clientId", "clientSecret"),
        "JwtLogIn": at_least({"identityId": FILLED, "jwt": FILLED, **organisation}, "identityId", "jwt"),
        "AwsLogIn": at_least({**aws, **organisation}, *aws),
        "GivenToken": at_least({"accessToken": FILLED}, "accessToken"),
    }
