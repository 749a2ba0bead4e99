"""A log-in looked at from end to end over real sockets and real TLS: where it stops, and what is said of that."""

import base64
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
import trustme

from reconciler.model import Credentials, OrgCheck, OrgCheckPart, PartResult, Secret
from reconciler.salesforce import OrgLogin, check_org_login
from reconciler.wire import Asker, Stand, Transport, asking
from tests.wire.raw import Asked, Behaviour, Cut, Raw, Trickle, always, replied, reply, serving

pytestmark = pytest.mark.anyio

KEY, SECRET = "3MVG9-a-consumer-key", "a-consumer-secret-000001"
VERSIONS = [{"version": "65.0"}]
HOST = "acme.my.salesforce.com"


def token(**changes: str) -> dict[str, str]:
    return {
        "access_token": "00D000000000001!AQEA-the-token",
        "token_type": "Bearer",
        "instance_url": f"https://{HOST}",
        "id": "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA",
        "scope": "api id",
    } | changes


def org(answer: bytes | None, versions: bytes | None = replied(200, VERSIONS)) -> Behaviour:
    async def behave(asked: Asked) -> bytes | None:
        return versions if asked.path == "/services/data" else answer

    return behave


async def looked(
    asker: Asker, host: str = HOST, key: str = KEY, secret: str = SECRET, allowed: tuple[str, ...] = ()
) -> OrgCheck:
    return await check_org_login(asker, OrgLogin(host, Credentials(Secret(key), Secret(secret))), allowed)


async def at(raw: Raw, host: str = HOST) -> OrgCheck:
    """Check a host that `raw` stands in for."""
    async with asking(Transport(), Stand(raw.url)) as asker:
        return await looked(asker, host)


def shown(checked: OrgCheck) -> str:
    return repr(checked)


async def test_the_log_in_is_one_post_of_three_fields_and_asks_for_no_scope() -> None:
    async with serving(org(replied(200, token()))) as raw:
        checked = await at(raw)
    versions, login = raw.asked
    assert (versions.method, versions.target) == ("GET", "/services/data")
    assert (login.method, login.target) == ("POST", "/services/oauth2/token")
    assert login.body == f"grant_type=client_credentials&client_id={KEY}&client_secret={SECRET}".encode()
    assert login.headers["host"] == HOST
    assert login.headers["accept"] == "application/json"
    assert checked.problems == ()
    assert (checked.org_id, checked.user_id) == ("00D000000000001AAA", "005000000000001AAA")
    assert checked.parts == dict.fromkeys(OrgCheckPart, PartResult.OK) | dict.fromkeys(
        (OrgCheckPart.DNS, OrgCheckPart.TLS), PartResult.UNCHECKED
    )


async def test_the_token_is_dropped_and_the_values_are_shown_nowhere() -> None:
    async with serving(org(replied(200, token()))) as raw:
        assert not [part for part in ("the-token", KEY, SECRET) if part in shown(await at(raw))]


@pytest.mark.parametrize("instance_url", [f"HTTPS://{HOST.upper()}/", f"https://{HOST}"])
async def test_the_org_s_own_url_is_compared_without_scheme_case_and_slash(instance_url: str) -> None:
    async with serving(org(replied(200, token(instance_url=instance_url)))) as raw:
        assert (await at(raw)).problems == ()


async def test_another_url_and_a_missing_scope_are_both_said_and_do_not_block() -> None:
    async with serving(org(replied(200, token(instance_url="https://other.my.salesforce.com", scope="id apiary")))) as raw:
        checked = await at(raw)
    assert [problem.name for problem in checked.problems] == ["instance_url", "scope"]
    assert not checked.blocks
    assert checked.logged_in


async def test_an_identity_that_is_not_told_is_not_guessed() -> None:
    async with serving(org(replied(200, token(id="https://evil.example/id/../x")))) as raw:
        checked = await at(raw)
    assert (checked.org_id, checked.user_id, checked.parts[OrgCheckPart.WHO]) == ("", "", PartResult.UNCHECKED)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (replied(400, {"error": "invalid_grant", "error_description": "no client credentials user enabled"}), "E1"),
        (replied(400, {"error": "something_new", "error_description": "said otherwise"}), "unknown"),
        (replied(400, ["a list"]), "page"),
        (replied(400, {"error": 7}), "page"),
        (replied(200, {}), "page"),
        (replied(200, token(token_type="mac")), "token_type"),
        (replied(200, token(token_type="bearer")), "token_type"),
        (reply(200, "access_token=00D!secret&token_type=Bearer"), "half"),
        (reply(200, '{"access_token": "00D!sec'), "half"),
        (reply(200, "<html>log in</html>"), "page"),
        (reply(404, ""), "page"),
        (reply(301, "", location="https://acme.lightning.force.com/"), "redirect"),
        (reply(307, "", location="//[bad"), "redirect"),
        (reply(429, "slow down"), "E12"),
        (reply(500, "oops"), "E18"),
        (reply(503, "<html>"), "E18"),
        (None, "no-answer"),
    ],
)
async def test_what_else_is_answered_has_its_name_and_shows_no_token(answer: bytes | None, name: str) -> None:
    async with serving(org(answer)) as raw:
        checked = await at(raw)
    assert [problem.name for problem in checked.problems] == [name]
    assert checked.parts[OrgCheckPart.TOKEN] is PartResult.WRONG
    assert "00D!sec" not in shown(checked)
    assert raw.methods == ["GET", "POST"]


