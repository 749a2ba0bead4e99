"""The stored document: what is written is read back, what is damaged or foreign is refused, never half understood."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Credentials, Secret, State
from reconciler.state import Encoder, StateError, decode_state
from tests.state.values import a_record, a_state, states


@given(states)
def test_every_state_is_read_back_as_it_was_written(state: State) -> None:
    again = decode_state(Encoder().encode(state))
    assert again == state
    assert [item.scope.project_slug for item in again.superseded] == [item.scope.project_slug for item in state.superseded]
    assert Encoder().encode(again) == Encoder().encode(state)


@given(states)
def test_what_is_stored_is_plain_json_of_format_1(state: State) -> None:
    document = json.loads(Encoder().encode(state).decode("utf-8"))
    assert document["format_version"] == "1.0"
    assert document["records"].keys() == state.records.keys()


def test_one_record_is_one_line_so_that_a_difference_can_be_read() -> None:
    one, more = (Encoder().encode(a_state(count)).decode().splitlines() for count in (1, 2))
    assert len(more) == len(one) + 1
    assert sum('"crm-1": {' in line for line in more) == 1


def test_the_same_state_is_the_same_bytes_whatever_the_order_of_its_records() -> None:
    state = a_state(3)
    turned = State(
        **{name: getattr(state, name) for name in State.__dataclass_fields__}
        | {"records": dict(reversed(list(state.records.items())))}
    )
    assert Encoder().encode(turned) == Encoder().encode(state)


def test_text_beyond_unicode_is_kept_as_its_escape() -> None:
    state = State("l", 1, bytes(32), records={"crm": a_record(description="\ud83d broken")})
    assert decode_state(Encoder().encode(state)) == state
    Encoder().encode(state).decode("utf-8")


def test_a_state_holds_no_value_only_fingerprints_and_their_key() -> None:
    key, secret = Secret("the-consumer-key"), Secret("the-consumer-secret")
    prints = Credentials(key, secret).fingerprints(bytes(32))
    stored = Encoder().encode(State("l", 1, bytes(32), records={"crm": a_record(fingerprints=prints)})).decode()
    assert key.reveal() not in stored
    assert secret.reveal() not in stored
    assert prints.consumer_secret in stored
    assert repr(State.born().key) not in repr(State.born())


def test_a_newer_minor_with_more_keys_everywhere_is_read() -> None:
    document = json.loads(Encoder().encode(a_state()))
    document["format_version"] = "1.7"
    for place in list(_objects(document)):
        if place is not document["records"] and "team" not in place:
            place["added_later"] = {"x": 1}
    assert decode_state(json.dumps(document).encode()) == a_state()


@pytest.mark.parametrize("version", ["2.0", "0.9", "10.0", "11", "v1.0", ""])
def test_an_unknown_major_is_refused_with_both_versions_named(version: str) -> None:
    document = json.loads(Encoder().encode(a_state())) | {"format_version": version}
    with pytest.raises(StateError) as refused:
        decode_state(json.dumps(document).encode())
    assert f"The state has format {version}, but this version of reconciler reads format 1.0." in str(refused.value)
    assert "newer one" in refused.value.hint


def test_a_foreign_major_is_refused_whatever_else_is_in_it() -> None:
    with pytest.raises(StateError, match="has format 2"):
        decode_state(b'{"format_version": "2.1", "everything": "else"}')


def test_a_truncated_document_is_damaged_wherever_it_breaks_off() -> None:
    whole = Encoder().encode(a_state())
    for end in [*range(0, len(whole) - 2, 17), len(whole) - 3]:
        with pytest.raises(StateError, match="damaged") as refused:
            decode_state(whole[:end])
        assert "restore it from a backup" in refused.value.hint


def test_an_empty_file_says_that_it_is_empty() -> None:
    with pytest.raises(StateError, match=r"^The state of test is damaged: it is empty\.$"):
        decode_state(b"", "The state of test")


def test_damage_says_where_it_is() -> None:
    with pytest.raises(StateError, match="not JSON at line 2, column 1"):
        decode_state(b'{"a": 1,\n')
    document = json.loads(Encoder().encode(a_state()))
    del document["records"]["crm-0"]["lifecycle"]
    with pytest.raises(StateError, match=r"`records\.crm-0` lacks `lifecycle`"):
        decode_state(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"null", b"[]", b"5", b'"x"', b"\xff\xfe\x00", b"\0" * 500, b"[" * 200_000, b"{}"])
def test_what_is_no_state_at_all_is_damaged(data: bytes) -> None:
    with pytest.raises(StateError, match="damaged"):
        decode_state(data)


@pytest.mark.parametrize("key", ["", "AAAA", "!!!", None, 5, "A" * 44])
def test_a_fingerprint_key_that_is_not_32_bytes_is_damage_and_never_used(key: object) -> None:
    document = json.loads(Encoder().encode(a_state())) | {"fingerprint_key": key}
    with pytest.raises(StateError, match="damaged"):
        decode_state(json.dumps(document).encode())


@pytest.mark.parametrize("flag", ["false", "true", 0, 1, None, "", []])
def test_a_protection_that_is_not_true_or_false_is_never_guessed(flag: object) -> None:
    document = json.loads(Encoder().encode(a_state()))
    document["records"]["crm-0"]["lifecycle"]["prevent_destroy"] = flag
    with pytest.raises(StateError, match="damaged"):
        decode_state(json.dumps(document).encode())


odd: st.SearchStrategy[object] = (
    st.none() | st.integers() | st.booleans() | st.text(max_size=3) | st.just([]) | st.just({}) | st.just([5])
)


@given(st.data())
def test_a_document_with_any_one_value_of_another_kind_is_read_or_refused_and_never_breaks(data: st.DataObject) -> None:
    document = json.loads(Encoder().encode(a_state()))
    place = data.draw(st.sampled_from(list(_objects(document))))
    key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(odd)
    try:
        state = decode_state(json.dumps(document).encode())
    except StateError:
        return
    assert decode_state(Encoder().encode(state)) == state


@given(st.data())
def test_a_document_that_lacks_any_one_key_is_damaged(data: st.DataObject) -> None:
    document = json.loads(Encoder().encode(a_state()))
    free = (document["records"], *(record["labels"] for record in document["records"].values()))
    places = [place for place in _objects(document) if not any(place is one for one in free) and "team" not in place]
    place = data.draw(st.sampled_from(places))
    del place[data.draw(st.sampled_from(sorted(place)))]
    with pytest.raises(StateError, match="damaged"):
        decode_state(json.dumps(copy.deepcopy(document)).encode())


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


def test_what_is_encoded_again_is_what_a_new_encoder_makes() -> None:
    encoder = Encoder()
    first = a_state(3)
    changed = replace(
        first, serial=9, records={**first.records, "new": replace(next(iter(first.records.values())), address="new")}
    )

    for state in (first, changed, replace(changed, intents=()), first):
        assert encoder.encode(state) == Encoder().encode(state)
