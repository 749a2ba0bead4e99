"""The shell lines of the two CI recipes, run as their CI runs them; what is not shell is for the tests to look at."""

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.examples.team import EXAMPLE
from tests.forking import environment

GITHUB = ".github/workflows/connections.yml"
GITLAB = ".gitlab-ci.yml"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_SHELLS = {  # what GitHub makes of `shell:`; without it, bash has no pipefail
    "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"),
    None: ("bash", "-e", "-c"),
}


@dataclass(frozen=True)
class Runner:
    """What a CI has beside the repository: variables, secrets, a `python` in front of the PATH, a home, and what else its
    machine has in the environment."""

    python: Path
    home: Path
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    machine: Mapping[str, str]

    def environ(self, *more: Mapping[str, str]) -> dict[str, str]:
        """The environment of a shell line."""
        clean = environment({"HOME": str(self.home), "CI": "true", **self.machine})
        del clean["PYTHONWARNINGS"]  # pip's warnings are no concern of ours
        clean["PATH"] = f"{self.python.parent}:{clean['PATH']}"
        for one in more:
            clean |= one
        return clean


@dataclass
class Job:
    """What a job did: its exit code, its log, what it wrote as its summary, the files that it would keep as artifacts."""

    code: int = 0
    log: str = ""
    summary: str = ""
    artifacts: list[Path] = field(default_factory=list)

    def shell(self, command: tuple[str, ...], lines: str, folder: Path, environ: Mapping[str, str]) -> None:
        """Run shell lines, unless the job has failed already."""
        if self.code == 0:
            ran = subprocess.run(
                [*command, lines],
                cwd=folder,
                env=environ,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
            self.code, self.log = ran.returncode, self.log + ran.stdout


Recipe = Callable[[Runner, str, str, Path], Job]
"""Runs a job (`plan` or `apply`) of a recipe for a stack in a folder."""


def document(path: str) -> Any:
    """A recipe as it is written."""
    return yaml.safe_load((EXAMPLE / path).read_text())


def github(runner: Runner, job: str, stack: str, folder: Path) -> Job:
    """Run a job as GitHub does: a shell for each `run:`, expressions filled in in `env:`, `with:` and `working-directory:`.

    The files that a step writes to for GitHub (a summary, directories for the PATH) are in a directory for each job, and so is
    `runner.temp`.
    """
    workflow = document(GITHUB)
    shell = _SHELLS[workflow["defaults"]["run"].get("shell")]
    files = runner.home / f"github-{job}-{stack}-{folder.name}"
    (files / "temp").mkdir(parents=True)
    known = {"matrix.stack": stack, "runner.temp": str(files / "temp")}
    known |= {f"vars.{name}": value for name, value in runner.variables.items()}
    known |= {f"secrets.{name}": value for name, value in runner.secrets.items()}

    def fill(values: Mapping[str, str]) -> dict[str, str]:
        return {name: _EXPRESSION.sub(lambda found: known[found[1]], str(value)) for name, value in values.items()}

    paths, summary = files / "path", files / "summary.md"
    paths.write_text("")
    summary.write_text("")
    given = {"RUNNER_TEMP": str(files / "temp"), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_PATH": str(paths)}
    ran = Job()
    for step in workflow["jobs"][job]["steps"]:
        if "run" in step:
            own = (fill(workflow["env"]), fill(workflow["jobs"][job]["env"]), fill(step.get("env", {})))
            environ = runner.environ(given, *own)
            environ["PATH"] = ":".join([*reversed(paths.read_text().split()), environ["PATH"]])
            where = fill({"": step.get("working-directory", str(folder))})[""]
            ran.shell(shell, step["run"], Path(where), environ)
        elif "upload-artifact" in step["uses"]:
            ran.artifacts.append(folder / fill(step["with"])["path"])
    ran.summary = summary.read_text()
    return ran


def gitlab(runner: Runner, job: str, stack: str, folder: Path) -> Job:
    """Run a job as GitLab does: `before_script` and `script` in one shell, all variables and secrets in its environment."""
    pipeline = document(GITLAB)
    known: dict[str, str] = {"CI_DEFAULT_BRANCH": "main", "STACK": stack}

    def fill(value: str) -> str:
        return re.sub(r"\$(\w+)", lambda found: known[found[1]], value)

    mine = pipeline[pipeline[job]["extends"]] | pipeline[job]
    own = {name: fill(value) for name, value in (pipeline["variables"] | mine.get("variables", {})).items()}
    environ = runner.environ(known, runner.variables, runner.secrets, own)
    ran = Job(artifacts=[folder / fill(path) for path in mine.get("artifacts", {}).get("paths", [])])
    ran.shell(("bash", "-eo", "pipefail", "-c"), "\n".join([*mine["before_script"], *mine["script"]]), folder, environ)
    ran.summary = ran.log  # GitLab has none: people read the log
    return ran
