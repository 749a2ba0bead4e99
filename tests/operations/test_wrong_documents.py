"""Plans and states that somebody edited or made up: each is read or refused with a sentence, and none breaks a command.

The documents are valid ones with one thing wrong, or several. Their checksums fit: whoever edits a file can compute them.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model import Action, Reason, State, Stopped, Why
from reconciler.operations.plan import read_plan
from reconciler.operations.saved_plan import SavedPlan, why_stale
from reconciler.planning import Guarded, GuardedWhat, Kept, KeptWhy, decide, encode, situation_of
from reconciler.planning.file import _checksum
from reconciler.reports import JsonReport, MarkdownReport, Style, TextReport
from reconciler.state import Encoder, StateError, decode_state
from tests.planning.test_compare import everything
from tests.state.values import a_state

NOW = datetime(2026, 11, 25, tzinfo=UTC)
HOSTILE = ["\x1b[31m", "</details>", "a\n::add-mask::x", "\u202e", "\ud800", "", "x" * 5_000, "##[group]x", "{0}{x}", "held"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.sampled_from(HOSTILE)
    | st.text(max_size=3)
    | st.sampled_from([*Action, *Why, *KeptWhy, *GuardedWhat])
)
WRONG: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "why", *HOSTILE]), inner, max_size=3),
)
OUR_PLAN = replace(
    everything(),
    guarded=(Guarded(GuardedWhat.DELETES, 3, 7, 2, 1), Guarded(GuardedWhat.ALL, 7, 7, 0)),
    kept=(*everything().kept, Kept("vital", KeptWhy.PROTECTED, Reason(Why.PROTECTED_AND_REMOVED, file="vital.yaml"), "id-9")),
    interrupted={"crm": Reason(Why.CREATED_BY_INTERRUPTED_APPLY)},
    expires_at="2026-12-24T00:00:00+00:00",
)
PLAN = json.loads(encode(OUR_PLAN))
STATE = json.loads(Encoder().encode(a_state(2)))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container in a document with each of its keys or positions."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@st.composite
def wrong(draw: st.DrawFn, valid: Any) -> Any:
    """Return a document with one to three things wrong."""
    document = copy.deepcopy(valid)
    for _ in range(draw(st.integers(1, 3))):
        everywhere = list(places(document))
        if not everywhere:
            break
        place, key = everywhere[draw(st.integers(0, len(everywhere) - 1))]
        match draw(st.sampled_from(["replace", "remove", "add", "wrap", "swap"])):
            case "remove":
                del place[key]
            case "add" if isinstance(place, dict):
                place[draw(st.sampled_from(["added", *HOSTILE]))] = draw(WRONG)
            case "wrap":
                place[key] = [place[key]] if draw(st.booleans()) else {"a": place[key]}
            case "swap":
                other, at = everywhere[draw(st.integers(0, len(everywhere) - 1))]
                place[key] = copy.deepcopy(other[at])
            case _:
                place[key] = draw(WRONG)
    return document


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


def show(data: bytes, file: Path) -> str:
    """Read, show and hold against another plan what may be a plan, as the commands do; return why it is refused."""
    file.write_bytes(data)
    try:
        plan = read_plan(file)
    except Stopped as stopped:
        (problem,) = stopped.diagnostics
        assert problem.hint
        return problem.summary
    for report in (TextReport(Style()), TextReport(Style(True, 40)), MarkdownReport(), JsonReport()):
        assert report.plan(plan)
    assert encode(plan)
    stale = why_stale(SavedPlan(plan, file), OUR_PLAN, NOW)
    assert bool(TextReport(Style()).diagnostics(stale)) is bool(stale)
    return ""


def read_state(data: bytes) -> State | StateError:
    try:
        return decode_state(data, "The state crm")
    except StateError as refused:
        return refused


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wrong(PLAN))
def test_a_wrong_plan_is_shown_or_refused_with_a_sentence(tmp_path: Path, document: Any) -> None:
    if isinstance(document.get("plan"), dict):
        document["checksum"] = _checksum(document["plan"])
    summary = show(written(document), tmp_path / "plan.json")

    assert not summary or summary.startswith(f"{tmp_path}/plan.json cannot be used as a plan: ")
    assert "Error" not in summary


@settings(max_examples=500)
@given(wrong(STATE))
def test_a_wrong_state_is_read_or_refused_with_a_sentence(document: Any) -> None:
    state = read_state(written(document))
    if isinstance(state, StateError):
        assert str(state).startswith("The state crm ")
        assert state.hint
        return
    assert decode_state(Encoder().encode(state)) == state
    for report in (TextReport(Style()), JsonReport()):
        report.state_list(state)
        for record in state.records.values():
            report.state_show(record)
    decide(situation_of([], {}, state, [], {}))


TEXTS: dict[str, tuple[Callable[[str], str], str]] = {
    "a key twice": (lambda text: text.replace('"kind":', '"kind": "x", "kind":'), "it has the key `kind` twice in one place"),
    "NaN": (lambda text: text.replace('"serial": ', '"serial": NaN, "a": '), "it has the value NaN, which is not JSON"),
    "Infinity": (lambda text: text.replace('"serial": ', '"serial": -Infinity, "a": '), "it has the value -Infinity"),
    "a long number": (lambda text: text.replace('"serial": ', f'"serial": {"9" * 5_000}, "a": '), "a number in it is too long"),
    "deep": (lambda text: text.replace('"kind":', f'"a": {"[" * 100_000}{"]" * 100_000}, "kind":'), "nested too deeply"),
    "cut": (lambda text: text[: len(text) // 2], "it is not JSON"),
    "not UTF-8": (lambda text: text.replace('"serial"', '"\udcff"'), "it is not JSON"),
    "empty": (lambda _: "", "it is"),
    "a list": (lambda text: f"[{text}]", "it is not a"),
}


@pytest.mark.parametrize("how", TEXTS)
def test_a_document_that_is_no_json_or_is_ambiguous_is_refused_as_what_it_is(how: str, tmp_path: Path) -> None:
    change, reason = TEXTS[how]
    plan = json.dumps(PLAN)
    state = json.dumps({"kind": "state", **STATE})

    assert reason in show(change(plan).encode("utf-8", "surrogateescape"), tmp_path / "plan.json")
    with pytest.raises(StateError, match="is damaged") as refused:
        decode_state(change(state).encode("utf-8", "surrogateescape"))
    assert reason in str(refused.value)


WRONG_VALUES = {
    ("unmanaged",): ("<b>", "`plan.unmanaged` must be a whole number, not text"),
    ("changes", 0, "address"): ("crm\x1b[31m", "`plan.changes[0].address` is not an address"),
    ("changes", 0, "action"): ("explode", "`plan.changes[0].action` must be one of `create`"),
    ("changes", 0, "fields"): (["credentials.password"], "`plan.changes[0].fields[0]` must be one of"),
    ("guarded", 0, "number"): ("2", "`plan.guarded[0].number` must be a whole number, not text"),
    ("kept", 0, "reason"): ({"why": "taken-over"}, "`plan.kept[0].reason.why` must be one of"),
    ("expires_at",): ("tomorrow", "`plan.expires_at` is not a time with its offset from UTC"),
    ("serial",): (10**30, "`plan.serial` must be at most"),
}


@pytest.mark.parametrize("place", WRONG_VALUES)
def test_a_value_of_another_type_is_named_with_its_place(place: tuple[Any, ...], tmp_path: Path) -> None:
    value, sentence = WRONG_VALUES[place]
    document = copy.deepcopy(PLAN)
    inner = document["plan"]
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    document["checksum"] = _checksum(document["plan"])

    assert sentence in show(written(document), tmp_path / "plan.json")


def test_a_newer_minor_with_more_keys_everywhere_is_read(tmp_path: Path) -> None:
    document = copy.deepcopy(PLAN)
    free = ("labels", "interrupted")
    for place, key in [*places(document)]:
        if isinstance(place[key], dict) and key not in free:
            place[key]["added_later"] = {"x": [1.5]}
    document |= {"format_version": "2.9", "checksum": _checksum(document["plan"])}
    file = tmp_path / "plan.json"
    file.write_bytes(written(document))

    assert replace(read_plan(file), diagnostics=()) == replace(OUR_PLAN, diagnostics=())


@pytest.mark.parametrize("version", ["3.0", "1.0", "2", "v2.0", "2.0\n", "20.0"])
def test_an_unknown_major_is_refused_with_both_versions(version: str, tmp_path: Path) -> None:
    summary = show(written(PLAN | {"format_version": version}), tmp_path / "plan.json")

    assert f"it has format {version}, but this version of reconciler reads 2.0" in summary


def test_the_state_s_key_is_in_no_message() -> None:
    document = copy.deepcopy(STATE)
    document["fingerprint_key"] = "c2VjcmV0LWtleS1vZi10aGUtc3RhdGU"
    with pytest.raises(StateError, match="`fingerprint_key` is not 32 bytes in base64") as refused:
        decode_state(written(document))
    assert "c2Vj" not in str(refused.value)
