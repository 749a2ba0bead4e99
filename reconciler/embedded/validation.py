"""What a request's body may hold: reading it as the real server's parsers do, and its schema rules.

Rules answer with every complaint at once, each worded by the schema library Infisical uses.
"""

import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import parse_qs

from starlette.requests import Request

from reconciler.embedded.build import CURRENT, Build
from reconciler.embedded.errors import InternalError, Issue, ValidationFailureError
from reconciler.embedded.store import is_slug

METHOD = "client-credentials"
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 256


class Absent(enum.Enum):
    """A key that the body does not have: unlike null, it leaves a value as it is."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
Maybe: TypeAlias = str | Absent | None

# ECMAScript's trim() set; str.strip() has others.
WHITE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
WHITE += "\u202f\u205f\u3000\ufeff"
_NAME_RULE = "Secret name cannot contain colon or slash"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# Infisical: fields that Salesforce connections do not support may be sent only with the value that changes nothing.
_INERT: Mapping[str, bool | None] = {
    "isPlatformManagedCredentials": False,
    "isAutoRotationEnabled": False,
    "gatewayId": None,
    "gatewayPoolId": None,
    "rotation": None,
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What logs in to Salesforce. Only `instance_url` may outlive the request."""

    instance_url: str
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewConnection:
    """A valid create body; `project_id` None is the organisation's scope."""

    name: str
    description: str | None
    project_id: str | None
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """A valid PATCH body; a `description` of None or "" is stored as such."""

    name: str | None
    description: Maybe
    credentials: Credentials | None


@dataclass(frozen=True, slots=True)
class NewProject:
    """A valid project body; `slug` None leaves the choice to the server."""

    name: str
    slug: str | None
    kind: str
    description: str | None


@dataclass(frozen=True, slots=True)
class LogIn:
    """A valid universal-auth body."""

    client_id: str
    client_secret: str = field(repr=False)
    organisation_slug: str | None = None


@dataclass(frozen=True, slots=True)
class JwtLogIn:
    """A valid body of the log-ins that have a JWT."""

    identity_id: str
    jwt: str = field(repr=False)
    organisation_slug: str | None = None


@dataclass(frozen=True, slots=True)
class AwsLogIn:
    """A valid aws-auth body: a signed request, its body and headers (JSON) in base64."""

    identity_id: str
    body: str
    headers: str = field(repr=False)
    organisation_slug: str | None = None


