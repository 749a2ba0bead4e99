"""Every relative link in a Markdown file of the repository leads to a file, and to a heading where it names one."""

import re
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.pages import ROOT

_LINK = re.compile(r"\]\((?P<target>[^()\s]+)\)")
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#+ +(?P<text>.+?) *$", re.MULTILINE)


@pytest.mark.parametrize("file", pages.markdown_files(), ids=pages.name)
def test_the_links_of_a_page_lead_somewhere(file: Path) -> None:
    lost = [target for target in _targets(file) if not _found(file, target)]
    assert not lost, ", ".join(lost)


def _targets(file: Path) -> list[str]:
    found = [link["target"] for link in _LINK.finditer(_CODE.sub("", pages.prose(file.read_text())))]
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def _found(file: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    there = (file.parent / path).resolve() if path else file
    if not there.exists() or not there.is_relative_to(ROOT):
        return False
    return not anchor or anchor in _anchors(there)


def _anchors(file: Path) -> set[str]:
    """The anchors of headings, made as GitHub makes them."""
    found: set[str] = set()
    for heading in _HEADING.finditer(pages.prose(file.read_text())):
        slug = re.sub(r"[^\w\- ]", "", heading["text"].lower().replace("`", "")).replace(" ", "-")
        same = sum(1 for one in found if one == slug or re.fullmatch(f"{re.escape(slug)}-\\d+", one))
        found.add(f"{slug}-{same}" if same else slug)
    return found


def test_every_page_can_be_reached_from_the_index() -> None:
    index = ROOT / "docs/index.md"
    seen, todo = set[Path](), [index]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        linked = [(page.parent / target.partition("#")[0]).resolve() for target in _targets(page) if target[0] != "#"]
        todo += [path for path in linked if path.suffix == ".md" and path.exists()]
    written = {path for path in pages.markdown_files() if path.is_relative_to(ROOT / "docs") and "decisions" not in path.parts}
    assert sorted(pages.name(path) for path in written - seen) == []
