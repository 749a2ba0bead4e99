"""Answers are unpacked while they arrive, once, and never into more than an answer may be."""

import gzip
import json
import zlib

import pytest

from reconciler.wire import AnswerLost, Endpoint, NotAnAnswer, NotSent, Stand, Transport, answers, ask_metadata, asking, connect
from reconciler.wire.answers import LARGEST_ANSWER
from reconciler.wire.decoding import unpack
from tests.wire.raw import always, reply, serving

pytestmark = pytest.mark.anyio

JSON = json.dumps({"appConnections": [{"name": f"crm-{number}"} for number in range(20_000)]}).encode()
MEGABYTE = 1024 * 1024


def deflated(data: bytes, window: int) -> bytes:
    packer = zlib.compressobj(wbits=window)
    return packer.compress(data) + packer.flush()


def bomb(megabytes: int) -> bytes:
    """Return a gzip stream of so many megabytes of blanks, which takes no time to make: one block, repeated."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * megabytes


async def body_of(content: bytes, encoding: str) -> object:
    async with serving(always(reply(200, content, content_encoding=encoding))) as raw, connect(Endpoint(raw.url)) as client:
        return (await client.request("GET", "/api/x")).body


async def lost(content: bytes, encoding: str, method: str = "POST") -> str:
    async with serving(always(reply(200, content, content_encoding=encoding))) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(AnswerLost) as caught:
            await client.request(method, "/api/x")
    return f"{caught.value} next: {caught.value.hint}"


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", gzip.compress(JSON)),
        ("GZIP", gzip.compress(JSON)),
        ("x-gzip", gzip.compress(JSON)),
        ("identity, gzip", gzip.compress(JSON)),
        ("deflate", zlib.compress(JSON)),
        ("deflate", deflated(JSON, -zlib.MAX_WBITS)),
        ("identity", JSON),
        (" ", JSON),
        ("gzip", gzip.compress(JSON) + b"more behind its end"),
    ],
)
async def test_an_answer_that_is_packed_as_we_asked_is_read(encoding: str, content: bytes) -> None:
    assert await body_of(content, encoding) == json.loads(JSON)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,deflate", "gzip, identity, gzip", "gzip, gzip, gzip, gzip, gzip"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_answer_that_is_packed_more_than_once_is_not_unpacked(encoding: str, method: str) -> None:
    """Ten kilobytes of it would be almost five gigabytes."""
    packed = gzip.compress(bomb(4_800), 9)
    assert len(packed) < 50_000

    message = await lost(packed, encoding, method)

    assert "answered with a body that is packed more than once, and is not read." in message
    assert "find out what packs the answer" in message


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "aes128gcm", "x"])
async def test_an_encoding_that_nobody_asked_for_is_refused(encoding: str) -> None:
    assert "in an encoding that reconciler did not ask for" in await lost(JSON, encoding)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [("gzip", b"not gzip at all"), ("deflate", b"\x78\x9c not deflate"), ("deflate", b"\xff\xff\xff\xff")],
)
async def test_what_is_packed_wrongly_is_no_answer(encoding: str, content: bytes) -> None:
    assert "a body that cannot be unpacked" in await lost(content, encoding)


async def test_half_of_what_is_packed_is_half_an_answer() -> None:
    assert "half a body" in await lost(gzip.compress(JSON)[:-20], "gzip")


async def test_the_limit_holds_while_an_answer_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is 20 kilobytes, and 20 megabytes once it is unpacked: reading ends at the limit, not after the last byte."""
    monkeypatch.setattr(answers, "LARGEST_ANSWER", 100_000)
    read: list[int] = []

    async def noted(*arguments: object) -> bytes:
        body: bytes = await unpack(*arguments)  # type: ignore[arg-type]
        read.append(len(body))
        return body

    monkeypatch.setattr(answers, "unpack", noted)
    async with serving(always(reply(200, bomb(20), content_encoding="gzip"))) as raw, connect(Endpoint(raw.url)) as client:
        with pytest.raises(NotAnAnswer, match="sent an answer that is too long"):
            await client.request("GET", "/api/x")
    assert read == [100_001]


async def test_a_large_answer_is_whole() -> None:
    """It comes to its end exactly where a piece that is unpacked at a time ends."""
    text = json.dumps(" " * (1024 * 1024 - 2))
    assert await body_of(gzip.compress(text.encode()), "gzip") == " " * (1024 * 1024 - 2)
    assert len(text) < LARGEST_ANSWER


async def test_salesforce_and_metadata_services_are_held_to_the_same() -> None:
    twice = reply(200, gzip.compress(bomb(100)), content_encoding="gzip, gzip")
    async with serving(always(twice)) as raw:
        async with asking(Transport(), Stand(raw.url)) as asker:
            with pytest.raises(AnswerLost, match=r"acme\.example answered with a body that is packed more than once"):
                await asker.get("acme.example", "/services/data", seconds=5)
        with pytest.raises(NotSent, match="does not answer"):
            await ask_metadata(raw.url, {})
