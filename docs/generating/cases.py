"""Makes the page of all cases: each row of the decision tables with its plan. The tests run the same cases."""

import sys
from pathlib import Path

from generating.markdown import page
from reconciler.reports import Style, TextReport

_INTRODUCTION = """
This page shows one small plan for each case, as `reconciler plan` prints it. For the rules and the reasons, see
[How a change is decided](../explanation/deciding.md) and [Credentials nobody can read back](../explanation/credentials.md).
"""


def cases() -> str:
    """Return the page."""
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))
    from tests.reports.cases import SECTIONS

    parts = []
    for title, section in SECTIONS.items():
        parts.append(f"## {title}")
        for case in section:
            parts += [f"### {case.title}", case.says, f"```text\n{TextReport(Style()).plan(case.plan()).rstrip()}\n```"]
    return page("Every case", _INTRODUCTION, *parts)
