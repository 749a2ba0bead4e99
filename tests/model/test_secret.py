"""A secret is shown by nothing but `reveal`, and compared by nothing but a keyed fingerprint."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import Credentials, Secret

TEXT = "s3cr3t-Läuft-🔑"
KEY = bytes(range(32))

UNSHOWABLE: tuple[Callable[[Any], object], ...] = (
    json.dumps,
    lambda secret: json.dumps({"value": secret}),
    lambda secret: secret.__getstate__(),
    lambda secret: secret.__setstate__({}),
    lambda secret: "x" + secret,
    lambda secret: "".join([secret]),
    bytes,
    list,
    len,
    hash,
    vars,
)


@dataclasses.dataclass(frozen=True)
class Holder:
    value: Secret


def nothing_of_it(shown: str) -> bool:
    return TEXT not in shown and TEXT.encode().hex() not in shown and ascii(TEXT)[1:-1] not in shown


def test_reveal_gives_the_text_back() -> None:
    assert Secret(TEXT).reveal() == TEXT


def test_repr_and_str_show_stars() -> None:
    assert repr(Secret(TEXT)) == "Secret(***)"
    assert str(Secret(TEXT)) == "***"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (f"{Secret(TEXT)}", "***"),
        (f"{Secret(TEXT)!r}", "Secret(***)"),
        (f"{Secret(TEXT)!s:>8}", "     ***"),
        (f"{Secret(TEXT):>8}", "     ***"),
        (f"{Secret(TEXT):.1}", "*"),
        ("{:<6}|".format(Secret(TEXT)), "***   |"),  # noqa: UP032
        ("{0.__class__.__name__} {0}".format(Secret(TEXT)), "Secret ***"),
        ("%s %r" % (Secret(TEXT), Secret(TEXT)), "*** Secret(***)"),  # noqa: UP031
    ],
)
def test_every_way_of_formatting_shows_stars(shown: str, expected: str) -> None:
    assert shown == expected


def test_a_format_that_does_not_fit_fails_without_the_text() -> None:
    with pytest.raises(ValueError, match="format code") as failed:
        format(Secret(TEXT), "d")

    assert nothing_of_it(str(failed.value))


@pytest.mark.parametrize("show", UNSHOWABLE)
def test_what_would_hand_the_text_on_is_refused(show: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as refused:
        show(Secret(TEXT))

    assert nothing_of_it(str(refused.value))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_pickle_protocol_takes_it(protocol: int) -> None:
    for value in (Secret(TEXT), [Secret(TEXT)], Holder(Secret(TEXT))):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(value, protocol)


def test_a_copy_is_the_secret_itself() -> None:
    secret = Secret(TEXT)

    assert copy.copy(secret) is secret
    assert copy.deepcopy(secret) is secret
    assert copy.deepcopy({"a": [secret]})["a"][0] is secret


def test_a_dataclass_that_holds_one_shows_stars_as_a_dict_too() -> None:
    holder = Holder(Secret(TEXT))

    assert repr(holder) == "Holder(value=Secret(***))"
    assert nothing_of_it(pprint.pformat(dataclasses.asdict(holder)))


def test_dir_lists_names_and_no_text() -> None:
    assert nothing_of_it(repr(dir(Secret(TEXT))))


def test_a_traceback_that_captures_locals_shows_stars() -> None:
    def failing(secret: Secret) -> None:
        raise RuntimeError(f"it went wrong with {secret}")

    try:
        failing(Secret(TEXT))
    except RuntimeError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())

    assert "secret = Secret(***)" in shown
    assert nothing_of_it(shown)


def test_a_log_line_shows_stars() -> None:
    stream = io.StringIO()
    logger = logging.Logger("of this test")
    logger.addHandler(logging.StreamHandler(stream))

    logger.warning("value %s and %r", Secret(TEXT), Secret(TEXT))

    assert "value *** and Secret(***)" in stream.getvalue()
    assert nothing_of_it(stream.getvalue())


def test_equal_texts_are_equal_and_a_text_is_never_equal_to_its_secret() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret(TEXT + " ")
    assert Secret(TEXT) != TEXT


def test_only_the_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret(" ")


def test_a_fingerprint_is_the_hmac_sha256_of_field_and_value() -> None:
    # printf 'consumerKey\0v' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
    expected = "a4690e8fc3580405d4544065309ab0b24068c797b164d661e0317aaa925c2acd"
    assert Secret("v").fingerprint(KEY, "consumerKey") == expected


def test_a_fingerprint_differs_by_key_field_and_value() -> None:
    prints = {
        Secret("v").fingerprint(KEY, "consumerKey"),
        Secret("v").fingerprint(KEY[::-1], "consumerKey"),
        Secret("v").fingerprint(KEY, "consumerSecret"),
        Secret("w").fingerprint(KEY, "consumerKey"),
    }

    assert len(prints) == 4


def test_fingerprints_of_equal_key_and_secret_differ() -> None:
    prints = Credentials(Secret(TEXT), Secret(TEXT)).fingerprints(KEY)

    assert prints.consumer_key != prints.consumer_secret


def test_text_that_no_codec_takes_is_fingerprinted_and_compared_all_the_same() -> None:
    odd = Secret("\udcff")

    assert odd == Secret("\udcff")
    assert len(odd.fingerprint(KEY, "consumerKey")) == 64


def shown(secret: Secret) -> tuple[str, ...]:
    return (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>40}",
        repr(Holder(secret)),
        repr({"a": [secret]}),
        repr(dir(secret)),
    )


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_two_secrets_look_the_same(one: str, other: str) -> None:
    assert shown(Secret(one)) == shown(Secret(other))


@settings(deadline=None)
@given(st.text(), st.text(), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_fingerprints_are_equal_only_for_the_same_value_under_the_same_key(a: str, b: str, one: bytes, other: bytes) -> None:
    same = Secret(a).fingerprint(one, "f") == Secret(b).fingerprint(other, "f")

    assert same == (a == b and one == other)
