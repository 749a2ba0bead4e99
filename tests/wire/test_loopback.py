"""What is sent to this machine itself goes there, and to no proxy, whatever the variables say."""

from itertools import product

import pytest

from reconciler.operations.login import aws
from reconciler.operations.login.proof import NoProof
from reconciler.wire import Endpoint, Stand, Transport, ask_metadata, asking, connect
from tests.wire.raw import always, replied, serving

pytestmark = pytest.mark.anyio

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
URLS = (
    "http://127.0.0.1:8080",
    "https://127.0.0.1",
    "http://127.9.9.9",
    "http://localhost:8080/a",
    "https://LOCALHOST",
    "http://[::1]:8080",
    "http://[::ffff:127.0.0.1]:8080",
)


@pytest.mark.parametrize("no_proxy", ["", "infisical.example", "10.0.0.0/8", "127.0.0.1:1"])
@pytest.mark.parametrize(("variable", "url"), [*product(VARIABLES, URLS)])
async def test_no_variable_names_a_proxy_for_this_machine(variable: str, url: str, no_proxy: str) -> None:
    transport = Transport.of({variable: "http://user:password@proxy.example:3128", "NO_PROXY": no_proxy})

    assert transport.proxy(url) is None
    assert transport.secrets(url) == ()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_infisical_on_this_machine_is_asked_directly(host: str) -> None:
    async with serving(always(replied(200, {"by": "infisical"}))) as infisical, serving(always(None)) as proxy:
        way = Transport.of(dict.fromkeys(VARIABLES, proxy.url))
        async with connect(Endpoint(infisical.url.replace("127.0.0.1", host)), way) as client:
            assert (await client.request("POST", "/api/x", body={"clientSecret": "x"})).body == {"by": "infisical"}
    assert proxy.asked == []


async def test_simulated_orgs_on_this_machine_are_asked_directly() -> None:
    async with serving(always(replied(200, {"by": "org"}))) as orgs, serving(always(None)) as proxy:
        way = Transport.of(dict.fromkeys(VARIABLES, proxy.url))
        async with asking(way, Stand(orgs.url)) as asker:
            reply = await asker.post("acme.my.salesforce.com", "/services/oauth2/token", {"client_secret": "x"}, (), seconds=5)
    assert reply.json == {"by": "org"}
    assert proxy.asked == []


async def test_a_metadata_service_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(always(replied(200, {"access_token": "x"}))) as cloud, serving(always(None)) as proxy:
        for variable in VARIABLES:
            monkeypatch.setenv(variable, proxy.url)
        assert "access_token" in await ask_metadata(f"{cloud.url}/metadata", {})
    assert proxy.asked == []


@pytest.mark.parametrize("spared", ["", "10.0.0.0/8", "*"])
async def test_botocore_asks_a_metadata_service_on_this_machine_directly(monkeypatch: pytest.MonkeyPatch, spared: str) -> None:
    import anyio.to_thread

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/no/such/file")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/no/such/file")
    async with serving(always(replied(404, {}))) as cloud, serving(always(None)) as proxy:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", cloud.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://[no-address")
        for variable in VARIABLES:
            monkeypatch.setenv(variable, proxy.url)
        if spared:
            monkeypatch.setenv("no_proxy", spared)
        with pytest.raises(NoProof):
            await anyio.to_thread.run_sync(aws.signed_question)
        assert cloud.asked != []
    assert proxy.asked == []
