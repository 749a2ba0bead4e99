"""Reads the bodies of requests: decodes them as the real server's parsers do, and checks them by its schemas.

Each `parse_...` function takes a decoded body and returns a value. It raises ValidationFailureError with all issues at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.requests import Request

from reconciler.embedded.infisical.builds import CURRENT, Build
from reconciler.embedded.infisical.errors import InternalError
from reconciler.embedded.infisical.requests.checks import ABSENT, LONGEST_NAME, BodyCheck, Maybe, secret_name_issue, trim

SALESFORCE_METHOD = "client-credentials"
LONGEST_DESCRIPTION = 256

# Infisical: a client may send these fields, which Salesforce connections do not support, only with these values.
_HARMLESS: Mapping[str, bool | None] = {
    "isPlatformManagedCredentials": False,
    "isAutoRotationEnabled": False,
    "gatewayId": None,
    "gatewayPoolId": None,
    "rotation": None,
}


@dataclass(frozen=True, slots=True)
class SubmittedCredentials:
    """What a client gives for a log-in to Salesforce. Only `instance_url` may outlive the request."""

    instance_url: str
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewConnection:
    """A new connection. A `project_id` of None is the scope of the organisation."""

    name: str
    description: str | None
    project_id: str | None
    credentials: SubmittedCredentials


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """A change of a connection. A `description` of None or "" is stored as it is."""

    name: str | None
    description: Maybe
    credentials: SubmittedCredentials | None


@dataclass(frozen=True, slots=True)
class NewProject:
    """A new project. With a `slug` of None the server chooses one."""

    name: str
    slug: str | None
    kind: str
    description: str | None


@dataclass(frozen=True, slots=True)
class UniversalLogIn:
    """A log-in with a client id and a client secret."""

    client_id: str
    client_secret: str = field(repr=False)
    organisation_slug: str | None = None


@dataclass(frozen=True, slots=True)
class JwtLogIn:
    """A log-in with a JWT."""

    identity_id: str
    jwt: str = field(repr=False)
    organisation_slug: str | None = None


@dataclass(frozen=True, slots=True)
class AwsLogIn:
    """A log-in by aws-auth: body and headers (JSON) of a signed request, both in base64."""

    identity_id: str
    body: str
    headers: str = field(repr=False)
    organisation_slug: str | None = None


def decode_body(request: Request, raw: bytes) -> object:
    """Return the value of a body, ABSENT if there is no body.

    Infisical reads forms as well as JSON. A body that its parsers cannot read is a 500 (InternalError), and so is an empty
    body of the JSON type.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        try:
            return json.loads(raw, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise InternalError from None
    if kind == "application/x-www-form-urlencoded":
        fields = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True)
        return {key: values if len(values) > 1 else values[0] for key, values in fields.items()}
    if raw:
        raise InternalError
    return ABSENT


def parse_new_connection(body: object, build: Build = CURRENT) -> NewConnection:
    """Parse the body that makes a connection. Texts are trimmed as the server trims them."""
    check = BodyCheck(body)
    name = check.name("name")
    check.literal("method", SALESFORCE_METHOD)
    description = check.text("description", longest=LONGEST_DESCRIPTION, nullable=True)
    project_id = check.text("projectId", optional=True)
    check.unsupported(_harmless(build))
    credentials = _credentials(check)
    check.finish()
    return NewConnection(_given(name), _or_none(description), _or_none(project_id) or None, credentials)


def parse_connection_change(body: object, build: Build = CURRENT) -> ConnectionChange:
    """Parse the body that changes a connection.

    Infisical: credentials are given as a whole or not at all. The method, the scope and unknown keys are ignored.
    """
    check = BodyCheck(body)
    name = check.name("name", optional=True)
    description = check.text("description", longest=LONGEST_DESCRIPTION, nullable=True)
    check.unsupported(_harmless(build))
    credentials = _credentials(check) if check.has("credentials") else None
    check.finish()
    return ConnectionChange(_or_none(name), description, credentials)


