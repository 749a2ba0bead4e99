"""Certificates of both ends, on real TLS: what is believed, what is not, and the sentence each fault gets."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from reconciler.model import Secret
from reconciler.wire import Endpoint, Transport, Untrusted, WireError, connect
from tests.wire.raw import Raw, always, replied, serving

pytestmark = pytest.mark.anyio

PASSWORD = "password-of-the-key"
FINE = replied(200, {"fine": True})
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


@asynccontextmanager
async def secure(authority: trustme.CA, cert: trustme.LeafCert | None = None, *, mutual: bool = False) -> AsyncIterator[Raw]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (cert or authority.issue_cert("localhost", "127.0.0.1")).configure_cert(context)
    if mutual:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    async with serving(always(FINE), context) as raw:
        yield raw


async def asked(raw: Raw, environ: Mapping[str, str], method: str = "GET") -> object:
    async with connect(Endpoint(raw.url), Transport.of(environ)) as client:
        return (await client.request(method, "/api/x")).body


async def refused(raw: Raw, environ: Mapping[str, str], method: str = "GET") -> Untrusted:
    with pytest.raises(Untrusted) as caught:
        await asked(raw, environ, method)
    assert raw.asked == []
    return caught.value


async def opens(environ: Mapping[str, str]) -> Untrusted:
    """Connecting alone, without a request, is refused."""
    with pytest.raises(Untrusted) as caught:
        async with connect(Endpoint("https://localhost:1"), Transport.of(environ)):
            pass
    assert PASSWORD not in f"{caught.value}{caught.value.hint}"
    return caught.value


@pytest.mark.parametrize("variable", ["RECONCILER_CA_FILE", "SSL_CERT_FILE"])
async def test_a_server_signed_by_the_given_authority_is_believed(authority: trustme.CA, ca_file: Path, variable: str) -> None:
    async with secure(authority) as raw:
        assert await asked(raw, {variable: str(ca_file)}) == {"fine": True}


async def test_a_directory_of_authorities_is_read_whole(authority: trustme.CA, tmp_path: Path) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "README").write_text("no certificate")
    trustme.CA().cert_pem.write_to_path(folder / "another.crt")
    authority.cert_pem.write_to_path(folder / "ours.pem")
    async with secure(authority) as raw:
        assert await asked(raw, {"RECONCILER_CA_FILE": str(folder)}) == {"fine": True}


async def test_our_own_variable_wins_over_the_usual_one(authority: trustme.CA, ca_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    async with secure(authority) as raw:
        await asked(raw, {"RECONCILER_CA_FILE": str(ca_file), "SSL_CERT_FILE": str(other)})
        raw.asked.clear()
        await refused(raw, {"RECONCILER_CA_FILE": str(other), "SSL_CERT_FILE": str(ca_file)})


@pytest.mark.parametrize("environ", [{}, {"NODE_EXTRA_CA_CERTS": "CA"}, {"SSL_CERT_DIR": "/"}])
async def test_an_authority_nobody_named_is_not_believed(authority: trustme.CA, ca_file: Path, environ: dict[str, str]) -> None:
    async with secure(authority) as raw:
        failure = await refused(raw, {name: value.replace("CA", str(ca_file)) for name, value in environ.items()}, "POST")
    assert str(failure) == f"The certificate of {raw.url} is signed by an authority that this machine does not know."
    assert failure.hint.startswith("set RECONCILER_CA_FILE ")


async def test_a_certificate_for_another_host_is_not_believed(authority: trustme.CA, ca_file: Path) -> None:
    async with secure(authority, authority.issue_cert("infisical.example")) as raw:
        failure = await refused(raw, {"RECONCILER_CA_FILE": str(ca_file)})
    assert str(failure) == f"The certificate of {raw.url} is not for the host `localhost`."


async def test_an_expired_certificate_is_not_believed(authority: trustme.CA, ca_file: Path) -> None:
    old = authority.issue_cert("localhost", not_before=YESTERDAY - timedelta(days=2), not_after=YESTERDAY)
    async with secure(authority, old) as raw:
        failure = await refused(raw, {"RECONCILER_CA_FILE": str(ca_file)})
    assert str(failure) == f"The certificate of {raw.url} has expired."


async def test_a_server_that_does_not_speak_tls_is_named(ca_file: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        endpoint = Endpoint(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with connect(endpoint, Transport.of({"RECONCILER_CA_FILE": str(ca_file)})) as client:
            with pytest.raises(Untrusted, match="does not speak TLS"):
                await client.request("POST", "/api/x")


@contextmanager
def strict(context: ssl.SSLContext) -> Iterator[str]:
    """A server that ends a refused handshake with an alert, as most do and asyncio's does not. Yields its address."""

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            with context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as secured, suppress(OSError):
                with suppress(OSError):
                    secured.do_handshake()
                secured.shutdown(socket.SHUT_WR)
                while secured.recv(4096):  # what is left unread would reset the connection before the alert is read
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


