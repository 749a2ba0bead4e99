"""No line of a report is wider than the terminal, in columns: wide characters take two, what combines takes none."""
# ruff: noqa: RUF001  # full-width punctuation is what this is about

import re
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from reconciler.model import Lifecycle, Location, Source, error
from reconciler.model.source import Shown
from reconciler.planning import Guarded, GuardedWhat, Plan
from reconciler.reports import Style, TextReport
from reconciler.reports.characters import columns, cut, end_of
from tests.planning.world import MOVED, decided, live, plan_of, recorded, wanted

TEXTS = {
    "Chinese": "生产环境的组织，所有团队都在使用；更改任何内容之前，请先询问客户关系管理团队，并告诉他们原因。" * 3,
    "Japanese": "本番環境の組織です（全チームが利用）。変更する前に、必ず「CRM チーム」に確認してください。" * 3,
    "Korean": "모든 팀이 사용하는 프로덕션 조직입니다. 변경하기 전에 팀에 문의하세요. " * 4,
    "emoji": "🚀🎉🇨🇭❤️👍🏽 " * 30,
    "emoji sequences": "👩‍👩‍👧‍👦🧑🏽‍💻" * 20,
    "combining": "é à ñ ü " * 40,
    "mixed": "Die Org für 顧客 von Acme 🚀, siehe café und ｆｕｌｌ; " * 6,
    "full width": "ＡＢＣ" * 60,
}
ONE_WORD = re.compile(r"      [-+~] \w+ += [!-~]+|Digest: [0-9a-f]{64}")
"""A line that cannot be broken: behind the margin there is one word, and it is ASCII."""


def plan(text: str) -> Plan:
    """A plan with `text` in every place of a plan that others than we can write."""
    source = Source(f"description: {text}", {"description": Shown.VALUE})
    place = Location(f"connections/{text}.yaml", 1, 14 + len(text) // 2, source)
    lifecycle = Lifecycle(ignore_changes=("description",) * 9)
    desired = [
        wanted("created", description=text, labels={"team": text}, lifecycle=lifecycle, location=place),
        wanted("edited", description=text, labels={"team": text}, location=place),
        wanted("held", description=text, location=place),
        wanted("unknown", location=place),
    ]
    records = [recorded("edited"), recorded("held"), recorded("unknown"), recorded("removed", description=text, file=text)]
    present = [
        live("edited", description=f"{text}."),
        live("held", credentials_hash=MOVED),
        live("unknown"),
        live("removed", description=text),
    ]
    problem = error(text, detail=f"{text}\n{text}", location=place, hint=text)
    made = plan_of(decided(desired, records, present, values={"unknown": None}), diagnostics=(problem,))
    target = replace(made.target, stack=text, organisation_name=text)
    return replace(made, target=target, guarded=(Guarded(GuardedWhat.DELETES, 4, 10, 3),))


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("base", ["", "origin/main"])
def test_no_line_of_a_plan_is_too_wide(text: str, width: int, base: str) -> None:
    shown = plan(text)
    shown = replace(shown, basis=replace(shown.basis, base=base))
    wide = [line for line in TextReport(Style(width=width)).plan(shown).splitlines() if wcswidth(line) > width]
    assert [line for line in wide if not ONE_WORD.fullmatch(line)] == []


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_nothing_is_lost_when_a_text_is_wrapped(text: str) -> None:
    shown = Style(width=40).wrap(text.strip(), "  # ", "    ")
    assert re.sub(r"\s", "", shown) == "#" + re.sub(r"\s", "", text)


def test_the_case_of_a_chinese_description_at_80_columns() -> None:
    shown = TextReport(Style()).plan(plan_of(decided([wanted(description="客户关系管理" * 11)], [], [])))
    lines = [line for line in shown.splitlines() if "客户" in line]
    assert [wcswidth(line) for line in lines] == [80, 79, 50]
    assert all(line.startswith(" " * 25) for line in lines[1:])


def test_punctuation_that_closes_does_not_begin_a_line_and_what_opens_does_not_end_one() -> None:
    for width in range(10, 30):
        lines = Style(width=width).wrap("「顧客」（全部）、確認。" * 9).splitlines()
        assert not [line for line in lines if line[0] in "」）、。" or line[-1] in "「（"]


@given(st.text(alphabet="ab,.-/ ", max_size=200), st.integers(10, 60), st.sampled_from(["", "  ", "  # "]))
def test_ascii_is_wrapped_as_the_standard_library_does(text: str, width: int, first: str) -> None:
    text = text.strip()
    expected = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    assert Style(width=width).wrap(text, first, "    ").splitlines() == (
        expected or ([first.rstrip()] if first.strip() else [])
    )


@given(st.text(alphabet="a é客🚀👩‍🇨🇭́", max_size=60), st.integers(1, 40))
def test_what_is_cut_fits(text: str, room: int) -> None:
    assert columns(cut(text, room)) <= room
    assert columns(end_of(text, room)) <= room
    assert text.endswith(end_of(text, room))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("room", [5, 20, 79])
def test_what_is_cut_says_that_it_was_cut(text: str, room: int) -> None:
    shown = cut(text, room)
    assert columns(shown) <= room
    assert shown.endswith("…") == (columns(text) > room)


def test_a_wide_character_takes_two_columns_and_a_combining_one_none() -> None:
    assert (columns("crm"), columns("生产"), columns("e\u0301"), columns("👩‍👩‍👧‍👦")) == (3, 4, 1, 2)


def test_the_tables_of_widths_are_loaded_only_for_text_that_is_not_ascii() -> None:
    code = (
        "import sys; from reconciler.reports import Style, TextReport; from reconciler.model import error\n"
        "print(TextReport(Style()).diagnostics([error('x' * 200, hint='y')]))\n"
        "assert 'wcwidth' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
