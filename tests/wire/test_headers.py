"""Headers of the user's own for a gateway before Infisical, and the one that says who asks."""

import pytest

from reconciler import __version__
from reconciler.model import Secret
from reconciler.wire import Endpoint, NotSent, WireError, connect, custom_headers
from tests.wire.raw import always, replied, reply, serving

pytestmark = pytest.mark.anyio

VALUE = "value-of-a-header"


def parsed(text: str) -> dict[str, str]:
    return {name: value.reveal() for name, value in custom_headers({"INFISICAL_CUSTOM_HEADERS": text}).items()}


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("", {}),
        ("  \n", {}),
        ("CF-Access-Client-Id=a.b CF-Access-Client-Secret=c", {"cf-access-client-id": "a.b", "cf-access-client-secret": "c"}),
        ("X-A=1\n\tX-B=2  ", {"x-a": "1", "x-b": "2"}),
        ("X-A=b=c==", {"x-a": "b=c=="}),
        ("X-A= b", {"x-a": "b"}),
        ("X-A=", {"x-a": ""}),
        ('X-A="b c" X-B=\'d "e"\'', {"x-a": "b c", "x-b": 'd "e"'}),
        ('X-A="b \\" c" X-B=d', {"x-a": 'b \\" c', "x-b": "d"}),
        ("X-A=b\"c X-B=d'e", {"x-a": 'b"c', "x-b": "d'e"}),
        ("X-A=1 x-a=2", {"x-a": "2"}),
        ("User-Agent=mine ACCEPT=all X-A=1", {"x-a": "1"}),
        ("Proxy-Authorization=Basic-x", {"proxy-authorization": "Basic-x"}),
    ],
)
def test_they_are_read_as_the_infisical_cli_reads_them(text: str, headers: dict[str, str]) -> None:
    assert parsed(text) == headers


def test_without_the_variable_there_are_none() -> None:
    assert custom_headers({}) == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (VALUE, "part 1 is not `name=value`"),
        (f"X-A=1 {VALUE}", "part 2 is not `name=value`"),
        (f"{VALUE} X-A=1", "part 1 is not `name=value`"),
        (f'X-A="{VALUE}', "part 1 is not `name=value`"),
        (f'X-A="{VALUE}"{VALUE}', "part 1 is not `name=value`"),
        (f"={VALUE}", "the name in part 1 is not the name of a header"),
        (f"X:A={VALUE}", "the name in part 1 is not the name of a header"),
        (f"X-Ä={VALUE}", "the name in part 1 is not the name of a header"),
        (f'X-A="{VALUE}\nX-B: 1"', "the value of `x-a` is not one line of printable ASCII"),
        (f"X-A={VALUE}ü", "the value of `x-a` is not one line of printable ASCII"),
        (f"X-A={VALUE}\0", "the value of `x-a` is not one line of printable ASCII"),
        *(
            (f"{name}={VALUE}", f"reconciler sets `{name.lower()}` itself")
            for name in ("Authorization", "content-type", "HOST", "Content-Length", "transfer-encoding", "connection")
        ),
    ],
)
def test_what_cannot_be_a_header_is_told_without_any_value(text: str, why: str) -> None:
    with pytest.raises(NotSent) as caught:
        parsed(text)
    assert str(caught.value) == f"INFISICAL_CUSTOM_HEADERS cannot be used: {why}."
    assert VALUE not in caught.value.hint


async def test_every_request_carries_them_and_they_change_nothing_of_ours() -> None:
    headers = custom_headers({"INFISICAL_CUSTOM_HEADERS": f"X-Gate={VALUE} User-Agent=other"})
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url), headers=headers) as client:
        client.authorise(Secret("token"))
        await client.request("POST", "/api/x", body={})
        await client.request("GET", "/api/x")
    for asked in raw.asked:
        assert asked.headers["x-gate"] == VALUE
        assert asked.headers["authorization"] == "Bearer token"
        assert asked.headers["user-agent"] == f"infisical-reconciler/{__version__}"


async def test_their_values_are_secrets() -> None:
    headers = {"x-gate": Secret(VALUE), "x-short": Secret("crm")}
    async with serving(always(reply(403, f"<html>{VALUE}"))) as raw, connect(Endpoint(raw.url), headers=headers) as client:
        with pytest.raises(WireError, match="a page that is not shown because it repeats a credential"):
            await client.request("GET", "/api/x")
        assert client.repeats_a_secret(f"it is {VALUE}")
        assert VALUE not in repr(vars(client))
        assert not client.repeats_a_secret("crm-production")  # a short plain word would withhold half of what is said


@pytest.mark.parametrize(
    ("run_url", "shown"),
    [
        ("", ""),
        ("https://github.com/acme/crm/actions/runs/1", " (+https://github.com/acme/crm/actions/runs/1)"),
        ('https://ci.example/\r\nX-A: (1)\\"ü ', " (+https://ci.example/X-A:1)"),
        ("\x00\n", ""),
        ("x" * 5000, f" (+{'x' * 300})"),
    ],
)
async def test_the_user_agent_leads_to_the_run(run_url: str, shown: str) -> None:
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url), run_url=run_url) as client:
        await client.request("GET", "/api/x")
    assert raw.asked[0].headers["user-agent"] == f"infisical-reconciler/{__version__}{shown}"