class Files:
    """A client certificate as files: apart, in one, and with a key under a password."""

    def __init__(self, authority: trustme.CA, folder: Path) -> None:
        cert = authority.issue_cert("client@infisical.example")
        self.certificate, self.key, self.both, self.locked = (folder / name for name in ("c.pem", "k.pem", "b.pem", "l.pem"))
        cert.cert_chain_pems[0].write_to_path(self.certificate)
        cert.private_key_pem.write_to_path(self.key)
        cert.private_key_and_cert_chain_pem.write_to_path(self.both)
        key = serialization.load_pem_private_key(cert.private_key_pem.bytes(), None)
        self.locked.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(PASSWORD.encode()),
            )
        )

    def environ(self, certificate: Path, key: Path | str = "", password: str = "") -> dict[str, str]:
        return {
            "RECONCILER_CLIENT_CERTIFICATE": str(certificate),
            "RECONCILER_CLIENT_KEY": str(key),
            "RECONCILER_CLIENT_KEY_PASSWORD": password,
        }


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> Files:
    return Files(authority, tmp_path)


async def test_a_server_that_wants_our_certificate_gets_it(authority: trustme.CA, ca_file: Path, files: Files) -> None:
    for environ in (
        files.environ(files.certificate, files.key),
        files.environ(files.both),
        files.environ(files.certificate, files.locked, PASSWORD),
    ):
        async with secure(authority, mutual=True) as raw:
            assert await asked(raw, {"RECONCILER_CA_FILE": str(ca_file), **environ}, "POST") == {"fine": True}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_gets_no_certificate_but_wants_one_has_done_nothing(
    authority: trustme.CA, ca_file: Path, method: str, version: ssl.TLSVersion
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with strict(context) as url:
        async with connect(Endpoint(url), Transport.of({"RECONCILER_CA_FILE": str(ca_file)})) as client:
            with pytest.raises(Untrusted, match="it wants a client certificate") as caught:
                await client.request(method, "/api/x")
    assert "RECONCILER_CLIENT_CERTIFICATE" in caught.value.hint


async def test_a_certificate_of_an_authority_the_server_does_not_know_is_told(
    authority: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    stranger = Files(trustme.CA(), folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with strict(context) as url:
        way = Transport.of({"RECONCILER_CA_FILE": str(ca_file), **stranger.environ(stranger.both)})
        async with connect(Endpoint(url), way) as client:
            with pytest.raises(Untrusted, match="it wants a client certificate, or a different one"):
                await client.request("GET", "/api/x")


@pytest.mark.parametrize("variable", ["RECONCILER_CA_FILE", "SSL_CERT_FILE", "RECONCILER_CLIENT_CERTIFICATE"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        ("", "it contains no PEM certificate"),
        ("text", "it contains no PEM certificate"),
        ("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", ""),
    ],
)
async def test_a_file_that_cannot_be_used_is_named_with_its_variable(
    variable: str, content: str | None, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "file.pem"
    if content is not None:
        file.write_text(content)
    failure = await opens({variable: str(file)})
    assert str(failure).startswith(f"{variable} cannot be used: {file}: {why}")
    assert variable in failure.hint or "RECONCILER_CLIENT_KEY" in failure.hint


async def test_a_directory_where_a_file_is_wanted_and_an_empty_one_are_named(tmp_path: Path) -> None:
    assert "Is a directory" in str(await opens({"RECONCILER_CLIENT_CERTIFICATE": str(tmp_path)}))
    assert "Is a directory" in str(await opens({"SSL_CERT_FILE": str(tmp_path)}))
    assert "no file in this directory contains a PEM certificate" in str(await opens({"RECONCILER_CA_FILE": str(tmp_path)}))
    assert "SSL_CERT_DIR cannot be used" in str(await opens({"SSL_CERT_DIR": str(tmp_path / "none")}))
    assert "unreadable" in str(await opens({"RECONCILER_CA_FILE": "nul\0byte"}))


async def test_each_fault_of_our_own_key_is_told_apart(authority: trustme.CA, files: Files, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    authority.issue_cert("other").private_key_pem.write_to_path(other)
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    told = {
        "it contains no PEM key": files.environ(files.certificate),
        "the key does not belong to RECONCILER_CLIENT_CERTIFICATE": files.environ(files.certificate, other),
        "RECONCILER_CLIENT_KEY_PASSWORD is not set": files.environ(files.certificate, files.locked),
        "RECONCILER_CLIENT_KEY_PASSWORD is wrong": files.environ(files.certificate, files.locked, "not-the-password"),
        "its PEM cannot be read": files.environ(files.certificate, broken),
        "RECONCILER_CLIENT_CERTIFICATE is not set": {"RECONCILER_CLIENT_KEY": str(files.key)},
        "No such file": files.environ(files.certificate, tmp_path / "none"),
    }
    for why, environ in told.items():
        assert why in str(await opens(environ))


async def test_the_password_of_the_key_is_never_shown(files: Files) -> None:
    transport = Transport.of(files.environ(files.certificate, files.locked, PASSWORD))
    assert PASSWORD not in repr(transport)
    async with connect(Endpoint("https://localhost:1"), transport) as client:
        assert client.repeats_a_secret(f"it is {PASSWORD}")
        assert PASSWORD not in repr(vars(client))


async def test_plain_http_reads_no_certificate_at_all() -> None:
    async with serving(always(FINE)) as raw:
        assert await asked(raw, {"RECONCILER_CA_FILE": "/no/such/file"}) == {"fine": True}


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, "https://a.example", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://a.example", ("HTTPS_PROXY", "http://p:1")),
        ({"HTTPS_PROXY": "http://p:1"}, "http://a.example", None),
        ({"HTTPS_PROXY": "p:1"}, "https://a.example", ("HTTPS_PROXY", "http://p:1")),
        ({"ALL_PROXY": "http://p:2", "http_proxy": "http://p:1"}, "http://a.example", ("HTTP_PROXY", "http://p:1")),
        ({"ALL_PROXY": "http://p:2"}, "http://a.example", ("ALL_PROXY", "http://p:2")),
        ({"HTTPS_PROXY": "http://p:1", "https_proxy": "http://p:3"}, "https://a.example", ("HTTPS_PROXY", "http://p:3")),
    ],
)
async def test_which_proxy_is_asked(environ: dict[str, str], url: str, proxy: tuple[str, str] | None) -> None:
    found = Transport.of(environ).proxy(url)
    assert (found and (found[0], found[1].reveal())) == proxy


@pytest.mark.parametrize("spared", ["*", "a.example", ".example", "EXAMPLE", "*.example", "b, a.example ", "a.example:443"])
async def test_hosts_that_no_proxy_spares_are_asked_directly(spared: str) -> None:
    assert Transport.of({"ALL_PROXY": "http://p:1", "NO_PROXY": spared}).proxy("https://a.example") is None


@pytest.mark.parametrize("spared", ["", "ample", "b.example", "a.example:80", "a.example.org", "10.0.0.0/8", ",", ".", ":443"])
async def test_hosts_that_no_proxy_does_not_name_go_by_the_proxy(spared: str) -> None:
    assert Transport.of({"ALL_PROXY": "http://p:1", "NO_PROXY": spared}).proxy("https://a.example") is not None


@pytest.mark.parametrize(
    ("spared", "url"),
    [
        ("10.0.0.0/8", "http://10.1.2.3"),
        ("10.1.2.3", "http://10.1.2.3:8080"),
        ("10.1.2.3:8080", "http://10.1.2.3:8080"),
        ("fd00::/8", "http://[fd00::1]"),
        ("::1", "http://[::1]:80"),
        ("[::1]:80", "http://[::1]"),
    ],
)
async def test_addresses_and_networks_are_spared_too(spared: str, url: str) -> None:
    assert Transport.of({"ALL_PROXY": "http://p:1", "NO_PROXY": spared}).proxy(url) is None


@pytest.mark.parametrize(
    "proxy", ["socks5://u:password-of-proxy@127.0.0.1:1", "foo://u:password-of-proxy@p", "http://u:password-of-proxy@[::1"]
)
async def test_a_proxy_that_cannot_be_used_is_named_without_its_password(proxy: str) -> None:
    with pytest.raises(WireError, match="the proxy in HTTPS_PROXY cannot be used") as caught:
        async with connect(Endpoint("https://a.example"), Transport.of({"HTTPS_PROXY": proxy})):
            pass
    assert "password-of-proxy" not in f"{caught.value}{caught.value.hint}"
    assert "password-of-proxy" not in repr(Transport(proxies={"https": Secret(proxy)}))


async def test_the_password_of_a_proxy_counts_as_a_secret() -> None:
    proxied = Transport.of({"HTTPS_PROXY": "http://u:password%2Dof-proxy@127.0.0.1:1"})
    async with connect(Endpoint("https://a.example"), proxied) as client:
        assert client.repeats_a_secret("it is password-of-proxy")
