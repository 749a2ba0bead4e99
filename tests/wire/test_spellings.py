"""A secret that a server repeats is found in every way of writing it, and no word of a sentence is taken for one."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Secret
from reconciler.wire.words import repeats

SECRET = 'a/consumer<secret>&"of this test"\\+é😀'


def units(text: str) -> str:
    return "".join(f"\\u{int.from_bytes(pair, 'big'):04x}" for pair in _pairs(text.encode("utf-16-be")))


def _pairs(data: bytes) -> list[bytes]:
    return [data[at : at + 2] for at in range(0, len(data), 2)]


def json_text(text: str) -> str:
    return json.dumps(text)[1:-1]


def in_base64(before: bytes, after: bytes, encode: Callable[[bytes], bytes] = base64.b64encode) -> Callable[[str], str]:
    return lambda text: encode(before + text.encode() + after).decode()


def lines_of_76(text: str) -> str:
    return base64.encodebytes(b"Basic client:" + text.encode()).decode()


WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json_text,
    "JSON with slashes escaped": lambda text: json_text(text).replace("/", "\\/"),
    "JSON with every character escaped": units,
    "JSON with capital digits": lambda text: units(text).upper().replace("\\U", "\\u"),
    "JSON in JSON": lambda text: json_text(json_text(text)),
    "JSON in JSON, all escaped": lambda text: json_text(units(text)),
    "JSON in JSON in JSON": lambda text: json_text(json_text(units(text))),
    "a page": html.escape,
    "a page with decimal entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "a page with hex entities": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "a page in JSON": lambda text: json_text(html.escape(text)),
    "an address": lambda text: quote(text, safe=""),
    "an address with slashes": quote,
    "a form": quote_plus,
    "an address with every character escaped": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "an address in an address": lambda text: quote(quote(text, safe=""), safe=""),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "escapes of Python": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode("latin-1", "ignore")),
    "UTF-16 that is read as UTF-8": lambda text: text.encode("utf-16-le").decode("utf-8", "replace"),
    **{f"base64 behind {count} bytes": in_base64(b"x" * count, b"") for count in range(4)},
    **{f"base64 before {count} bytes": in_base64(b"", b"y" * count) for count in range(4)},
    "base64 for addresses": in_base64(b"xx", b"yy", base64.urlsafe_b64encode),
    "base64 in JSON": lambda text: json_text(in_base64(b"x", b"y")(text)).replace("/", "\\/"),
    "base64 in lines of 76": lines_of_76,
    "base64 in lines of 76, in JSON": lambda text: json_text(lines_of_76(text)),
    "broken into lines": lambda text: text[:5] + "\n" + text[5:],
}
PLAIN = "0123456789abcdef-consumer-secret"


@pytest.mark.parametrize("around", ["{}", "invalid client: {}.", '{{"error_description": "it was {}", "b": 1}}', "<p>{}</p>"])
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_found_however_it_is_written(way: str, around: str) -> None:
    written = {"escapes of Python": PLAIN, "UTF-16 that is read as UTF-8": PLAIN}.get(way, SECRET)

    assert repeats(around.format(WAYS[way](written)), [Secret(written)])
    assert not repeats(around.format(WAYS[way]("x" * len(written))), [Secret(written)])


@given(
    st.text(min_size=8, max_size=40),
    st.sampled_from(sorted(WAYS.keys() - {"escapes of Python", "UTF-16 that is read as UTF-8"})),
)
def test_every_secret_is_found(secret: str, way: str) -> None:
    if secret.isprintable() and not secret.isspace() and len("".join(secret.split())) == len(secret):
        assert repeats(f"it was {WAYS[way](secret)}.", [Secret(secret)])


@pytest.mark.parametrize("secret", ["a", "of", "api", "", "1"])
def test_a_text_of_a_few_letters_is_no_secret_that_hides_a_sentence(secret: str) -> None:
    assert not repeats("the scope of the api is a: 1", [Secret(secret)])


@pytest.mark.parametrize("secret", ["scope", "client", "invalid"])
def test_a_short_secret_is_no_part_of_another_word(secret: str) -> None:
    assert not repeats("telescopes, clients and invalidity", [Secret(secret)])


@pytest.mark.parametrize(
    "text", ["it was hunter2.", '{"a": "hunter2"}', "hunter2", "it was &quot;hunter2&quot;", "a%20hunter2%2c"]
)
def test_a_short_secret_is_found_where_it_is_a_word_of_its_own(text: str) -> None:
    assert repeats(text, [Secret("hunter2")])


def test_a_secret_far_behind_the_beginning_is_found_as_pages_and_json_write_it() -> None:
    for way in (str, html.escape, quote_plus, json_text, in_base64(b"x", b"y")):
        assert repeats("x" * 200_000 + way(SECRET), [Secret(SECRET)])
