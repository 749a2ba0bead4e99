"""The shapes of bodies and answers, as JSON Schema, by the names that the OpenAPI document calls them."""

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string"}
_SOME = {"type": "string", "minLength": 1}
_MAYBE = {"type": ["string", "null"]}
_UUID = {"type": "string", "format": "uuid"}
_TIME = {"type": "string", "format": "date-time"}
_FLAG = {"type": "boolean"}
_NOTHING = {"type": "null"}
_SLUG = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "minLength": 1, "maxLength": 64}
_DESCRIPTION = {"type": ["string", "null"], "maxLength": 256}


def ref(name: str) -> dict[str, Any]:
    """Return a reference to a schema of this module."""
    return {"$ref": f"#/components/schemas/{name}"}


def one(key: str, name: str) -> dict[str, Any]:
    """Return the schema of an object with one thing in it."""
    return _object({key: ref(name)})


def array(key: str, name: str) -> dict[str, Any]:
    """Return the schema of an object with a list in it."""
    return _object({key: {"type": "array", "items": ref(name)}})


def _object(properties: Mapping[str, Any], *optional: str, closed: bool = True) -> dict[str, Any]:
    required = [key for key in properties if key not in optional]
    found: dict[str, Any] = {"type": "object", "properties": dict(properties), "required": required}
    return found | {"additionalProperties": False} if closed else found


_CONNECTION = {
    "id": _UUID,
    "name": _SOME,
    "description": _MAYBE,
    "app": _SOME,
    "method": _SOME,
    "credentials": {"type": "object"},
    "credentialsHash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "version": {"type": "integer"},
    "orgId": _UUID,
    "projectId": _MAYBE,
    "createdAt": _TIME,
    "updatedAt": _TIME,
    "isPlatformManagedCredentials": _FLAG,
    "gatewayId": _NOTHING,
    "gatewayPoolId": _NOTHING,
    "isAutoRotationEnabled": _FLAG,
}
_PROJECT_OF = _object({"name": _TEXT, "id": _UUID, "type": _TEXT, "slug": _SLUG})
_INERT = {
    "isPlatformManagedCredentials": {"const": False},
    "isAutoRotationEnabled": {"const": False},
    "gatewayId": _NOTHING,
    "gatewayPoolId": _NOTHING,
    "rotation": _NOTHING,
}
_CREDENTIALS = _object({"instanceUrl": _SOME, "consumerKey": _SOME, "consumerSecret": _SOME}, closed=False)
_SECRET = {
    "id": _UUID,
    "_id": _UUID,
    "workspace": _UUID,
    "environment": _SOME,
    "version": {"type": "integer", "minimum": 1},
    "type": {"const": "shared"},
    "secretKey": _SOME,
    "secretValue": _TEXT,
    "secretValueHidden": _FLAG,
    "secretComment": _TEXT,
    "secretPath": {"type": "string", "pattern": "^/"},
    "secretReminderNote": _MAYBE,
    "secretReminderRepeatDays": {"type": ["number", "null"]},
    "skipMultilineEncoding": _FLAG,
    "secretMetadata": {"type": "array"},
    "tags": {"type": "array"},
    "isRotatedSecret": _FLAG,
    "createdAt": _TIME,
    "updatedAt": _TIME,
}
_PLACE = {
    "projectId": _MAYBE,
    "workspaceId": _MAYBE,
    "projectSlug": _MAYBE,
    "workspaceSlug": _MAYBE,
    "environment": _MAYBE,
    "secretPath": _MAYBE,
}
_WRITTEN = {**_PLACE, "secretValue": _TEXT, "secretComment": _MAYBE, "newSecretName": _MAYBE}
_SUB = {"organizationSlug": _MAYBE, "subOrganizationName": _MAYBE}
_REFUSAL = {
    "reqId": {"type": "string", "pattern": "^req-[A-Za-z0-9]{14}$"},
    "statusCode": {"type": "integer"},
    "message": _TEXT,
    "error": _SOME,
    "details": {"type": "array", "items": {"type": "object"}},
}
_ISSUE = _object({"code": _SOME, "path": {"type": "array", "items": _TEXT}, "message": _TEXT})

