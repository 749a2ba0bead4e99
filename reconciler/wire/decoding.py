"""Unpacks the body of an answer while it arrives, and never into more than an answer may be.

A few kilobytes of gzip can unpack into gigabytes, and each encoding on top of another one multiplies that. So an answer may
have one encoding, which we asked for, and unpacking stops at the limit.
"""

import zlib
from collections.abc import AsyncIterator
from typing import Protocol

ACCEPTED = "gzip, deflate"
"""What we say in Accept-Encoding."""

UNPACKED_WRONGLY = "find out what packs the answer: a proxy on the way there may, and it does it wrongly"
"""The next step after `Undecodable`."""
_GZIP = zlib.MAX_WBITS | 16
_PIECE = 256 * 1024
"""How much is unpacked at a time, in bytes."""


class Undecodable(Exception):
    """The body cannot be unpacked. The text completes the sentence "It answered with …"."""


class _Decoder(Protocol):
    def decode(self, data: bytes, room: int) -> bytes:
        """Return what `data` unpacks to, but no more than about `room` bytes."""

    def end(self) -> None:
        """Raise `Undecodable` if the body is not complete."""


async def unpack(parts: AsyncIterator[bytes], encodings: str, largest: int) -> bytes:
    """Return the body whose bytes arrive as `parts`, packed as its Content-Encoding header `encodings` says.

    Stops once the body is longer than `largest` bytes; what it returns is then longer than that by little. Raises
    `Undecodable`.
    """
    decoder = _decoder(encodings)
    body, size = [], 0
    async for part in parts:
        piece = decoder.decode(part, largest + 1 - size)
        body.append(piece)
        size += len(piece)
        if size > largest:
            break
    else:
        decoder.end()
    return body[0] if len(body) == 1 else b"".join(body)


def _decoder(encodings: str) -> _Decoder:
    names = [name for each in encodings.split(",") if (name := each.strip().lower()) not in {"", "identity"}]
    if not names:
        return _Plain()
    if len(names) > 1:
        raise Undecodable("a body that is packed more than once, and is not read")
    if names[0] in {"gzip", "x-gzip"}:
        return _Zipped(_GZIP)
    if names[0] == "deflate":
        return _Deflated()
    raise Undecodable("a body in an encoding that reconciler did not ask for, and does not read")


class _Plain:
    def decode(self, data: bytes, room: int) -> bytes:
        return data

    def end(self) -> None:
        pass


class _Zipped:
    def __init__(self, window: int) -> None:
        self._unpack = zlib.decompressobj(window)
        self._began = False

    def decode(self, data: bytes, room: int) -> bytes:
        self._began = self._began or bool(data)
        pieces = []
        has_more = bool(data)
        while has_more and room > 0 and not self._unpack.eof:
            most = min(room, _PIECE)
            try:
                piece = self._unpack.decompress(data, most)
            except zlib.error:
                raise Undecodable("a body that cannot be unpacked") from None
            data = self._unpack.unconsumed_tail
            has_more = bool(data) or len(piece) == most
            room -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def end(self) -> None:
        if self._began and not self._unpack.eof:
            raise Undecodable("half a body: what is packed breaks off")


class _Deflated(_Zipped):
    """`deflate` is a zlib stream by its standard, and a bare one from some servers. The first byte tells them apart."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)

    def decode(self, data: bytes, room: int) -> bytes:
        if data and not self._began and data[0] & 0x0F != zlib.DEFLATED:
            self._unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        return super().decode(data, room)
