"""What counts as an answer of the API, and how what is none is told to a person."""

import anyio
import pytest

from reconciler.wire import Answer, AnswerLost, Client, Endpoint, NotAnAnswer, answers, connect
from tests.wire.raw import always, replied, reply, serving

pytestmark = pytest.mark.anyio


async def refused(answer: bytes, method: str = "GET") -> NotAnAnswer:
    async with serving(always(answer)) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(NotAnAnswer) as caught:
            await client.request(method, "/api/x")
        assert len(raw.asked) == 1
        return caught.value


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422])
async def test_an_answer_is_its_status_its_json_and_the_servers_date(status: int) -> None:
    date = "Tue, 06 Oct 2026 10:00:00 GMT"
    async with serving(always(replied(status, {"a": [1]}, date=date))) as raw, connect(Endpoint(raw.url)) as client:
        assert await client.request("GET", "/api/x") == Answer(status, {"a": [1]}, date)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<html><title>Sign in</title>\nmore", "`<html><title>Sign in</title>`"),
        ('{"appConnections": [{"id"', '`{"appConnections": [{"id"`'),
        ("", "an empty body"),
        ("  \n ", "an empty body"),
        ("x" * 5000, f"`{'x' * 80}`"),
        (b"\xff\xfe\x00", "`\ufffd\ufffd\ufffd`"),
    ],
)
@pytest.mark.parametrize("status", [200, 403, 404])
async def test_a_page_half_a_json_and_an_empty_body_are_recognised_and_shown(
    status: int, body: str | bytes, shown: str
) -> None:
    failure = await refused(reply(status, body))
    assert f"answered {status} with {shown}, which is not Infisical's API." in str(failure)
    assert failure.status == status
    assert "infisical.url" in failure.hint


async def test_control_characters_of_a_page_are_made_visible() -> None:
    failure = await refused(reply(200, "\x1b[2J\x07all is well\u202edne\x9b"))
    assert "`\ufffd[2J\ufffdall is well\ufffddne\ufffd`" in str(failure)
    assert str(failure).isprintable()


async def test_a_page_in_a_strange_character_set_is_still_only_a_page() -> None:
    for charset in ("hex", "no-such-charset", "punycode", "utf-16"):
        assert "<html>" in str(await refused(reply(200, "<html>", content_type=f"text/html; charset={charset}")))


async def test_json_nested_without_end_is_not_an_answer() -> None:
    assert "which is not Infisical's API" in str(await refused(reply(200, "[" * 200_000)))


async def test_an_answer_of_the_wrong_type_is_passed_on_for_the_caller_to_judge() -> None:
    values: list[object] = [[], "text", 5, None]
    for value in values:
        async with serving(always(replied(200, value))) as raw, connect(Endpoint(raw.url)) as client:
            assert (await client.request("GET", "/api/x")).body == value


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_body_without_an_end_is_not_read_to_its_end(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LARGEST_ANSWER", 100_000)
    failure = await refused(reply(200, "[" + "1," * 4_000_000), method)
    assert "sent an answer that is too long" in str(failure)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_named_and_never_followed(method: str, status: int) -> None:
    async with serving(always(replied(200, {}))) as elsewhere, serving(always(None)) as raw:
        raw.behaviour = always(reply(status, location=f"{elsewhere.url}/login?x=1"))
        async with connect(Endpoint(raw.url)) as client:
            with pytest.raises(NotAnAnswer, match=r"redirects to 127\.0\.0\.1, which is not Infisical's API"):
                await client.request(method, "/api/x")
        assert len(raw.asked) == 1
        assert elsewhere.asked == []


@pytest.mark.parametrize(("status", "location"), [(302, ""), (302, "/login"), (300, "http://a:port/"), (304, "\x01")])
async def test_a_redirect_to_nowhere_is_still_told_as_one(status: int, location: str) -> None:
    failure = await refused(reply(status, location=location) if location else reply(status))
    assert "redirects to another address" in str(failure)


@pytest.mark.parametrize("location", ["http://a:port/", "http://" + "a" * 60_000, "//", "?", "https://exa\tmple/"])
async def test_a_redirect_that_cannot_be_read_is_told_in_few_words(location: str) -> None:
    failure = await refused(reply(302, location=location), "POST")
    assert "redirects to " in str(failure)
    assert len(str(failure)) < 500
    assert str(failure).isprintable()


async def test_a_header_that_is_none_is_a_broken_answer() -> None:
    async with serving(always(reply(302, location="a\0b"))) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(AnswerLost, match="broke: "):
            await client.request("POST", "/api/x")


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_gateways_page_says_that_infisical_may_be_down(status: int) -> None:
    async with serving(always(reply(status, "<h1>upstream</h1>"))) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(NotAnAnswer, match=f"answered {status} with `<h1>upstream</h1>`") as failure:
            await client.request("GET", "/api/x")
        assert failure.value.hint.startswith("run again later")


async def test_an_answer_whose_encoding_is_broken_is_lost() -> None:
    broken = reply(200, b"not gzip at all", content_encoding="gzip")
    async with serving(always(broken)) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(AnswerLost):
            await client.request("POST", "/api/x")
        assert len(raw.asked) == 1


async def test_one_client_serves_many_tasks_at_once() -> None:
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url)) as client:
        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(_ask, client, number)
        assert sorted(int(one.path.rpartition("/")[2]) for one in raw.asked) == list(range(60))


async def _ask(client: Client, number: int) -> None:
    await client.request("GET", f"/api/{number}")