SCHEMAS: Mapping[str, Any] = {
    "AwsLogin": _object(
        {
            "identityId": _SOME,
            "iamHttpRequestMethod": {"const": "POST"},
            "iamRequestBody": _TEXT,
            "iamRequestHeaders": _TEXT,
            **_SUB,
        },
        *_SUB,
        closed=False,
    ),
    "BriefConnection": _object({"app": _SOME, "name": _SOME, "id": _UUID, "projectId": _MAYBE, "orgId": _UUID}),
    "Connection": _object(_CONNECTION),
    "ConnectionChange": _object(
        {"name": _SLUG, "description": _DESCRIPTION, "credentials": _CREDENTIALS, **_INERT},
        *("name", "description", "credentials", *_INERT),
        closed=False,
    ),
    "Grant": _object(
        {
            "accessToken": _SOME,
            "expiresIn": {"type": "integer"},
            "accessTokenMaxTTL": {"type": "integer"},
            "tokenType": {"const": "Bearer"},
        }
    ),
    "IdentityDetails": _object({"organization": _object({"id": _UUID, "name": _TEXT, "slug": _TEXT})}),
    "JwtLogin": _object({"identityId": _SOME, "jwt": _SOME, **_SUB}, *_SUB, closed=False),
    "ListedConnection": _object({**_CONNECTION, "project": {"anyOf": [_PROJECT_OF, _NOTHING]}}),
    "NewConnection": _object(
        {
            "name": _SLUG,
            "method": {"const": "client-credentials"},
            "credentials": _CREDENTIALS,
            "description": _DESCRIPTION,
            "projectId": _TEXT,
            **_INERT,
        },
        *("description", "projectId", *_INERT),
        closed=False,
    ),
    "NewProject": _object(
        {
            "projectName": {"type": "string", "minLength": 1, "maxLength": 64},
            "slug": _SLUG,
            "type": _TEXT,
            "projectDescription": _DESCRIPTION,
        },
        *("slug", "type", "projectDescription"),
        closed=False,
    ),
    "NewSecret": _object(_WRITTEN, *(key for key in _WRITTEN if key != "secretValue"), closed=False),
    "OAuthApp": _object({"identifier": _SOME, "developerName": _SOME}),
    "Option": _object({"name": _SOME, "app": _SOME, "methods": {"type": "array", "items": _SOME}}),
    "Project": _object(
        {
            "id": _UUID,
            "name": _TEXT,
            "slug": _SLUG,
            "type": _TEXT,
            "description": _MAYBE,
            "orgId": _UUID,
            "createdAt": _TIME,
            "updatedAt": _TIME,
            "environments": {"type": "array", "items": _object({"id": _UUID, "name": _SOME, "slug": _SLUG})},
        }
    ),
    "Refusal": _object(_REFUSAL, "reqId", "details"),
    "Said": _object({"message": _TEXT}),
    "Secret": _object(_SECRET),
    "SecretChange": _object({**_WRITTEN, "secretValue": _MAYBE}, *_WRITTEN, closed=False),
    "SecretList": _object(
        {"secrets": {"type": "array", "items": ref("Secret")}, "imports": {"type": "array", "items": {"type": "object"}}}
    ),
    "SecretPlace": _object(_PLACE, *_PLACE, closed=False),
    "Status": _object(
        {
            "date": _TIME,
            "message": _TEXT,
            **dict.fromkeys(("emailConfigured", "inviteOnlySignup", "redisConfigured", "secretScanningConfigured"), _FLAG),
        }
    ),
    "Token": _object({"accessToken": _SOME}, closed=False),
    "UniversalLogin": _object({"clientId": _TEXT, "clientSecret": _TEXT, **_SUB}, *_SUB, closed=False),
    "ValidationFailure": _object({**_REFUSAL, "message": {"type": "array", "items": _ISSUE}}, "details"),
}
"""Infisical takes unknown keys of a body in silence; its answers have the keys named here and no others."""
