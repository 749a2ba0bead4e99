"""A fresh token in the middle of a run: one renewal however many need it, and nothing sent twice that was done."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest

from reconciler.model import Secret
from reconciler.wire import Answer, Client, Endpoint, NotSent, connect
from reconciler.wire.bearer import SECONDS_BETWEEN, Bearer
from tests.wire.raw import Asked, Raw, refusal, replied, reply, serving

pytestmark = pytest.mark.anyio

REVOKED = refusal(401, "UnauthorizedError", "Token revoked")
EXPIRED = refusal(403, "TokenError", "Your token has expired")


class LoginRefused(Exception):
    """What a caller's own log-in raises."""


@dataclass
class Server:
    """Takes one token and refuses the others; a log-in makes the next token."""

    refuses: bytes = EXPIRED
    valid: str = "token-2"
    logins: int = 0
    done: list[str] = field(default_factory=list)
    login_answer: Callable[[int], bytes] = lambda number: replied(200, {"accessToken": f"token-{number + 1}"})

    async def __call__(self, asked: Asked) -> bytes:
        if asked.path == "/login":
            self.logins += 1
            if "authorization" in asked.headers:
                return refusal(403, "TokenError", "an expired token, even here")
            return self.login_answer(self.logins)
        if asked.headers.get("authorization") != f"Bearer {self.valid}":
            return self.refuses
        self.done.append(asked.path)
        return replied(200, {"fine": True})


@asynccontextmanager
async def logged_in(server: Server, expires_in: float | None = None) -> AsyncIterator[tuple[Raw, Client]]:
    async with serving(server) as raw, connect(Endpoint(raw.url)) as client:

        async def renew() -> Secret:
            answer = await client.request("POST", "/login", body={})
            if answer.status != 200:
                raise LoginRefused
            return Secret(answer.body["accessToken"])

        client.authorise(Secret("token-1"), renew, expires_in=expires_in)
        with anyio.fail_after(30):  # a renewal that waits for itself would hang the test
            yield raw, client


async def together(client: Client, method: str, count: int) -> list[Answer]:
    answers: list[Answer] = []

    async def ask(number: int) -> None:
        answers.append(await client.request(method, f"/api/{number}", body={} if method == "POST" else None))

    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(ask, number)
    return answers


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("refuses", [REVOKED, EXPIRED])
async def test_however_many_are_refused_there_is_one_renewal_and_each_is_sent_once_more(method: str, refuses: bytes) -> None:
    server = Server(refuses)
    async with logged_in(server) as (raw, client):
        answers = await together(client, method, 25)
        assert [one.status for one in answers] == [200] * 25
        assert server.logins == 1
        assert sorted(server.done) == sorted(f"/api/{number}" for number in range(25))
        assert len(raw.asked) <= 1 + 2 * 25


async def test_the_log_in_of_a_renewal_carries_no_bearer() -> None:
    async with logged_in(Server()) as (raw, client):
        await client.request("GET", "/api/x")
        assert [(one.path, one.headers.get("authorization")) for one in raw.asked] == [
            ("/api/x", "Bearer token-1"),
            ("/login", None),
            ("/api/x", "Bearer token-2"),
        ]


@pytest.mark.parametrize(
    "login", [refusal(401, "UnauthorizedError", "Invalid credentials"), refusal(403, "TokenError", "no"), reply(200, "<html>")]
)
async def test_a_renewal_that_fails_leaves_the_refusal_and_is_never_tried_again(login: bytes) -> None:
    server = Server(REVOKED, login_answer=lambda _number: login)
    async with logged_in(server) as (_raw, client):
        answers = [*await together(client, "GET", 10), await client.request("GET", "/api/x")]
        assert {(one.status, one.body["message"]) for one in answers} == {(401, "Token revoked")}
        assert server.logins == 1


async def test_a_fresh_token_that_is_refused_too_is_the_answer() -> None:
    server = Server(valid="another")
    async with logged_in(server) as (raw, client):
        assert (await client.request("GET", "/api/x")).status == 403
        assert [one.path for one in raw.asked] == ["/api/x", "/login", "/api/x"]
        assert (await client.request("GET", "/api/y")).status == 403
        assert server.logins == 1


