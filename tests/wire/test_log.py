"""The HTTP log: a line a try, whole, for its owner alone, and without any secret."""

import json
import os
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Secret
from reconciler.wire import Answer, Client, Endpoint, HttpLog, NotSent, WireError, connect
from tests.wire.raw import Behaviour, always, in_turn, refusal, replied, reply, serving

pytestmark = pytest.mark.anyio

BEARER, SECRET, HEADER = "bearer-of-the-log", 'secret "of" the log', "header-of-the-log"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "http.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text()
    assert text.endswith("\n") or not text
    for secret in (BEARER, SECRET, json.dumps(SECRET)[1:-1], HEADER):
        assert secret not in text
    return [json.loads(line) for line in text.splitlines()]


async def logged(
    path: Path, behaviour: Behaviour, method: str = "GET", **request: Any
) -> tuple[Answer | None, list[dict[str, Any]]]:
    answer = None
    with HttpLog(path) as log:
        async with serving(behaviour) as raw, connect(Endpoint(raw.url), headers={"x-g": Secret(HEADER)}, log=log) as client:
            client.authorise(Secret(BEARER))
            with suppress(WireError):
                answer = await client.request(method, "/api/v1/x", **request)
            assert client.log_failure == ""
    return answer, lines(path)


async def test_a_line_says_what_was_asked_and_how_it_went(path: Path) -> None:
    limits: Mapping[str, str] = {
        "x_ratelimit_limit": "60",
        "x_ratelimit_remaining": "59",
        "x_ratelimit_reset": "30",
        "x_other": "o",
    }
    body = {"name": "crm", "credentials": SECRET}
    query = {"projectId": "p1", "environment": "prod", "secretPath": "/a"}
    behaviour = always(refusal(422, "ValidationFailure", "no", **limits))
    _, (line,) = await logged(path, behaviour, "POST", body=body, query=query, secrets=(Secret(SECRET),))
    moment = line.pop("time")
    assert moment.endswith("Z")
    assert datetime.fromisoformat(moment).tzinfo is not None
    assert line.pop("ms") >= 0
    assert line == {
        "method": "POST",
        "path": "/api/v1/x",
        "query": {"projectId": "p1", "environment": "prod", "secretPath": None},
        "attempt": 1,
        "status": 422,
        "error": None,
        "requestId": "req-Abc123",
        "sent": len(json.dumps(body)),
        "received": 89,
        "rateLimit": {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "59", "x-ratelimit-reset": "30"},
        "repeated": False,
    }


async def test_every_try_has_its_line(path: Path) -> None:
    limited = refusal(429, "RateLimitExceeded", "Try again in 1 seconds", retry_after="1")
    answer, found = await logged(path, in_turn(None, limited, reply(502, "<html>"), replied(200, {})))
    assert answer is not None
    assert [(one["attempt"], one["status"], one["error"], one["repeated"]) for one in found] == [
        (1, None, "AnswerLost", True),
        (2, 429, None, True),
        (3, 502, "NotAnAnswer", True),
        (4, 200, None, False),
    ]
    assert found[1]["rateLimit"] == {"retry-after": "1"}


async def test_what_was_never_sent_has_its_lines_too(path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with HttpLog(path) as log:
        async with connect(Endpoint(f"http://127.0.0.1:{port}"), log=log) as client:
            with pytest.raises(NotSent):
                await client.request("GET", "/api/x")
    assert [(one["status"], one["error"], one["repeated"]) for one in lines(path)] == [
        *[(None, "NotSent", True)] * 3,
        (None, "NotSent", False),
    ]


@pytest.mark.parametrize("secret", [BEARER, SECRET, HEADER])
async def test_a_server_that_repeats_a_secret_does_not_get_it_into_the_log(path: Path, secret: str) -> None:
    behaviour = always(replied(200, {"reqId": secret}, x_ratelimit_reset=secret))
    _, (line,) = await logged(path, behaviour, "POST", body={"s": SECRET}, secrets=(Secret(SECRET),))
    assert (line["path"], line["requestId"], line["rateLimit"], line["status"]) == ("(withheld)", "", {}, 200)


async def test_a_secret_in_a_query_is_withheld_even_where_values_are_shown(path: Path) -> None:
    _, (line,) = await logged(path, always(replied(200, {})), query={"projectId": BEARER})
    assert line["query"] == {}


async def test_request_ids_that_are_none_are_left_out_and_long_ones_cut(path: Path) -> None:
    bodies: list[Any] = [{"reqId": 5}, [], {"reqId": "x" * 500}, {"reqId": "a\nb"}]
    for body in bodies:
        await logged(path, always(replied(200, body)))
    assert [one["requestId"] for one in lines(path)] == ["", "", "x" * 40, "a b"]


def earlier(path: Path) -> None:
    path.write_text('{"earlier": true}\n')
    path.chmod(0o644)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_lines_are_added_to_what_is_there_and_nobody_else_may_read_them(path: Path) -> None:
    earlier(path)
    await logged(path, always(replied(200, {})))
    assert [min(one) for one in lines(path)] == ["earlier", "attempt"]
    assert mode(path) == 0o600


def test_a_new_log_is_for_its_owner_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        HttpLog(path).close()
    finally:
        os.umask(before)
    assert mode(path) == 0o600


@pytest.mark.parametrize("where", ["", "none/http.jsonl", "nul\0byte"])
def test_a_log_that_cannot_be_written_is_an_error_at_the_start(tmp_path: Path, where: str) -> None:
    with pytest.raises(NotSent, match=r"The HTTP log .* cannot be written: ") as caught:
        HttpLog(tmp_path / where)
    assert "--log-http" in caught.value.hint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_log_that_breaks_stops_no_run_and_is_told() -> None:
    with HttpLog("/dev/full") as log:
        async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url), log=log) as client:
            assert await _twice(client) == [200, 200]
            assert client.log_failure == "The HTTP log /dev/full is not complete: No space left on device."


async def test_without_a_log_nothing_can_have_broken() -> None:
    async with connect(Endpoint("http://127.0.0.1:1")) as client:
        assert client.log_failure == ""


async def test_a_line_cut_short_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpLog(path) as log:
        async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url), log=log) as client:
            monkeypatch.setattr("reconciler.wire.log.os.write", lambda _file, _line: 3)
            assert await _twice(client) == [200, 200]
            assert "is not complete, its last line is cut" in client.log_failure


async def test_a_log_that_is_closed_before_the_client_is_left_alone(path: Path) -> None:
    log = HttpLog(path)
    async with serving(always(replied(200, {}))) as raw, connect(Endpoint(raw.url), log=log) as client:
        log.close()
        assert await _twice(client) == [200, 200]
    log.close()
    assert lines(path) == []


async def _twice(client: Client) -> list[int]:
    return [(await client.request("GET", "/api/x")).status for _ in range(2)]