def decode_body(request: Request, raw: bytes) -> object:
    """The value a body stands for; ABSENT when there is none.

    Infisical: forms are read as well as JSON, and whatever its parsers cannot read is a 500 (InternalError), an empty
    body that is called JSON included.
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


def new_connection(body: object, build: Build = CURRENT) -> NewConnection:
    """The create body, trimmed as the server trims. Raises ValidationFailureError with all issues."""
    check = _Check(body)
    name = check.name("name")
    check.literal("method", METHOD)
    description = check.text("description", longest=LONGEST_DESCRIPTION, nullable=True)
    project_id = check.text("projectId", optional=True)
    check.inert(build)
    credentials = _credentials(check)
    check.finish()
    return NewConnection(_given(name), _or_none(description), _or_none(project_id) or None, credentials)


def connection_change(body: object, build: Build = CURRENT) -> ConnectionChange:
    """The PATCH body. Raises ValidationFailureError with all issues.

    Infisical: credentials are all or nothing; the method, the scope and unknown keys are dropped without a word.
    """
    check = _Check(body)
    name = check.name("name", optional=True)
    description = check.text("description", longest=LONGEST_DESCRIPTION, nullable=True)
    check.inert(build)
    credentials = _credentials(check) if check.has("credentials") else None
    check.finish()
    return ConnectionChange(_or_none(name), description, credentials)


def new_project(body: object) -> NewProject:
    """The project body. Raises ValidationFailureError with all issues."""
    check = _Check(body)
    name = check.text("projectName", shortest=1, longest=LONGEST_NAME)
    slug = check.name("slug", optional=True)
    kind = check.text("type", optional=True)
    description = check.text("projectDescription", longest=LONGEST_DESCRIPTION, nullable=True)
    check.finish()
    return NewProject(_given(name), _or_none(slug), _or_none(kind) or "secret-manager", _or_none(description))


def log_in(body: object) -> LogIn:
    """The universal-auth log-in body. Raises ValidationFailureError with all issues."""
    check = _Check(body)
    client_id, client_secret = check.text("clientId"), check.text("clientSecret")
    slug = _organisation_slug(check)
    check.finish()
    return LogIn(_given(client_id), _given(client_secret), slug)


def jwt_log_in(body: object) -> JwtLogIn:
    """The body of a log-in that has a JWT. Raises ValidationFailureError with all issues."""
    check = _Check(body)
    identity_id, token = check.text("identityId", shortest=1), check.text("jwt", shortest=1)
    slug = _organisation_slug(check)
    check.finish()
    return JwtLogIn(_given(identity_id), _given(token), slug)


def aws_log_in(body: object) -> AwsLogIn:
    """The aws-auth body. Raises ValidationFailureError with all issues."""
    check = _Check(body)
    identity_id = check.text("identityId", shortest=1)
    check.literal("iamHttpRequestMethod", "POST")
    signed, headers = check.text("iamRequestBody"), check.text("iamRequestHeaders")
    slug = _organisation_slug(check)
    check.finish()
    return AwsLogIn(_given(identity_id), _given(signed), _given(headers), slug)


def access_token(body: object) -> str:
    """The token in a body about one. Raises ValidationFailureError."""
    check = _Check(body)
    token = check.text("accessToken", shortest=1)
    check.finish()
    return _given(token)


def _organisation_slug(check: "_Check") -> str | None:
    """Infisical: some builds call it by its other name."""
    return _or_none(check.text("organizationSlug", nullable=True)) or _or_none(check.text("subOrganizationName", nullable=True))


def secret(body: object, *, value_needed: bool) -> dict[str, str]:
    """The texts of a body about a secret, whichever it has. Raises ValidationFailureError with all issues."""
    check = _Check(body)
    texts = ("projectId", "workspaceId", "projectSlug", "workspaceSlug", "environment", "secretPath", "newSecretName")
    found = {key: check.text(key, nullable=True) for key in texts}
    found["secretValue"] = check.text("secretValue", nullable=not value_needed, trimmed=False)
    found["secretComment"] = check.text("secretComment", nullable=True, trimmed=False)
    renamed = found["newSecretName"]
    if isinstance(renamed, str) and not _is_secret_name(renamed):
        check.add(_issue("custom", ("newSecretName",), _NAME_RULE))
    check.finish()
    return {key: value for key, value in found.items() if isinstance(value, str)}


def secret_name(request: Request) -> str:
    """The name in the path. Infisical: it holds neither a colon nor a slash. Raises ValidationFailureError."""
    name = str(request.path_params["secret_name"]).strip(WHITE)
    if not _is_secret_name(name):
        raise ValidationFailureError([_issue("custom", ("secretName",), _NAME_RULE)])
    return name


def _is_secret_name(text: str) -> bool:
    return re.fullmatch(r"[^:/]+", text) is not None


def connection_id(request: Request) -> str:
    """The UUID in the path, in lower case. Raises ValidationFailureError."""
    given = str(request.path_params["connection_id"])
    if not _UUID.fullmatch(given):
        raise ValidationFailureError([_issue("invalid_string", ("connectionId",), "Invalid uuid")])
    return given.lower()


def connection_name(request: Request) -> str:
    """The name in the path, trimmed. Raises ValidationFailureError when nothing is left."""
    name = str(request.path_params["name"]).strip(WHITE)
    if not name:
        raise ValidationFailureError([_too_short(("connectionName",), 1)])
    return name


def project_id(request: Request) -> str | None:
    """The query's `projectId`; None when it is absent or empty. Raises ValidationFailureError when given twice."""
    values = request.query_params.getlist("projectId")
    if len(values) > 1:
        raise ValidationFailureError([_wrong_type(("projectId",), "string", values)])
    return (values[0].strip(WHITE) if values else "") or None