def parse_new_project(body: object) -> NewProject:
    """Parse the body that makes a project."""
    check = BodyCheck(body)
    name = check.text("projectName", shortest=1, longest=LONGEST_NAME)
    slug = check.name("slug", optional=True)
    kind = check.text("type", optional=True)
    description = check.text("projectDescription", longest=LONGEST_DESCRIPTION, nullable=True)
    check.finish()
    return NewProject(_given(name), _or_none(slug), _or_none(kind) or "secret-manager", _or_none(description))


def parse_universal_log_in(body: object) -> UniversalLogIn:
    """Parse the body of a universal-auth log-in."""
    check = BodyCheck(body)
    client_id, client_secret = check.text("clientId"), check.text("clientSecret")
    slug = _organisation_slug(check)
    check.finish()
    return UniversalLogIn(_given(client_id), _given(client_secret), slug)


def parse_jwt_log_in(body: object) -> JwtLogIn:
    """Parse the body of a log-in with a JWT."""
    check = BodyCheck(body)
    identity_id, token = check.text("identityId", shortest=1), check.text("jwt", shortest=1)
    slug = _organisation_slug(check)
    check.finish()
    return JwtLogIn(_given(identity_id), _given(token), slug)


def parse_aws_log_in(body: object) -> AwsLogIn:
    """Parse the body of an aws-auth log-in."""
    check = BodyCheck(body)
    identity_id = check.text("identityId", shortest=1)
    check.literal("iamHttpRequestMethod", "POST")
    signed, headers = check.text("iamRequestBody"), check.text("iamRequestHeaders")
    slug = _organisation_slug(check)
    check.finish()
    return AwsLogIn(_given(identity_id), _given(signed), _given(headers), slug)


def parse_access_token(body: object) -> str:
    """Parse the body of a renewal or a revocation, and return its token."""
    check = BodyCheck(body)
    token = check.text("accessToken", shortest=1)
    check.finish()
    return _given(token)


def _organisation_slug(check: BodyCheck) -> str | None:
    """Return the slug of the organisation to log in to. Infisical: some builds use the other name."""
    return _or_none(check.text("organizationSlug", nullable=True)) or _or_none(check.text("subOrganizationName", nullable=True))


def parse_secret(body: object, *, value_needed: bool) -> dict[str, str]:
    """Parse a body about a secret, and return the texts that it has by their keys."""
    check = BodyCheck(body)
    keys = ("projectId", "workspaceId", "projectSlug", "workspaceSlug", "environment", "secretPath", "newSecretName")
    fields = {key: check.text(key, nullable=True) for key in keys}
    fields["secretValue"] = check.text("secretValue", nullable=not value_needed, trimmed=False)
    fields["secretComment"] = check.text("secretComment", nullable=True, trimmed=False)
    new_name = fields["newSecretName"]
    issue = secret_name_issue(new_name, "newSecretName") if isinstance(new_name, str) else None
    if issue:
        check.add(issue)
    check.finish()
    texts = {key: value for key, value in fields.items() if isinstance(value, str)}
    if "secretValue" in texts:
        texts["secretValue"] = _trim_secret_value(texts["secretValue"])
    return texts


def _credentials(check: BodyCheck) -> SubmittedCredentials:
    inner = check.inner("credentials")
    values = [inner.text(key, shortest=1) for key in ("instanceUrl", "consumerKey", "consumerSecret")]
    return SubmittedCredentials(*(value if isinstance(value, str) else "" for value in values))


def _harmless(build: Build) -> Mapping[str, bool | None]:
    if build.gateway_pools:
        return _HARMLESS
    return {key: value for key, value in _HARMLESS.items() if key != "gatewayPoolId"}


def _trim_secret_value(value: str) -> str:
    """Return a secret's value as Infisical keeps it: trimmed, except for one line break at its end."""
    trimmed = trim(value)
    return trimmed + "\n" if trimmed and value.endswith("\n") else trimmed


def _given(value: Maybe) -> str:
    if not isinstance(value, str):
        raise TypeError("a required field passed its check without a value")
    return value


def _or_none(value: Maybe) -> str | None:
    return value if isinstance(value, str) else None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
