"""The secrets routes, of today and of before: what is written is read, by whom it may be, in both shapes."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from reconciler.embedded import create_identity, infisical_app
from reconciler.embedded.infisical import Membership, Permissions
from tests.embedded.conftest import Json, in_process

pytestmark = pytest.mark.anyio

V4, V3 = "/api/v4/secrets", "/api/v3/secrets/raw"


@asynccontextmanager
async def logged_in(database: Path, permissions: Permissions | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API with the project crm, and what its identity may do."""
    app = infisical_app(database, projects=["crm"])
    made = create_identity(database, str(uuid.uuid4()), permissions or Permissions())
    async with in_process(app) as client:
        credentials = {"clientId": made.client_id, "clientSecret": made.client_secret}
        token = (await client.post("/api/v1/auth/universal-auth/login", json=credentials)).json()["accessToken"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client
    app.close()


async def project_of(client: httpx.AsyncClient) -> str:
    return str((await client.get("/api/v1/projects/slug/crm")).json()["id"])


def place(project: str, **more: str) -> dict[str, str]:
    return {"projectId": project, "environment": "prod", **more}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "infisical.db"


async def test_what_is_written_is_read_in_both_shapes(database: Path) -> None:
    async with logged_in(database) as client:
        project = await project_of(client)
        made = await client.post(
            f"{V4}/KEY", json=place(project, secretPath="/a/b/", secretValue=" v\n\n", secretComment="why")
        )
        newer = await client.get(f"{V4}/KEY", params=place(project, secretPath="/a/b"))
        older = await client.get(f"{V3}/KEY", params={"workspaceId": project, "environment": "prod", "secretPath": "/a/b"})
        by_slug = await client.get(f"{V3}/KEY", params={"workspaceSlug": "crm", "environment": "prod", "secretPath": "/a/b"})
    assert made.status_code == 200
    secret: Json = made.json()["secret"]
    assert newer.json() == older.json() == by_slug.json() == made.json()
    assert (secret["secretKey"], secret["secretValue"], secret["secretComment"]) == ("KEY", "v\n", "why")
    assert (secret["workspace"], secret["environment"], secret["secretPath"]) == (project, "prod", "/a/b")
    assert (secret["version"], secret["type"], secret["secretValueHidden"], secret["tags"]) == (1, "shared", False, [])


async def test_a_change_is_a_version_and_a_deletion_is_one_for_good(database: Path) -> None:
    async with logged_in(database) as client:
        project = await project_of(client)
        await client.post(f"{V4}/KEY", json=place(project, secretValue="one"))
        changed = await client.patch(f"{V4}/KEY", json=place(project, secretValue="two", newSecretName="NEW"))
        assert (changed.json()["secret"]["version"], changed.json()["secret"]["secretKey"]) == (2, "NEW")
        gone = await client.request("DELETE", f"{V4}/NEW", json=place(project))
        assert gone.json()["secret"]["secretValue"] == "two"
        again = await client.request("DELETE", f"{V4}/NEW", json=place(project))
    assert (again.status_code, again.json()["error"]) == (404, "NotFound")


async def test_a_folder_is_listed_with_or_without_those_below_it(database: Path) -> None:
    async with logged_in(database) as client:
        project = await project_of(client)
        for path in ("/", "/a", "/a/b", "/ab"):
            await client.post(f"{V4}/KEY", json=place(project, secretPath=path, secretValue=path))
        here = await client.get(V4, params=place(project, secretPath="/a"))
        below = await client.get(V3, params=place(project, secretPath="/a", recursive="true"))
        everything = await client.get(V4, params=place(project, recursive="true"))
    paths = [[one["secretPath"] for one in found.json()["secrets"]] for found in (here, below, everything)]
    assert paths == [["/a"], ["/a", "/a/b"], ["/", "/a", "/a/b", "/ab"]]


@pytest.mark.parametrize("asked", ["permission", "parameter"])
async def test_who_may_not_see_a_value_gets_a_placeholder_that_is_marked(asked: str, database: Path) -> None:
    async with logged_in(database) as client:
        await client.post(f"{V4}/KEY", json=place(await project_of(client), secretValue="s3cret-value"))
    describing = Permissions(projects={"crm": Membership(secrets=frozenset({"describe"}))})
    async with logged_in(database, describing if asked == "permission" else None) as client:
        view = "true" if asked == "permission" else "false"
        project = await project_of(client)
        one = await client.get(f"{V4}/KEY", params=place(project, viewSecretValue=view))
        all_ = await client.get(V4, params=place(project, viewSecretValue=view))
    assert one.json()["secret"]["secretValueHidden"] is True
    assert all_.json()["secrets"][0]["secretValueHidden"] is True
    assert "s3cret-value" not in one.text + all_.text


@pytest.mark.parametrize("membership", [None, Membership(secrets=frozenset())])
async def test_who_is_no_member_or_may_not_even_describe_is_refused(membership: Membership | None, database: Path) -> None:
    async with logged_in(database) as client:
        project = await project_of(client)
    permissions = Permissions(projects={"crm": membership} if membership else {})
    async with logged_in(database, permissions) as client:
        answer = await client.get(f"{V4}/KEY", params=place(project))
    assert (answer.status_code, answer.json()["error"]) == (403, "PermissionDenied")
    assert answer.json()["message"] == "You are not allowed to describe on secrets"


@pytest.mark.parametrize(
    ("url", "params", "status"),
    [
        (f"{V4}/NONE", {}, 404),
        (f"{V4}/KEY", {"environment": "nowhere"}, 404),
        (f"{V4}/KEY", {"projectId": "0c9e0000-0000-4000-8000-000000000001"}, 404),
        (f"{V4}/KEY", {"environment": ""}, 400),
        (f"{V4}/KEY", {"projectId": ""}, 400),
        (f"{V4}/A:B", {}, 422),
    ],
)
async def test_what_is_not_there_or_not_asked_for_in_full(
    url: str, params: dict[str, str], status: int, database: Path
) -> None:
    async with logged_in(database) as client:
        answer = await client.get(url, params=place(await project_of(client)) | params)
    assert answer.status_code == status


async def test_a_name_can_be_had_once_in_a_folder(database: Path) -> None:
    async with logged_in(database) as client:
        project = await project_of(client)
        answers = [await client.post(f"{V4}/KEY", json=place(project, secretValue="s3cret-value")) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 400]
    assert "s3cret-value" not in answers[1].text


@pytest.mark.parametrize("name", ["a:b", "a/b", " "])
async def test_a_secret_is_not_renamed_to_what_no_secret_may_be_called(name: str, database: Path) -> None:
    async with logged_in(database) as client:
        project = await project_of(client)
        await client.post(f"{V4}/KEY", json=place(project, secretValue="v"))
        answer = await client.patch(f"{V4}/KEY", json=place(project, newSecretName=name))
    assert (answer.status_code, answer.json()["message"][0]["path"]) == (422, ["newSecretName"])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("v", "v"),
        (" v ", "v"),
        ("v\n", "v\n"),
        ("v\n\n", "v\n"),
        ("\ufeffv\r\n", "v\n"),
        ("\n", ""),
        ("a\nb", "a\nb"),
        ("", ""),
    ],
)
async def test_a_value_is_trimmed_but_may_keep_one_line_break(sent: str, kept: str, database: Path) -> None:
    async with logged_in(database) as client:
        made = await client.post(f"{V4}/KEY", json=place(await project_of(client), secretValue=sent))
    assert made.json()["secret"]["secretValue"] == kept
