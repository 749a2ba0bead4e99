"""What people and programs read when a run waits."""

import json
from datetime import UTC, datetime

import pytest

from reconciler.model import Waiting, WaitReason
from reconciler.reports import JsonReport, Style, TextReport

UNTIL = datetime(2026, 11, 25, 12, 0, 37, tzinfo=UTC)
LIMITED = Waiting(WaitReason.RATE_LIMIT, 36.2, UNTIL, 429)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (LIMITED, "Waiting: Infisical allows no more requests for now (HTTP 429). reconciler goes on in 37 s.\n"),
        (
            Waiting(WaitReason.FAILED_REQUEST, 3.0, UNTIL, 503),
            "Waiting: Infisical answered HTTP 503. reconciler tries again in 3 s.\n",
        ),
        (
            Waiting(WaitReason.FAILED_REQUEST, 3.4, UNTIL, cause="https://a.example did not answer within 60 s."),
            "Waiting: https://a.example did not answer within 60 s. reconciler tries again in 4 s.\n",
        ),
        (
            Waiting(WaitReason.STATE_LOCK, 58.0, UNTIL, cause="The state x is locked: apply by me\x1b[2J\n::error::."),
            "Waiting: The state x is locked: apply by me\\x1b[2J\\n::error::. reconciler waits up to 58 s for it.\n",
        ),
    ],
)
def test_people_read_one_line(event: Waiting, line: str) -> None:
    assert TextReport(Style()).event(event) == line


def test_programs_get_the_values_beside_the_words() -> None:
    line = json.loads(JsonReport().event(LIMITED))
    assert line.pop("@timestamp")
    assert line == {
        "@level": "info",
        "@message": "Infisical allows no more requests for now (HTTP 429). reconciler goes on in 37 s.",
        "@module": "reconciler.ui",
        "type": "waiting",
        "waiting": {
            "reason": "rate-limit",
            "seconds": 36.2,
            "until": "2026-11-25T12:00:37+00:00",
            "status": 429,
            "cause": "",
        },
    }
