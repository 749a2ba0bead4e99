"""Where the JWT of a log-in comes from: a variable, a file, the CI, the metadata service of a cloud."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import anyio.to_thread

from reconciler.config import Auth
from reconciler.operations.login.proof import NoProof
from reconciler.wire import WireError, ask_metadata, printable

VARIABLES = ("INFISICAL_AUTH_JWT", "INFISICAL_JWT", "INFISICAL_OIDC_AUTH_JWT")
NAME_OF_JWT_VARIABLE = "INFISICAL_OIDC_AUTH_TOKEN_NAME"
FILE = "RECONCILER_JWT_FILE"
KUBERNETES = "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN"
KUBERNETES_FILE = "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH"
_POD = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_CI = ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI")
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class JwtSource:
    """Where a JWT comes from: `origin` says it in words, and `read` gets the JWT anew each time. `read` raises `NoProof`."""

    origin: str
    read: Callable[[], Awaitable[str]]


def jwt_source(method: str | None, auth: Auth, given: Mapping[str, str]) -> JwtSource | None:
    """Return where the JWT for `method` comes from, None if nothing gives one. A variable wins over a file."""
    kubernetes = method == "kubernetes-auth"
    named = (given.get(NAME_OF_JWT_VARIABLE, ""),) if method == "oidc-auth" else ()
    variables = (KUBERNETES,) if kubernetes else (*named, *VARIABLES)
    if variable := next((name for name in variables if name in given), None):
        return JwtSource(f"the JWT in {variable}", partial(_given, given[variable]))
    path = given.get(KUBERNETES_FILE, _POD) if kubernetes else given.get(FILE, "")
    if path:
        return JwtSource(f"the JWT in the file {path}", partial(_file, Path(path)))
    match method:
        case "oidc-auth" if any(name in given for name in _CI):
            audience = _audience(auth, given)
            return JwtSource(f"the token that the CI gives its jobs, for the audience {audience}", partial(_ambient, audience))
        case "azure-auth":
            return JwtSource("the managed identity of this machine (Azure)", partial(_azure, auth, given))
        case "gcp-auth":
            return JwtSource("the service account of this machine (Google Cloud)", partial(_google, given))
        case _:
            return None


def suggest_method(auth: Auth, given: Mapping[str, str]) -> str | None:
    """Return the method that the environment suggests for an identity of which only the id is set."""
    if jwt_source("oidc-auth", auth, given):
        return "oidc-auth"
    in_pod = KUBERNETES in given or Path(given.get(KUBERNETES_FILE, _POD)).exists()
    return "kubernetes-auth" if in_pod else None


async def _given(value: str) -> str:
    return value


async def _file(path: Path) -> str:
    def read() -> str:
        with path.open("rb") as opened:
            return opened.read(_LARGEST).decode("ascii").strip()

    try:
        token = await anyio.to_thread.run_sync(read)
    except OSError as broken:
        raise NoProof(f"{path} cannot be read: {broken.strerror}", f"correct the path, or unset {FILE}") from None
    except UnicodeDecodeError:
        token = ""  # nosec B105  # no password
    if not token:
        raise NoProof(f"{path} contains no JWT", "write the token into it, and nothing else")
    return token


async def _ambient(audience: str) -> str:
    """Ask the CI for a token. The text of a failure is left out: it has the CI's answer, which could be a token."""
    import id as ambient

    try:
        token = await anyio.to_thread.run_sync(ambient.detect_credential, audience)
    except ambient.GitHubOidcPermissionCredentialError:
        raise NoProof("GitHub gives this job no token", "give the job `permissions: { id-token: write }`") from None
    except ambient.IdentityError as failed:
        why = printable(str(failed).partition(", body=")[0].partition("encountered an error")[0], 120)
        hint = "in GitLab, name the token in the job's `id_tokens`, with the audience in `infisical.auth.audience`"
        raise NoProof(f"the CI gives no token ({why})", hint) from None
    except Exception as failed:  # noqa: BLE001  # the library lets errors of its HTTP client and of JSON through
        raise NoProof(f"the CI gives no token ({type(failed).__name__})", "run again, or set INFISICAL_AUTH_JWT") from None
    if not token:
        raise NoProof("the CI gives no token", "set INFISICAL_AUTH_JWT, or use another way to log in")
    return token


def _audience(auth: Auth, given: Mapping[str, str]) -> str:
    """Return the audience. GitHub's default is the owner's URL. GitLab has the token for `infisical` in INFISICAL_ID_TOKEN."""
    owner = given.get("GITHUB_REPOSITORY_OWNER", "") if "GITHUB_ACTIONS" in given else ""
    return auth.audience or (f"{given.get('GITHUB_SERVER_URL', 'https://github.com')}/{owner}" if owner else "infisical")


async def _azure(auth: Auth, given: Mapping[str, str]) -> str:
    """Ask Azure for a token. The variable with the address is the one that Azure's own libraries read."""
    base = given.get("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://169.254.169.254").rstrip("/")
    query = urlencode({"api-version": "2018-02-01", "resource": auth.audience or "https://management.azure.com/"})
    answer = await _metadata(f"{base}/metadata/identity/oauth2/token?{query}", {"metadata": "true"})
    try:
        token = json.loads(answer)["access_token"]
    except (ValueError, LookupError, TypeError):
        token = None
    if not isinstance(token, str) or not token:
        raise NoProof("the metadata service gives no access token", "give the machine a managed identity")
    return token


async def _google(given: Mapping[str, str]) -> str:
    """Ask Google for a token. Infisical checks its audience, the identity's id. Google's libraries read GCE_METADATA_HOST."""
    host = given.get("GCE_METADATA_HOST", "metadata.google.internal")
    identity = given.get("INFISICAL_GCP_AUTH_IDENTITY_ID") or given.get("INFISICAL_MACHINE_IDENTITY_ID", "")
    query = urlencode({"audience": identity, "format": "full"})
    path = f"/computeMetadata/v1/instance/service-accounts/default/identity?{query}"
    return await _metadata(f"http://{host}{path}", {"metadata-flavor": "Google"})


async def _metadata(url: str, headers: Mapping[str, str]) -> str:
    try:
        return await ask_metadata(url, headers)
    except WireError as failed:
        raise NoProof(str(failed).rstrip("."), failed.hint) from None
