"""A JWT comes from where it is said to: a file, the CI, the metadata service of a cloud; each over real HTTP on loopback."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jwt
import pytest

from reconciler.config import Auth
from reconciler.operations.login import aws
from reconciler.operations.login.jwt_sources import JwtSource, jwt_source
from reconciler.operations.login.proof import NoProof
from tests import loopback
from tests.loopback import Reply, Request

pytestmark = pytest.mark.anyio

ID = "0c9e0000-0000-4000-8000-000000000001"


def token_for(audience: str) -> str:
    """A JWT: only its audience is looked at before it is sent."""
    return jwt.encode({"aud": audience, "sub": "repo:acme/crm"}, "k" * 64, "HS256")


TOKEN = token_for("infisical")

Asked = list[tuple[str, Mapping[str, str]]]


@contextmanager
def answering(status: int, body: str) -> Iterator[tuple[str, Asked]]:
    """Serve one answer to every GET; give the address and what was asked."""
    asked: Asked = []

    def answer(request: Request) -> Reply:
        asked.append((request.path, request.headers))
        return Reply(status, body.encode())

    with loopback.answering(answer) as address:
        yield address, asked


def found(method: str, environ: Mapping[str, str], auth: Auth | None = None) -> JwtSource:
    place = jwt_source(method, auth or Auth(), environ)
    assert place is not None
    return place


async def failing(place: JwtSource) -> str:
    with pytest.raises(NoProof) as caught:
        await place.read()
    assert TOKEN not in repr(caught.value) + caught.value.hint
    return f"{caught.value} next: {caught.value.hint}"


async def test_a_variable_wins_over_a_file(tmp_path: Path) -> None:
    file = tmp_path / "jwt"
    file.write_text(f"{TOKEN}\n")
    assert await found("jwt-auth", {"INFISICAL_AUTH_JWT": "from.a.variable", "RECONCILER_JWT_FILE": str(file)}).read() == (
        "from.a.variable"
    )
    assert await found("jwt-auth", {"RECONCILER_JWT_FILE": str(file)}).read() == TOKEN


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "cannot be read: No such file or directory"),
        (lambda path: path.mkdir(), "cannot be read: Is a directory"),
        (lambda path: path.write_text(" \n"), "contains no JWT"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "contains no JWT"),
    ],
)
async def test_a_file_without_a_token_is_said(tmp_path: Path, make: Callable[[Path], object], said: str) -> None:
    make(tmp_path / "jwt")
    assert said in await failing(found("jwt-auth", {"RECONCILER_JWT_FILE": str(tmp_path / "jwt")}))


def github(monkeypatch: pytest.MonkeyPatch, place: str) -> dict[str, str]:
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY_OWNER": "acme",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://{place}/token?api-version=2",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ


async def test_github_gives_a_token_for_the_owners_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_for("https://github.com/acme")
    with answering(200, json.dumps({"value": token})) as (place, asked):
        assert await found("oidc-auth", github(monkeypatch, place)).read() == token
    ((path, headers),) = asked
    assert path == "/token?api-version=2&audience=https%3A%2F%2Fgithub.com%2Facme"
    assert headers["authorization"] == "bearer of-the-runner"


async def test_github_gives_a_token_for_the_audience_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(200, json.dumps({"value": TOKEN})) as (place, asked):
        await found("oidc-auth", github(monkeypatch, place), Auth(audience="infisical")).read()
    assert asked[0][0].endswith("&audience=infisical")


@pytest.mark.parametrize("answer", [(500, TOKEN), (200, "<html>"), (200, "{}"), (403, json.dumps({"value": TOKEN}))])
async def test_what_github_answers_instead_is_not_repeated(answer: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(*answer) as (place, _):
        assert "the CI gives no token" in await failing(found("oidc-auth", github(monkeypatch, place)))


async def test_a_job_without_the_permission_is_told_which(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = github(monkeypatch, "127.0.0.1:1")
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    said = await failing(found("oidc-auth", environ))
    assert said == "GitHub gives this job no token next: give the job `permissions: { id-token: write }`"


async def test_gitlab_gives_its_jobs_the_token_of_infisical_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    place = found("oidc-auth", {"GITLAB_CI": "true"})
    assert "INFISICAL_ID_TOKEN not found" in await failing(place)
    monkeypatch.setenv("INFISICAL_ID_TOKEN", TOKEN)
    assert await place.read() == TOKEN


async def test_azure_is_asked_for_the_machines_identity() -> None:
    with answering(200, json.dumps({"access_token": TOKEN})) as (place, asked):
        environ = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://{place}"}
        assert await found("azure-auth", environ).read() == TOKEN
    ((path, headers),) = asked
    assert path == ("/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F")
    assert headers["metadata"] == "true"


async def test_google_is_asked_for_a_token_whose_audience_is_the_identity() -> None:
    with answering(200, TOKEN) as (place, asked):
        environ = {"GCE_METADATA_HOST": place, "INFISICAL_MACHINE_IDENTITY_ID": ID}
        assert await found("gcp-auth", environ).read() == TOKEN
    ((path, headers),) = asked
    assert path == f"/computeMetadata/v1/instance/service-accounts/default/identity?audience={ID}&format=full"
    assert headers["metadata-flavor"] == "Google"


@pytest.mark.parametrize(
    ("method", "variable"), [("azure-auth", "AZURE_POD_IDENTITY_AUTHORITY_HOST"), ("gcp-auth", "GCE_METADATA_HOST")]
)
async def test_a_machine_without_an_identity_is_said(method: str, variable: str) -> None:
    with answering(400, f"no identity {TOKEN}") as (place, _):
        environ = {variable: f"http://{place}" if method == "azure-auth" else place}
        assert "answered 400" in await failing(found(method, environ))


async def test_a_metadata_service_that_is_not_there_is_said() -> None:
    said = await failing(found("gcp-auth", {"GCE_METADATA_HOST": "127.0.0.1:1"}))
    assert "The metadata service at 127.0.0.1 does not answer (ConnectError)" in said


def test_aws_signs_a_question_that_tells_who_asks_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret-of-aws")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    import base64

    signed = aws.signed_question()

    headers = json.loads(base64.b64decode(signed["iamRequestHeaders"]))
    assert signed["iamHttpRequestMethod"] == "POST"
    assert base64.b64decode(signed["iamRequestBody"]) == b"Action=GetCallerIdentity&Version=2011-06-15"
    assert headers["Host"] == "sts.eu-central-1.amazonaws.com"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/")
    assert "/eu-central-1/sts/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "session"
    assert "s3cret" not in json.dumps(headers)


def test_without_aws_credentials_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(NoProof, match="there are no AWS credentials"):
        aws.signed_question()
