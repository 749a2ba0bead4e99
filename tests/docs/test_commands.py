"""Every command of README.md, docs/ and the examples is run as it is written, page by page, and prints what the page says.

`UPDATE_GOLDENS=1` writes what is printed into the pages; the difference is for you to read.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import yaml

from tests.docs import pages
from tests.docs.comparing import HOME, same
from tests.docs.pages import ROOT, Command, Step
from tests.docs.shell import QUESTION, Shell
from tests.forking import starter
from tests.serving import serve

CLOUD = "https://app.infisical.com"
VALUES = {"CRM_CONSUMER_KEY": "demo-consumer-key", "CRM_CONSUMER_SECRET": "demo-consumer-secret"}
"""What `NAME=...` stands for, beside the log-in of the served API."""
MOST_REASONS = 8
_ASKED_ELSEWHERE = re.compile(
    r"\n?warning: reconciler sends Salesforce requests to .*\n.*not to Salesforce itself\.\n  next: .*\n"
)
"""What tells that Salesforce is simulated, which it is not for the reader."""


class Reader:
    """Follows a page in a temporary copy; where the page says Infisical Cloud, an API on loopback stands in for it."""

    def __init__(self, page: Path, home: Path, stack: ExitStack) -> None:
        self._page = page
        self._home = home
        self._values = dict(VALUES)
        self._url = ""
        self._salesforce: dict[str, str] = {}
        copy = home / "reconciler"
        for folder in ("examples", "schemas"):
            shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns(".reconciler", "__pycache__"))
        followed = [step for step in pages.steps(page.read_text()) if step.skipped is None]
        if any(CLOUD in step.text for step in followed if step.kind in pages.RUN or step.file):
            server = stack.enter_context(serve(home, copy / "examples/quickstart/salesforce-orgs.yaml"))
            self._url = server.url
            self._values |= server.environ
            self._salesforce = {"RECONCILER_SALESFORCE_ENDPOINT": server.salesforce_url}
        installed, quick = Path(sys.executable).parent, home / ".bin"
        quick.mkdir()
        for program in (installed / "reconciler", ROOT / "tests/docs/issuer.py"):
            starter().write_command(quick, program)
        path = f"{quick}:{installed}:{os.environ['PATH']}"
        git = {f"GIT_{who}_{what}": "ada@acme.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        own = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb", "PYTHONWARNINGS": "error"}
        own |= self._salesforce | {"DOCS_ISSUER": str(ROOT / "tests/docs/issuer.sh")}
        self._shell = Shell(copy, home / ".memory", own | git | {"GIT_CONFIG_GLOBAL": os.devnull})
        self.corrections: list[tuple[Command, int, str]] = []

    def follow(self) -> None:
        """Take every step that is not marked."""
        for step in pages.steps(self._page.read_text()):
            if step.skipped is not None:
                continue
            if step.kind == "console":
                self._console(step)
            elif step.kind in {"sh", "hidden"}:
                self._shell.script(self._typed(step.text))
            elif step.kind == "yaml" and step.file:
                self._write(step)

    def _console(self, step: Step) -> None:
        for command, then in zip(step.commands, (*step.commands[1:], None), strict=True):
            question = re.search(f"{re.escape(QUESTION)}(.+)$", command.output, re.MULTILINE)
            printed = self._shell.command(self._typed(command.text), question[1] if question else None)
            printed = self._told(printed)
            if not same(command.output, printed):
                self.corrections.append((command, step.indent, printed.strip("\n")))
            said = then is not None and then.text.strip() == "echo $?"
            place = f"{pages.name(self._page)}:{command.line}"
            assert said or self._shell.code == 0, (
                f"{place}: exit code {self._shell.code}, and no `$ echo $?` follows:\n{printed}"
            )

    def _write(self, step: Step) -> None:
        folder = self._shell.command("pwd").strip()
        file = Path(folder) / step.file
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if step.append else "w") as opened:
            opened.write(self._typed(step.text) + "\n")

    def _typed(self, text: str) -> str:
        """What the reader types where the page shows a stand-in."""
        for name, value in self._values.items():
            text = text.replace(f"{name}=...", f"{name}={value}")
        text = text.replace(HOME, str(self._home))
        return text.replace(CLOUD, self._url) if self._url else text

    def _told(self, text: str) -> str:
        """What was printed, with the stand-ins of the page."""
        text = text.replace(str(self._home), HOME)
        if self._salesforce:
            text = _ASKED_ELSEWHERE.sub("", text).replace(", 1 warning.", ".")
        return text.replace(self._url, CLOUD).replace("(organisation Embedded)", "(organisation Acme)") if self._url else text


@contextmanager
def reading(page: Path, home: Path) -> Iterator[Reader]:
    """A reader of `page` at `home`."""
    with ExitStack() as stack:
        yield Reader(page, home, stack)


@pytest.mark.parametrize("page", pages.pages(), ids=pages.name)
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    if lacking := [program for program in pages.needs(text) if shutil.which(program) is None]:
        pytest.skip(f"{', '.join(lacking)} is not here")
    if not any(step.kind in pages.RUN for step in pages.steps(text)):
        return
    with reading(page, tmp_path) as reader:
        reader.follow()
    if os.environ.get("UPDATE_GOLDENS"):
        correct(page, reader.corrections)
    else:
        assert not reader.corrections, "\n\n".join(
            f"{pages.name(page)}:{command.line}: `{command.text}` printed:\n{printed}"
            for command, _, printed in reader.corrections
        )


def correct(page: Path, corrections: list[tuple[Command, int, str]]) -> None:
    """Write what was printed into the page, from the end on, so that lines keep their numbers."""
    lines = page.read_text().splitlines()
    for command, indent, printed in reversed(corrections):
        lines[command.first : command.last] = [f"{' ' * indent}{line}".rstrip() for line in printed.splitlines()]
    page.write_text("\n".join(lines) + "\n")


def test_what_is_not_run_says_why_and_the_reasons_are_few() -> None:
    marked = [
        (f"{pages.name(page)}:{step.line}", step.skipped)
        for page in pages.pages()
        for step in pages.steps(page.read_text())
        if step.skipped is not None
    ]
    for place, reason in marked:
        print(f"not run: {place}: {reason}")  # noqa: T201  # `pytest -rP` lists them
        assert reason, f"{place} is marked without a reason"
    reasons = {reason for _, reason in marked}
    assert len(reasons) <= MOST_REASONS, "\n".join(sorted(reasons))


@pytest.mark.parametrize("page", pages.pages(), ids=pages.name)
def test_a_page_has_only_fences_that_say_whether_they_are_run(page: Path) -> None:
    assert set(pages.fences(page.read_text())) <= pages.RUN | pages.SHOWN


@pytest.mark.parametrize("page", pages.pages(), ids=pages.name)
def test_the_yaml_of_a_page_is_yaml(page: Path) -> None:
    for step in pages.steps(page.read_text()):
        if step.kind == "yaml":
            list(yaml.safe_load_all(step.text))
