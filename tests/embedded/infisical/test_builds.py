"""What servers of other generations do otherwise, and the limits that Infisical Cloud has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from reconciler.embedded import OLDER, RateLimits, infisical_app, issue_token
from reconciler.embedded.testing import plant_connection
from tests.embedded.conftest import BASE, ORGS, SALESFORCE, Clock, body, credentials, in_process

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "infisical.db"


@asynccontextmanager
async def serving(database: Path, clock: Clock | None = None, **options: object) -> AsyncIterator[httpx.AsyncClient]:
    app = infisical_app(database, ORGS, ["crm"], clock=clock or Clock(), **options)  # type: ignore[arg-type]
    async with in_process(app, issue_token(database, ttl_seconds=10**9)) as client:
        yield client
    app.close()


class TestOlder:
    """The first builds that knew Salesforce (facts 0)."""

    async def test_a_connection_has_fewer_keys_and_version_1(self, database: Path) -> None:
        async with serving(database, build=OLDER) as client:
            made = (await client.post(SALESFORCE, json=body())).json()["appConnection"]
            (listed,) = (await client.get(BASE)).json()["appConnections"]
        assert (made["version"], listed["version"]) == (1, 1)
        assert "gatewayPoolId" not in made.keys() | listed.keys()

    async def test_plain_http_is_prefixed_into_garbage_and_an_unknown_host_is_a_bare_500(self, database: Path) -> None:
        async with serving(database, build=OLDER) as client:
            plain = await client.post(SALESFORCE, json=body(credentials=credentials("http://acme.my.salesforce.com")))
            unknown = await client.post(SALESFORCE, json=body(credentials=credentials("nobody.my.salesforce.com")))
        assert plain.status_code >= 400
        assert (unknown.status_code, unknown.json()["message"]) == (500, "Something went wrong")

    @pytest.mark.parametrize("path", ["/api/v4/secrets", "/api/v1/identities/details"])
    async def test_routes_of_later_builds_are_not_there(self, database: Path, path: str) -> None:
        async with serving(database, build=OLDER) as client:
            answer = await client.get(path)
        assert (answer.status_code, answer.json()["error"], "reqId" in answer.json()) == (404, "Not Found", False)

    async def test_a_project_is_found_by_its_slug_at_the_path_of_then_too(self, database: Path) -> None:
        async with serving(database, build=OLDER) as client:
            then, now = [await client.get(f"/api/v1/{base}/slug/crm") for base in ("workspace", "projects")]
        assert (then.status_code, then.json()) == (200, now.json())
        async with serving(database) as client:
            assert (await client.get("/api/v1/workspace/slug/crm")).json()["error"] == "Not Found"

    @pytest.mark.parametrize("path", ["%", "%zz", "%ff", "a%2"])
    async def test_a_path_that_cannot_be_decoded_is_a_400_today_and_was_not_then(self, database: Path, path: str) -> None:
        url = httpx.URL("http://infisical.test", raw_path=f"{SALESFORCE}/connection-name/{path}".encode())
        async with serving(database) as client:
            today = await client.get(url)
        async with serving(database, build=OLDER) as client:
            then = await client.get(url)
        assert (today.status_code, today.json()["error"], then.status_code) == (400, "BadRequest", 404)

    async def test_a_patch_of_another_apps_id_is_saved_and_answered_with_a_500(self, database: Path) -> None:
        async with serving(database, build=OLDER) as client:
            await client.get(BASE)
            planted = plant_connection(database, app="aws", name="other")
            answer = await client.patch(f"{SALESFORCE}/{planted}", json={"name": "renamed"})
            (found,) = (await client.get(BASE)).json()["appConnections"]
        assert (answer.status_code, found["name"], found["app"]) == (500, "renamed", "aws")

    async def test_today_it_is_refused(self, database: Path) -> None:
        async with serving(database) as client:
            await client.get(BASE)
            planted = plant_connection(database, app="aws", name="other")
            answer = await client.patch(f"{SALESFORCE}/{planted}", json={"name": "renamed"})
        assert (answer.status_code, "is not for App" in answer.json()["message"]) == (400, True)


class TestLimits:
    """Requests a minute, for each route and address."""

    async def test_headers_count_down_and_then_it_is_a_429_that_says_when(self, database: Path) -> None:
        clock = Clock()
        async with serving(database, clock, limits=RateLimits(read=2)) as client:
            first, second = await client.get(BASE), await client.get(BASE)
            clock.now += 20
            third = await client.get(BASE)
            clock.now += 40
            later = await client.get(BASE)
        assert [one.headers["x-ratelimit-remaining"] for one in (first, second)] == ["1", "0"]
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-reset"]) == ("2", "60")
        assert (third.status_code, third.json()["error"]) == (429, "RateLimitExceeded")
        assert third.headers["retry-after"] == third.headers["x-ratelimit-reset"] == "40"
        assert third.json()["message"].endswith("40 seconds")
        assert later.status_code == 200

    async def test_each_route_has_a_bucket_of_its_own_whatever_its_parameters(self, database: Path) -> None:
        async with serving(database, limits=RateLimits(read=1)) as client:
            assert (await client.get(f"{SALESFORCE}/connection-name/a")).status_code == 404
            await client.get(BASE)
            assert (await client.get(SALESFORCE)).status_code == 200
            assert (await client.get(BASE)).status_code == 429

    async def test_rejected_bodies_count_and_refused_tokens_do_not(self, database: Path) -> None:
        async with serving(database, limits=RateLimits(write=2)) as client:
            refused = await client.post(SALESFORCE, json=body(), headers={"authorization": "Bearer x"})
            invalid = [await client.post(SALESFORCE, json={}) for _ in range(3)]
        assert (refused.status_code, "x-ratelimit-limit" in refused.headers) == (403, False)
        assert [one.status_code for one in invalid] == [422, 422, 429]

    async def test_the_status_is_never_limited_and_reads_do_not_use_up_writes(self, database: Path) -> None:
        async with serving(database, limits=RateLimits(read=1, write=1)) as client:
            assert [(await client.get("/api/status")).status_code for _ in range(3)] == [200, 200, 200]
            assert (await client.get(SALESFORCE)).status_code == 200
            assert (await client.post(SALESFORCE, json=body())).status_code == 200


async def test_what_is_read_has_an_etag_and_is_not_sent_twice(database: Path) -> None:
    async with serving(database) as client:
        await client.post(SALESFORCE, json=body())
        first = await client.get(BASE)
        again = await client.get(BASE, headers={"if-none-match": first.headers["etag"]})
        await client.post(SALESFORCE, json=body("other"))
        changed = await client.get(BASE, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, len(changed.json()["appConnections"])) == (200, 2)


async def test_what_only_users_or_other_apps_can_do(database: Path) -> None:
    async with serving(database) as client:
        made = (await client.post(SALESFORCE, json=body())).json()["appConnection"]["id"]
        rotated = await client.post(f"{SALESFORCE}/{made}/rotate-credentials")
        apps = await client.get(f"{SALESFORCE}/{made}/oauth-apps")
    assert (rotated.status_code, rotated.json()["error"]) == (404, "NotFound")
    assert (apps.status_code, apps.json()["error"]) == (403, "ForbiddenError")
