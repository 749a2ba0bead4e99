"""Chooses how to log in: as `reconciler.yaml` says, or by the first of these ways that the environment allows.

1. an access token in INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN, INFISICAL_TOKEN or INFISICAL_ACCESS_TOKEN
2. INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET
3. an identity's id in the variable of a method (INFISICAL_AWS_IAM_AUTH_IDENTITY_ID and so on): that method
4. INFISICAL_MACHINE_IDENTITY_ID (or `identityId`) with a JWT in a variable or a file: oidc-auth
5. the same in a CI that gives its jobs tokens: oidc-auth
6. the same in a Kubernetes pod: kubernetes-auth

If `infisical.auth.method` or INFISICAL_AUTH_METHOD names a method, only that method counts. The names are those of
Infisical's command line, its Terraform provider and its SDKs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.config import Auth
from reconciler.model import Diagnostic, Secret, Stop, Stopped, error
from reconciler.operations.login import jwt_sources
from reconciler.operations.login.jwt_sources import JwtSource

TOKENS = ("INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN", "INFISICAL_TOKEN", "INFISICAL_ACCESS_TOKEN")
CLIENT_ID = "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID"
CLIENT_SECRET = "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"  # noqa: S105  # nosec B105  # the name of a variable
METHOD_VARIABLE = "INFISICAL_AUTH_METHOD"
IDENTITY = "INFISICAL_MACHINE_IDENTITY_ID"
ORGANISATION_VARIABLE = "INFISICAL_AUTH_ORGANIZATION_SLUG"

METHODS: Mapping[str, str] = {
    "token": "token", "token-auth": "token", "access-token": "token",  # nosec B105  # no password
    "universal": "universal-auth", "universal-auth": "universal-auth",
    "oidc": "oidc-auth", "oidc-auth": "oidc-auth",
    "jwt": "jwt-auth", "jwt-auth": "jwt-auth",
    "kubernetes": "kubernetes-auth", "kubernetes-auth": "kubernetes-auth",
    "azure": "azure-auth", "azure-auth": "azure-auth",
    "gcp": "gcp-auth", "gcp-auth": "gcp-auth", "gcp-id-token": "gcp-auth",
    "aws": "aws-auth", "aws-iam": "aws-auth", "aws_iam": "aws-auth", "aws-auth": "aws-auth",
}  # fmt: skip
"""From the names of methods here, in Infisical's command line and in its Terraform provider, to the route of the API."""

_IDENTITIES = {
    "INFISICAL_OIDC_AUTH_IDENTITY_ID": "oidc-auth",
    "INFISICAL_KUBERNETES_IDENTITY_ID": "kubernetes-auth",
    "INFISICAL_AZURE_AUTH_IDENTITY_ID": "azure-auth",
    "INFISICAL_GCP_AUTH_IDENTITY_ID": "gcp-auth",
    "INFISICAL_AWS_IAM_AUTH_IDENTITY_ID": "aws-auth",
}


@dataclass(frozen=True, slots=True)
class Login:
    """The way to log in that was chosen. `origin` says in words where its credentials come from.

    `token` is that of method `token`; `client_id` and `client_secret` are those of `universal-auth`; the other methods have an
    `identity_id`, and all of them but `aws-auth` a `jwt`.
    """

    method: str
    origin: str
    token: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    identity_id: str = ""
    jwt: JwtSource | None = None
    organisation_slug: str = ""


def choose(auth: Auth, environ: Mapping[str, str], url: str) -> Login:
    """Return the way to log in to the Infisical at `url`. Raises `Stopped` (FAILED), saying what is missing."""
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    slug = auth.organisation_slug or given.get(ORGANISATION_VARIABLE, "")
    wanted = _named_method(auth, given)
    token = next((name for name in TOKENS if name in given), None)
    if token and wanted in {None, "token"}:
        return Login("token", f"the access token in {token}", token=Secret(given[token]))
    if CLIENT_ID in given and CLIENT_SECRET in given and wanted in {None, "universal-auth"}:
        origin = f"{CLIENT_ID} and {CLIENT_SECRET}"
        secret = Secret(given[CLIENT_SECRET])
        return Login("universal-auth", origin, client_id=given[CLIENT_ID], client_secret=secret, organisation_slug=slug)
    method, identity = _identity(auth, given, wanted)
    if identity and method == "aws-auth":
        origin = "a request signed with the AWS credentials of this machine"
        return Login(method, origin, identity_id=identity, organisation_slug=slug)
    if identity and method and (jwt := jwt_sources.jwt_source(method, auth, given)):
        return Login(method, jwt.origin, identity_id=identity, jwt=jwt, organisation_slug=slug)
    raise Stopped(Stop.FAILED, _incomplete(url, method, identity, given))


def _named_method(auth: Auth, given: Mapping[str, str]) -> str | None:
    """Return the method that the user names. The message does not repeat the value of the variable: it could be a secret."""
    named = auth.method or given.get(METHOD_VARIABLE, "").lower()
    if named and named not in METHODS:
        known = ", ".join(dict.fromkeys(METHODS.values()))
        raise Stopped(
            Stop.FAILED, error(f"reconciler does not know the method in {METHOD_VARIABLE}.", hint=f"set it to one of {known}")
        )
    return METHODS[named] if named else None


def _identity(auth: Auth, given: Mapping[str, str], wanted: str | None) -> tuple[str | None, str]:
    """Return the method and the identity's id, "" without one. An id in a method's own variable names the method too."""
    for variable, method in _IDENTITIES.items():
        if variable in given and wanted in {None, method}:
            return method, given[variable]
    general = auth.identity_id or given.get(IDENTITY, "")
    return wanted or (jwt_sources.suggest_method(auth, given) if general else None), general


def _incomplete(url: str, method: str | None, identity: str, given: Mapping[str, str]) -> Diagnostic:
    """Return what is missing for the method that the user names, or for the method whose variables are partly set."""
    half = [name for name in (CLIENT_ID, CLIENT_SECRET) if name not in given]
    pair = f"set {' and '.join(half)}"
    detail = ""
    match method:
        case "token":
            hint = f"set {TOKENS[1]}"
        case "universal-auth":
            hint = pair
        case None if identity:
            hint = f"set {jwt_sources.VARIABLES[0]} or {jwt_sources.FILE}, or name another method with {METHOD_VARIABLE}"
            detail = "The id of an identity is set, but nothing that proves the identity."
        case None:
            hint = (
                pair
                if len(half) == 1
                else f"{pair}, or {TOKENS[1]}; in CI set {IDENTITY}: an identity with OIDC needs no secret"
            )
            detail = f"{half[0]} is not set." if len(half) == 1 else ""
        case _ if identity:
            hint = f"set {jwt_sources.VARIABLES[0]} or {jwt_sources.FILE}"
            detail = f"{method} needs a JWT."
        case _:
            hint = f"set {IDENTITY}, or `infisical.auth.identityId` in reconciler.yaml"
            detail = f"{method} needs the id of a machine identity."
    if "INFISICAL_SERVICE_TOKEN" in given:
        detail = "Infisical does not accept a service token (INFISICAL_SERVICE_TOKEN) for app connections."
    return error(f"There are no credentials to log in to {url}.", detail=detail, hint=hint)
