"""Text is measured in the columns that it takes on a terminal, not in characters."""

from dataclasses import replace

import pytest

from reconciler.model import Location, ProjectRef, error
from reconciler.reports import Style, TextReport
from reconciler.reports.characters import columns, cut
from tests.planning.world import decided, live, plan_of, recorded, wanted

WIDE = {
    "Chinese": "生产环境的客户关系管理系统连接由平台团队维护请勿手动修改任何凭据或实例地址" * 2,
    "Korean with blanks": "운영 환경의 고객 관리 시스템 연결입니다 플랫폼 팀이 관리합니다 " * 3,
    "emoji": "🚀🔥" * 60,
    "emoji sequences": "👩‍👩‍👧‍👦 🏳️‍🌈 " * 20,
    "combining": "e\u0301" * 200,
    "mixed": "crm 生产 production 🚀 connection " * 8,
}


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("text", WIDE.values(), ids=WIDE.keys())
def test_no_line_of_a_plan_is_wider_than_the_terminal_unless_one_word_is(text: str, width: int) -> None:
    desired = [
        wanted("new", description=text),
        wanted("changed", description=text),
        wanted("moved", project=ProjectRef("slug", "crm")),
    ]
    decisions = decided(
        desired, [recorded("changed"), recorded("moved")], [live("changed", description=text[:60]), live("moved")]
    )
    problem = error(text, detail=text, hint=text, location=Location("connections/new.yaml", 4, 9))
    shown = TextReport(Style(width=width)).plan(replace(plan_of(decisions), diagnostics=(problem,)))
    assert [line for line in shown.splitlines() if columns(line) > width and not _one_word(line)] == []


def _one_word(line: str) -> bool:
    """What cannot be broken: a digest, a path, a run of characters without a blank that are not wide."""
    longest = max(line.split(), key=columns)
    return columns(longest) > 30 and columns(longest) <= len(longest)


@pytest.mark.parametrize("text", WIDE.values(), ids=WIDE.keys())
@pytest.mark.parametrize("room", [5, 20, 79])
def test_what_is_cut_fits_and_says_that_it_was_cut(text: str, room: int) -> None:
    shown = cut(text, room)
    assert columns(shown) <= room
    assert shown.endswith("…") == (columns(text) > room)


def test_a_wide_character_takes_two_columns_and_a_combining_one_none() -> None:
    assert (columns("crm"), columns("生产"), columns("e\u0301"), columns("👩‍👩‍👧‍👦")) == (3, 4, 1, 2)