@pytest.mark.parametrize(
    "refused",
    [refusal(403, "PermissionDenied", "You are not allowed"), refusal(400, "BadRequest", "x"), refusal(404, "N", "x")],
)
async def test_other_refusals_renew_nothing(refused: bytes) -> None:
    server = Server(refused)
    async with logged_in(server) as (raw, client):
        await client.request("GET", "/api/x")
        assert len(raw.asked) == 1
        assert server.logins == 0


@pytest.mark.parametrize("token", [None, "token-1"])
async def test_without_a_hook_a_refusal_is_the_answer_and_nothing_is_repeated(token: str | None) -> None:
    async with serving(Server(REVOKED)) as raw, connect(Endpoint(raw.url)) as client:
        if token:
            client.authorise(Secret(token))
        assert (await client.request("POST", "/api/v1/auth/universal-auth/login", body={})).status == 401
        assert len(raw.asked) == 1


async def test_neither_the_old_nor_the_fresh_token_is_ever_shown() -> None:
    async with logged_in(Server()) as (_raw, client):
        await client.request("GET", "/api/x")
        assert client.repeats_a_secret("it was token-1")
        assert client.repeats_a_secret("it is token-2")
        assert not client.repeats_a_secret("it was nothing")


async def test_a_token_that_is_about_to_end_is_renewed_before_it_is_refused() -> None:
    server = Server(valid="token-1")
    async with logged_in(server, expires_in=0.001) as (raw, client):
        server.valid = "token-2"
        await anyio.sleep(0.002)
        await together(client, "POST", 10)
        assert raw.asked[0].path == "/login"
        assert len(raw.asked) == 11


class Clock:
    """A clock that a test sets, and a hook that counts."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.now = 1000.0
        self.renewals = 0
        self.failure = failure

    def __call__(self) -> float:
        return self.now

    async def renew(self) -> Secret:
        self.renewals += 1
        if self.failure:
            raise self.failure
        return Secret(f"fresh-{self.renewals}")

    def bearer(self, expires_in: float | None) -> Bearer:
        return Bearer(Secret("first"), self.renew, expires_in, clock=self)

    async def token(self, bearer: Bearer, now: float) -> str:
        self.now = 1000.0 + now
        found = await bearer.current()
        return found.reveal() if found else ""


@pytest.mark.parametrize(
    ("expires_in", "last"),
    [(3600.0, 3240.0), (300.0, 240.0), (80.0, 40.0), (10.0, 5.0)],
    ids=["a tenth is left", "60 s are left", "not before its half", "a short one"],
)
async def test_when_a_token_is_renewed(expires_in: float, last: float) -> None:
    clock = Clock()
    bearer = clock.bearer(expires_in)
    assert await clock.token(bearer, last - 0.1) == "first"
    assert await clock.token(bearer, last) == "fresh-1"
    later = last + max(last, SECONDS_BETWEEN)
    assert await clock.token(bearer, later - 0.1) == "fresh-1"
    assert await clock.token(bearer, later) == "fresh-2"


@pytest.mark.parametrize("expires_in", [None, 0.0])
async def test_a_token_that_never_ends_is_not_renewed(expires_in: float | None) -> None:
    clock = Clock()
    assert await clock.token(clock.bearer(expires_in), 1e9) == "first"


async def test_renewals_are_at_least_thirty_seconds_apart() -> None:
    clock = Clock()
    bearer = clock.bearer(None)
    first = await bearer.current()
    assert first is not None
    assert await bearer.newer_than(first)
    second = await bearer.current()
    assert second is not None
    clock.now += 29.9
    assert not await bearer.newer_than(second)
    clock.now += 0.1
    assert await bearer.newer_than(second)
    assert clock.renewals == 2


async def test_a_renewal_that_never_arrived_is_tried_again_and_one_that_was_refused_is_not() -> None:
    for failure, renewals in ((NotSent("no way there"), 2), (LoginRefused(), 1)):
        clock = Clock(failure)
        bearer = clock.bearer(3600.0)
        for now in (3300.0, 3301.0, 3331.0):
            assert await clock.token(bearer, now) == "first"
        assert clock.renewals == renewals