@pytest.mark.parametrize("echo", [SECRET, KEY])
async def test_an_answer_that_repeats_a_credential_is_not_shown_but_understood(echo: str) -> None:
    refused = {"error": "invalid_client", "error_description": f"invalid client credentials {echo}"}
    async with serving(org(replied(400, refused))) as raw:
        (problem,) = (await at(raw)).problems
    assert problem.name == "E4"
    assert echo not in repr(problem)
    assert problem.said == "It answered 400. The answer repeats a credential, so it is not shown."


ECHOES: dict[str, Callable[[str], str]] = {
    "slashes escaped": lambda text: text.replace("/", "\\/"),
    "every character escaped": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "JSON in JSON": lambda text: "".join(f"\\\\u{ord(char):04X}" for char in text),
    "entities": lambda text: "".join(f"&#x{ord(char):x};" for char in text),
    "percent": lambda text: "".join(f"%{ord(char):02X}" for char in text),
    "hex": lambda text: text.encode().hex(),
    "base64, one byte behind its beginning": lambda text: base64.b64encode(b":" + text.encode()).decode(),
    "base64, two bytes behind its beginning": lambda text: base64.b64encode(b"k:" + text.encode()).decode(),
}


@pytest.mark.parametrize("written", ECHOES)
async def test_an_answer_that_repeats_a_secret_in_another_spelling_is_not_shown_either(written: str) -> None:
    secret = "a/consumer/secret/0001"
    echo = ECHOES[written](secret)
    body = f'{{"error": "invalid_client", "padding": "{"x" * 100_000}", "error_description": "not {echo}"}}'
    async with serving(org(reply(400, body))) as raw, asking(Transport(), Stand(raw.url)) as asker:
        (problem,) = (await looked(asker, secret=secret)).problems
    assert problem.name == "E4"
    assert problem.said == "It answered 400. The answer repeats a credential, so it is not shown."


@pytest.mark.parametrize("key", ["instance_url", "scope", "token_type", "id"])
async def test_no_part_of_a_token_s_answer_shows_a_credential(key: str) -> None:
    async with serving(org(replied(200, token(**{key: f"https://{SECRET}"})))) as raw:
        checked = await at(raw)
    assert SECRET not in shown(checked)


async def test_a_redirect_to_a_host_named_like_a_secret_is_told_without_it() -> None:
    async with serving(org(reply(302, location=f"https://{SECRET}.example/"))) as raw:
        (problem,) = (await at(raw)).problems
    assert problem.said == "It answered 302. The answer repeats a credential, so it is not shown."


async def test_a_proxy_that_repeats_its_password_is_told_without_it() -> None:
    """The log-in to a proxy is base64, and the proxy chooses the words of its refusal."""
    login = base64.b64encode(b"user:password-of-the-proxy").decode()
    refusal = Cut(f"HTTP/1.1 407 No {login} password-of-the-proxy\r\n\r\n".encode())
    async with serving(always(refusal)) as raw:
        proxy = raw.url.replace("//", "//user:password-of-the-proxy@")
        async with asking(Transport.of({"HTTPS_PROXY": proxy})) as asker:
            (problem,) = (await looked(asker)).problems
    assert "cannot be reached: ProxyError." in problem.said


async def test_an_id_that_is_no_address_is_no_traceback() -> None:
    async with serving(org(replied(200, token(id="http://[")))) as raw:
        assert (await at(raw)).parts[OrgCheckPart.WHO] is PartResult.UNCHECKED


@pytest.mark.parametrize(
    ("versions", "name"),
    [
        (reply(200, "<html>"), "page"),
        (replied(200, {"not": "a list"}), "page"),
        (reply(302, "", location="https://acme.lightning.force.com/x"), "redirect"),
        (reply(503, "down"), "E18"),
        (None, "no-answer"),
    ],
)
async def test_a_host_that_is_no_org_is_not_given_the_secret(versions: bytes | None, name: str) -> None:
    async with serving(org(replied(200, token()), versions)) as raw:
        checked = await at(raw)
    assert [problem.name for problem in checked.problems] == [name]
    assert checked.parts[OrgCheckPart.API] is PartResult.WRONG
    assert "POST" not in raw.methods


async def test_an_answer_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.salesforce.checking.SECONDS", 0.2)
    async with serving(always(Trickle(b"HTTP/1.1 200 OK\r\n\r\n"))) as raw:
        (problem,) = (await at(raw)).problems
    assert (problem.name, problem.blocks) == ("no-answer", False)


