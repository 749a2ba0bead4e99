"""A code span begins and ends on one line: a span that goes on in the next line is easy to misread, and hard to search for."""

from pathlib import Path

import pytest

from tests.docs import pages


@pytest.mark.parametrize("file", pages.markdown_files(), ids=pages.name)
def test_no_code_span_of_a_page_goes_on_in_the_next_line(file: Path) -> None:
    lines = pages.prose(file.read_text()).splitlines()
    broken = [f"line {number}: {line}" for number, line in enumerate(lines, 1) if line.count("`") % 2]
    assert not broken, "\n".join(broken)