class _Check:
    """Collects the issues of one object; `within` is the way to it from the body's root."""

    def __init__(self, value: object, within: tuple[str, ...] = (), issues: list[Issue] | None = None) -> None:
        self.within = within
        self.issues: list[Issue] = [] if issues is None else issues
        self.fields: Mapping[str, object] = value if isinstance(value, dict) else {}
        # With no object to look into, complaints about its fields would only repeat this one.
        self.blind = not isinstance(value, dict)
        if self.blind:
            self.add(_wrong_type(within, "object", value))

    def add(self, issue: Issue) -> None:
        self.issues.append(issue)

    def has(self, key: str) -> bool:
        return key in self.fields

    def text(
        self,
        key: str,
        *,
        shortest: int = 0,
        longest: int | None = None,
        optional: bool = False,
        nullable: bool = False,
        trimmed: bool = True,
    ) -> Maybe:
        """A string of that many UTF-16 units, as ECMAScript counts; ABSENT when not there or not valid.

        `nullable` is zod's nullish: null and absent both pass, and are told apart.
        """
        value = self.fields.get(key, ABSENT)
        path = (*self.within, key)
        if self.blind or (value is ABSENT and (optional or nullable)):
            return ABSENT
        if value is None and nullable:
            return None
        if not isinstance(value, str):
            self.add(_wrong_type(path, "string", value))
            return ABSENT
        text = _well_formed(value)
        text = text.strip(WHITE) if trimmed else text
        units = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
        if units < shortest:
            self.add(_too_short(path, shortest))
        if longest is not None and units > longest:
            self.add(_issue("too_big", path, f"String must contain at most {longest} character(s)"))
        return text

    def name(self, key: str, *, optional: bool = False) -> Maybe:
        """A slug of 1 to 64 characters. Infisical: capitals are refused, not lowered."""
        value = self.text(key, shortest=1, longest=LONGEST_NAME, optional=optional)
        if isinstance(value, str) and value and not is_slug(value):
            self.add(_issue("custom", (*self.within, key), f"{key.capitalize()} must be a valid slug"))
        return value

    def literal(self, key: str, wanted: str) -> None:
        if not self.blind and self.fields.get(key) != wanted:
            sentence = f"Invalid discriminator value. Expected '{wanted}'"
            self.add(_issue("invalid_union_discriminator", (*self.within, key), sentence))

    def inert(self, build: Build) -> None:
        for key, harmless in _INERT.items():
            known = build.gateway_pools or key != "gatewayPoolId"
            if known and key in self.fields and self.fields[key] is not harmless:
                self.add(_issue("custom", (*self.within, key), f"{key} is not supported for Salesforce connections"))

    def inner(self, key: str) -> "_Check":
        """The object at `key`, its issues among these."""
        if self.blind:
            return self
        return _Check(self.fields.get(key, ABSENT), (*self.within, key), self.issues)

    def finish(self) -> None:
        if self.issues:
            raise ValidationFailureError(self.issues)


def _credentials(check: _Check) -> Credentials:
    inner = check.inner("credentials")
    values = [inner.text(key, shortest=1) for key in ("instanceUrl", "consumerKey", "consumerSecret")]
    return Credentials(*(value if isinstance(value, str) else "" for value in values))


def _given(value: Maybe) -> str:
    if not isinstance(value, str):
        raise TypeError("a required field passed its check without a value")
    return value


def _or_none(value: Maybe) -> str | None:
    return value if isinstance(value, str) else None


def _issue(code: str, path: tuple[str, ...], message: str) -> Issue:
    return {"code": code, "path": list(path), "message": message}


def _too_short(path: tuple[str, ...], shortest: int) -> Issue:
    return _issue("too_small", path, f"String must contain at least {shortest} character(s)")


def _wrong_type(path: tuple[str, ...], expected: str, value: object) -> Issue:
    message = "Required" if value is ABSENT else f"Expected {expected}, received {_type_name(value)}"
    return _issue("invalid_type", path, message)


def _type_name(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _well_formed(text: str) -> str:
    """JSON can spell half a surrogate pair; like ECMAScript's UTF-8 encoder, store U+FFFD for it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
