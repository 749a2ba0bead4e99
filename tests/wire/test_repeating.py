"""What is sent again and what is not: a read always, a write only when it was certainly not carried out."""

import socket

import anyio
import pytest

from reconciler.wire import AnswerLost, Client, Endpoint, NotAnAnswer, NotSent, Throttled, connect
from reconciler.wire.client import READ_ATTEMPTS, THROTTLED_ATTEMPTS
from tests.wire.raw import Cut, Trickle, always, in_turn, refusal, replied, reply, serving

pytestmark = pytest.mark.anyio

WRITES = ("POST", "PATCH", "DELETE")
FINE = replied(200, {"fine": True})


def body_of(method: str) -> dict[str, str] | None:
    return {"name": "crm"} if method in {"POST", "PATCH"} else None


async def ask(client: Client, method: str = "GET") -> object:
    return (await client.request(method, "/api/x", body=body_of(method))).body


@pytest.mark.parametrize("trouble", [None, reply(502, "<html>"), refusal(500, "InternalServerError", "Something went wrong")])
async def test_a_read_that_fails_is_repeated_until_it_is_answered(trouble: bytes | None) -> None:
    async with serving(in_turn(trouble, trouble, FINE)) as raw, connect(Endpoint(raw.url)) as client:
        assert await ask(client) == {"fine": True}
        assert raw.methods == ["GET"] * 3


async def test_a_read_that_never_gets_an_answer_is_given_up_with_a_next_step() -> None:
    async with serving(always(None)) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(AnswerLost, match=r"The connection to http://127.0.0.1:.* broke") as lost:
            await ask(client)
        assert lost.value.hint
        assert len(raw.asked) == READ_ATTEMPTS


async def test_a_read_that_fails_to_the_end_gives_the_servers_own_words() -> None:
    async with serving(always(refusal(500, "InternalServerError", "no luck"))) as raw, connect(Endpoint(raw.url)) as client:
        answer = await client.request("GET", "/api/x")
        assert (answer.status, answer.body["message"]) == (500, "no luck")
        assert len(raw.asked) == READ_ATTEMPTS


@pytest.mark.parametrize("method", WRITES)
async def test_a_write_whose_answer_was_lost_is_sent_once(method: str) -> None:
    async with serving(in_turn(None, FINE)) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(AnswerLost):
            await ask(client, method)
        assert raw.methods == [method]


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("half", [b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n{", b"HTTP/1.1 200 O", b"nonsense\r\n\r\n"])
async def test_a_write_whose_answer_breaks_off_is_sent_once(method: str, half: bytes) -> None:
    async with serving(always(Cut(half))) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(AnswerLost, match="broke: "):
            await ask(client, method)
        assert raw.methods == [method]


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
async def test_a_write_that_a_gateway_answers_for_says_nothing_and_is_sent_once(method: str, status: int) -> None:
    async with serving(always(reply(status, "<html>Bad gateway</html>"))) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(
            AnswerLost, match=f"answered {status} with `<html>Bad gateway</html>`. Nobody can tell whether the write happened"
        ):
            await ask(client, method)
        assert len(raw.asked) == 1


@pytest.mark.parametrize("method", WRITES)
async def test_a_write_that_the_api_refuses_with_500_is_sent_once_and_answered(method: str) -> None:
    refused = refusal(500, "InternalServerError", "Something went wrong")
    async with serving(always(refused)) as raw, connect(Endpoint(raw.url)) as client:
        assert (await client.request(method, "/api/x")).status == 500
        assert len(raw.asked) == 1


@pytest.mark.parametrize("method", ["GET", *WRITES])
async def test_what_is_rate_limited_was_not_carried_out_and_is_repeated(method: str) -> None:
    limited = refusal(429, "RateLimitExceeded", "Rate limit exceeded. Please try again in 1 seconds")
    async with serving(in_turn(limited, limited, FINE)) as raw, connect(Endpoint(raw.url)) as client:
        assert await ask(client, method) == {"fine": True}
        assert raw.methods == [method] * 3


async def test_a_rate_limit_that_never_lifts_is_an_error_with_a_next_step() -> None:
    async with serving(always(reply(429))) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(Throttled, match="still limits the rate of requests") as throttled:
            await ask(client, "POST")
        assert throttled.value.hint == "run again later, or ask for a higher limit"
        assert len(raw.asked) == THROTTLED_ATTEMPTS


@pytest.mark.parametrize("method", ["GET", *WRITES])
async def test_what_never_left_is_tried_again_and_then_known_as_not_sent(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def counted(attempt: int) -> float:
        tries.append(attempt)
        return 0.0

    monkeypatch.setattr("reconciler.wire.client.backoff", counted)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with connect(Endpoint(f"http://127.0.0.1:{port}")) as client:
        with pytest.raises(NotSent, match=f"http://127.0.0.1:{port} cannot be reached") as failure:
            await ask(client, method)
        assert "HTTPS_PROXY" in failure.value.hint
    assert tries == [1, 2, 3]


async def test_a_silent_server_is_given_up_and_a_write_to_it_is_in_doubt() -> None:
    async def silent(_asked: object) -> bytes | None:
        await anyio.sleep_forever()
        return None

    async with serving(silent) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(AnswerLost, match="did not answer within"):
            await client.request("POST", "/api/x", body={}, answer_seconds=0.1)
        assert len(raw.asked) == 1


async def test_a_page_is_not_repeated() -> None:
    async with serving(always(reply(200, "<html>Sign in</html>"))) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(NotAnAnswer):
            await ask(client)
        assert len(raw.asked) == 1


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nx-a: ", b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"])
async def test_a_server_that_sends_a_byte_now_and_then_is_given_up(head: bytes) -> None:
    """The time is for the whole answer: it would never run out between two bytes."""
    async with serving(always(Trickle(head))) as raw, connect(Endpoint(raw.url)) as client:
        with anyio.fail_after(20), pytest.raises(AnswerLost, match="did not answer within"):
            await client.request("POST", "/api/x", body={}, answer_seconds=0.2)


async def test_a_read_waits_as_long_as_an_unavailable_server_asks() -> None:
    unavailable = reply(503, "<html>", retry_after="7")
    async with serving(in_turn(unavailable, FINE)) as raw, connect(Endpoint(raw.url)) as client:
        assert await ask(client) == {"fine": True}
        assert raw.methods == ["GET"] * 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_read_that_a_gateway_answers_for_is_repeated(status: int) -> None:
    async with serving(in_turn(reply(status, "<html>"), FINE)) as raw, connect(Endpoint(raw.url)) as client:
        assert await ask(client) == {"fine": True}
        assert raw.methods == ["GET"] * 2


@pytest.mark.parametrize(
    "half", [b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n{", b"HTTP/1.1 200 O", b"", b"nonsense\r\n\r\n"]
)
async def test_a_read_whose_answer_breaks_off_is_repeated(half: bytes) -> None:
    async with serving(in_turn(Cut(half), FINE)) as raw, connect(Endpoint(raw.url)) as client:
        assert await ask(client) == {"fine": True}
        assert raw.methods == ["GET"] * 2