async def test_a_refused_host_is_asked_for_nothing_and_blocks() -> None:
    async with serving(org(None)) as raw:
        checked = await at(raw, "login.salesforce.com")
    assert (raw.asked, [problem.name for problem in checked.problems], checked.blocks) == ([], ["host"], True)


async def test_a_host_that_is_not_simulated_does_not_resolve() -> None:
    async with asking(Transport(), Stand("http://nowhere", knows=lambda _: False)) as asker:
        (problem,) = (await looked(asker)).problems
    assert problem.name == "dns"


async def test_a_name_that_does_not_resolve() -> None:
    host = "nobody-has-this-name.my.salesforce.invalid"
    async with asking(Transport()) as asker:
        checked = await looked(asker, host, allowed=(host,))
    assert checked.parts == {OrgCheckPart.HOST: PartResult.OK, OrgCheckPart.DNS: PartResult.WRONG}
    assert [problem.name for problem in checked.problems] == ["dns"]


async def test_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"localhost:{taken.getsockname()[1]}"
        async with asking(Transport()) as asker:
            checked = await looked(asker, host, allowed=(host,))
    assert [problem.name for problem in checked.problems] == ["unreachable"]


@asynccontextmanager
async def secure(tmp_path: Path, behaviour: Behaviour, name: str = "localhost") -> AsyncIterator[tuple[Raw, str, Transport]]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    async with serving(behaviour, context) as raw:
        yield raw, raw.url.removeprefix("https://"), Transport(ca=str(tmp_path / "ca.pem"))


async def test_over_tls_every_part_is_checked(tmp_path: Path) -> None:
    async def behave(asked: Asked) -> bytes:
        fine = token(instance_url=f"https://{asked.headers['host']}")
        return replied(200, VERSIONS if asked.method == "GET" else fine)

    async with secure(tmp_path, behave) as (_, host, way), asking(way) as asker:
        checked = await looked(asker, host, allowed=(host,))
    assert set(checked.parts.values()) == {PartResult.OK}


@pytest.mark.parametrize(("name", "trusted"), [("localhost", False), ("other.example", True)])
async def test_a_certificate_that_is_not_believed_stops_before_the_secret(tmp_path: Path, name: str, trusted: bool) -> None:
    async with secure(tmp_path, org(None), name) as (raw, host, way), asking(way if trusted else Transport()) as asker:
        checked = await looked(asker, host, allowed=(host,))
    assert [problem.name for problem in checked.problems] == ["tls"]
    assert checked.parts[OrgCheckPart.TLS] is PartResult.WRONG
    assert raw.asked == []


async def test_with_a_proxy_the_name_is_not_looked_up_here(tmp_path: Path) -> None:
    async with serving(always(reply(502))) as raw, asking(Transport.of({"HTTPS_PROXY": raw.url})) as asker:
        checked = await looked(asker)
        assert asker.uses_proxy(HOST)
    assert [one.method for one in raw.asked] == ["CONNECT"]
    assert checked.parts[OrgCheckPart.DNS] is PartResult.UNCHECKED
    assert [problem.name for problem in checked.problems] == ["unreachable"]


@pytest.mark.parametrize(
    ("key", "secret", "error", "remark"),
    [
        ("same", "same", "invalid_client_id", "Here, key and secret have the same value."),
        ("same", "same", "invalid_client", "Here, key and secret have the same value."),
        ("odd", SECRET, "invalid_client_id", "The key here does not begin with 3MVG"),
        (KEY, SECRET, "invalid_client_id", ""),
        ("odd", SECRET, "invalid_client", ""),
    ],
)
async def test_what_can_be_seen_of_the_values_is_said(key: str, secret: str, error: str, remark: str) -> None:
    async with (
        serving(org(replied(400, {"error": error, "error_description": ""}))) as raw,
        asking(Transport(), Stand(raw.url)) as asker,
    ):
        (problem,) = (await looked(asker, key=key, secret=secret)).problems
    remarks = ("Here, key and secret have", "The key here does")
    assert remark in problem.meaning
    assert any(one in problem.meaning for one in remarks) == bool(remark)


async def test_without_values_the_way_alone_is_checked() -> None:
    async with serving(org(None)) as raw, asking(Transport(), Stand(raw.url)) as asker:
        checked = await check_org_login(asker, OrgLogin(HOST, None))
    assert checked.parts[OrgCheckPart.TOKEN] is PartResult.UNCHECKED
    assert (raw.methods, checked.problems) == (["GET"], ())


async def test_many_at_once_share_the_way() -> None:
    async with serving(org(replied(200, token()))) as raw, asking(Transport(), Stand(raw.url)) as asker:
        results: list[OrgCheck] = []

        async def one(number: int) -> None:
            results.append(await looked(asker, f"org{number}.my.salesforce.com"))

        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(one, number)
    assert len(results) == 50
    assert {asked.headers["host"] for asked in raw.asked} == {f"org{number}.my.salesforce.com" for number in range(50)}
