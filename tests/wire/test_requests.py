"""What is sent: headers, bodies, over the network and in process alike, and through which proxy."""

import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn

from reconciler import __version__, embedded
from reconciler.model import Secret
from reconciler.wire import AnswerLost, Endpoint, NotSent, connect
from tests.wire.raw import always, replied, serving

pytestmark = pytest.mark.anyio

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


async def test_a_write_with_a_body_is_json_and_says_so() -> None:
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url)) as client:
        await client.request("POST", "/api/v1/x", body={"name": "crm", "text": "ü"}, query={"projectId": "a b&c"})
    (asked,) = raw.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/api/v1/x", {"projectId": ["a b&c"]})
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body) == {"name": "crm", "text": "ü"}


@pytest.mark.parametrize("method", ["DELETE", "GET"])
async def test_a_delete_and_a_read_carry_no_content_type_and_no_body(method: str) -> None:
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url)) as client:
        await client.request(method, "/api/v1/x")
    (asked,) = raw.asked
    assert "content-type" not in asked.headers
    assert asked.headers.get("content-length", "0") == "0"
    assert asked.body == b""


async def test_every_request_says_who_asks_and_what_it_takes() -> None:
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url)) as client:
        await client.request("GET", "/api/v1/x")
        await client.request("POST", "/api/v1/x", body={})
    for asked in raw.asked:
        assert asked.headers["user-agent"] == f"infisical-reconciler/{__version__}"
        assert asked.headers["accept"] == "application/json"
        assert "authorization" not in asked.headers


async def test_the_bearer_is_sent_once_it_is_known_and_a_new_one_replaces_it() -> None:
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url)) as client:
        await client.request("GET", "/a")
        client.authorise(Secret("first-token"))
        await client.request("GET", "/b")
        client.authorise(Secret("second-token"))
        await client.request("DELETE", "/c")
    assert [one.headers.get("authorization") for one in raw.asked] == [None, "Bearer first-token", "Bearer second-token"]


async def test_a_base_address_with_a_path_keeps_it() -> None:
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(f"{raw.url}/tools/infisical")) as client:
        await client.request("GET", "/api/status")
        assert client.url == f"{raw.url}/tools/infisical"
    assert raw.asked[0].path == "/tools/infisical/api/status"


@pytest.fixture(params=["in process", "over the network"])
async def endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Endpoint]:
    app = embedded.infisical_app(tmp_path / "infisical.db")
    if request.param == "in process":
        yield Endpoint("http://embedded", app)
        app.close()
        return
    server = uvicorn.Server(uvicorn.Config(app, port=0, date_header=False, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:  # noqa: ASYNC110  # another thread's
        await anyio.sleep(0.01)
    yield Endpoint(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    server.should_exit = True
    await anyio.to_thread.run_sync(thread.join)
    app.close()


async def test_the_api_answers_the_same_in_process_and_over_the_network(endpoint: Endpoint) -> None:
    async with connect(endpoint) as client:
        status = await client.request("GET", "/api/status")
        assert (status.status, status.body["message"], bool(status.date)) == (200, "Ok", True)
        refused = await client.request("DELETE", "/api/v1/app-connections/salesforce/x")
        assert (refused.status, refused.body["error"]) == (401, "UnauthorizedError")
        unknown = await client.request("GET", "/api/v1/nothing-there")
        assert (unknown.status, unknown.body["error"]) == (404, "Not Found")
        bad = await client.request("POST", "/api/v1/auth/universal-auth/login", body={})
        assert (bad.status, bad.body["error"]) == (422, "ValidationFailure")


@pytest.mark.parametrize("name", [*PROXIES, "http_proxy", "https_proxy", "all_proxy"])
async def test_in_process_no_proxy_is_asked_and_none_can_be_in_the_way(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = embedded.infisical_app(tmp_path / "infisical.db")
    async with serving(always(None)) as proxy:
        for value in (proxy.url, "socks5://127.0.0.1:1", "nonsense"):
            monkeypatch.setenv(name, value)
            monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
            async with connect(Endpoint("http://embedded", app)) as client:
                assert (await client.request("GET", "/api/status")).status == 200
        assert proxy.asked == []
    app.close()


async def test_over_the_network_the_usual_variables_name_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(always(replied(200, {"by": "proxy"}))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with connect(Endpoint("http://infisical.example")) as client:
            assert (await client.request("GET", "/api/x")).body == {"by": "proxy"}
        assert proxy.asked[0].target == "http://infisical.example/api/x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1080"),
        ("HTTPS_PROXY", "foo://proxy:3128"),
    ],
)
async def test_a_variable_that_cannot_be_used_is_an_error_with_a_next_step(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(NotSent, match=r"https://infisical\.example cannot be reached: ") as failure:
        async with connect(Endpoint("https://infisical.example")):
            pass
    assert name.removeprefix("ALL_") in failure.value.hint


@pytest.mark.parametrize("url", ["http://[::1", "http://infisical.example:99999", "http://exa\tmple"])
async def test_an_address_that_is_none_is_an_error_and_not_a_traceback(url: str) -> None:
    with pytest.raises(NotSent, match="cannot be reached"):
        async with connect(Endpoint(url)) as client:
            await client.request("GET", "/api/x")


async def test_an_app_that_breaks_in_process_is_a_server_that_broke() -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("inside")

    async with connect(Endpoint("http://embedded", broken)) as client:
        with pytest.raises(AnswerLost, match="answered 500 with an empty body"):
            await client.request("POST", "/api/x", body={})
