"""The pages and the picture that docs/generate.py makes are in the repository as they would be made now."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT


def test_the_reference_and_the_picture_are_up_to_date(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV"}}
    subprocess.run([sys.executable, "docs/generate.py", str(tmp_path)], cwd=ROOT, env=clean, check=True)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert made
    old = [str(path) for path in made if not _same(tmp_path / path, ROOT / "docs" / path)]
    assert not old, f"run `make reference`: {', '.join(old)}"


def test_every_page_of_the_reference_is_made() -> None:
    """A page that is written by hand belongs elsewhere: it would not follow the code."""
    by_hand = [path.name for path in (ROOT / "docs/reference").iterdir() if "Made by docs/generate.py" not in path.read_text()]
    assert not by_hand


def test_the_pictures_need_nothing_from_the_network() -> None:
    for picture in (ROOT / "docs/images").iterdir():
        text = picture.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text, picture.name
        assert "@font-face" not in text, picture.name


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()
