"""No error, however it comes about, shows the bearer or a secret of the body: not its text, its repr or its traceback."""

import html
import socket
import traceback
from urllib.parse import quote

import pytest

from reconciler.model import Secret
from reconciler.wire import Client, Endpoint, NotSent, Throttled, WireError, connect
from tests.wire.raw import Cut, always, replied, reply, serving

pytestmark = pytest.mark.anyio

BEARER = "eyJhbGciOiJIUzI1NiJ9.bearer-of-this-run+/=&.c2lnbmF0dXJl"
SECRET = 'consumer<secret>&"of this test"\\/'


async def fails(client: Client, method: str = "POST") -> WireError:
    client.authorise(Secret(BEARER))
    with pytest.raises(WireError) as caught:
        await client.request(method, "/api/x", body={"s": SECRET}, secrets=(Secret(SECRET),), answer_seconds=1.0)
    return caught.value


def told(failure: WireError) -> str:
    return "\n".join(
        [str(failure), repr(failure), failure.hint, str(failure.args), *traceback.format_exception(failure, chain=True)]
    )


@pytest.mark.parametrize("secret", [BEARER, SECRET])
@pytest.mark.parametrize(
    "page",
    [
        "{}",
        "<html>{}",
        "x" * 70 + "{}",
        "Not allowed\n\n{}",
        "x" * 100_000 + "{}",
    ],
)
@pytest.mark.parametrize("written", [str, html.escape, lambda text: quote(text, safe="")])
async def test_a_page_that_repeats_a_secret_is_not_shown_not_even_in_part(secret: str, page: str, written: "type[str]") -> None:
    async with serving(always(reply(403, page.format(written(secret))))) as raw, connect(Endpoint(raw.url)) as client:
        failure = await fails(client)
    assert "a page that is not shown because it repeats a credential" in str(failure)
    assert written(secret)[:10] not in told(failure)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        reply(429),
        reply(500, f"<html>{BEARER}{SECRET}"),
        reply(302, location=f"https://login.example/?token={BEARER}"),
        reply(302, location=f"https://{'c' * 12}.example/{quote(SECRET)}"),
        reply(200, f"{BEARER}"),
        Cut(f"HTTP/1.1 200 OK\r\nbroken header {BEARER} {SECRET}\r\n\r\n".encode()),
        Cut(f"{BEARER}\r\n\r\n".encode()),
        Cut(f"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{BEARER}{SECRET}".encode()),
    ],
)
async def test_no_failure_of_a_conversation_shows_a_secret(answer: bytes | None) -> None:
    async with serving(always(answer)) as raw, connect(Endpoint(raw.url)) as client:
        shown = told(await fails(client))
        assert raw.asked[0].headers["authorization"] == f"Bearer {BEARER}"
    assert BEARER not in shown
    assert BEARER[-12:] not in shown
    assert SECRET not in shown


async def test_a_server_that_is_not_there_shows_no_secret() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with connect(Endpoint(f"http://127.0.0.1:{port}")) as client:
        shown = told(await fails(client))
    assert BEARER not in shown
    assert SECRET not in shown


@pytest.mark.parametrize("token", ["two\nlines-of-token", "carriage\rreturn", "with blank", "nul\0byte", "tökén", "\x1b[2J"])
async def test_a_token_that_is_no_header_is_refused_without_being_shown(token: str) -> None:
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url)) as client:
        client.authorise(Secret(token))
        with pytest.raises(NotSent, match=r"The token for .* cannot be sent") as caught:
            await client.request("GET", "/api/x")
        assert raw.asked == []
    assert token not in told(caught.value)
    assert token.encode("unicode_escape").decode() not in told(caught.value)
    assert "set it again" in caught.value.hint


async def test_the_client_itself_shows_nothing_of_the_bearer() -> None:
    async with connect(Endpoint("http://127.0.0.1:1")) as client:
        client.authorise(Secret(BEARER))
        assert BEARER not in repr(client)
        assert BEARER not in repr(vars(client))
        assert client.repeats_a_secret(f"it was {BEARER}")
        assert not client.repeats_a_secret("it was nothing")


async def test_too_many_requests_shows_no_secret() -> None:
    limited = replied(429, {"message": f"{BEARER} may try again in 1 seconds {SECRET}"})
    async with serving(always(limited)) as raw, connect(Endpoint(raw.url)) as client:
        failure = await fails(client)
    assert isinstance(failure, Throttled)
    assert BEARER not in told(failure)
