"""What is written fits its published schema, and the schemas are there wherever the product is installed."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler import schemas
from reconciler.planning import encode
from tests.forking import environment
from tests.reports.test_goldens import everything
from tests.serving import ROOT
from tests.stacks import Stack

NAMES = sorted(path.name.removesuffix(".schema.json") for path in (ROOT / "schemas").glob("*.json"))


def valid(name: str, document: object) -> None:
    Draft202012Validator(schemas.load(name)).validate(document)


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schemas.load(name))


def test_a_schema_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        schemas.load("nothing")


def test_the_state_fits_its_schema(stack: Stack) -> None:
    stack.manifest("crm", project="crm", metadata={"labels": {"team": "crm"}}, lifecycle={"ignoreChanges": ["name"]})
    stack.manifest("other", description="another")
    stack.apply()
    valid("state", stack.state())


def test_a_plan_file_fits_its_schema(stack: Stack) -> None:
    valid("plan-file", json.loads(encode(everything())))
    stack.manifest("crm", project="crm")
    stack.run("plan", "--out", "plan.json")
    valid("plan-file", json.loads((stack.folder / "plan.json").read_text()))


def test_a_wheel_installed_elsewhere_finds_its_schemas(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    # The libraries are those of this environment; the product is the one of the wheel, in a place of its own.
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    target = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*install, str(wheel)], check=True)
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    stack = Stack.embedded(tmp_path / "stack")
    stack.manifest("crm", project="crm")
    code = (
        f"import sys; sys.path[:0] = [{str(target)!r}]; sys.path.append({libraries!r})\n"
        "import reconciler, reconciler.schemas\n"
        f"assert reconciler.__file__.startswith({str(target)!r}), reconciler.__file__\n"
        f"for name in {NAMES!r}: reconciler.schemas.load(name)\n"
        "from reconciler.cli import main; main()"
    )
    for arguments in (["validate"], ["apply", "--auto-approve"]):
        done = subprocess.run(
            [str(python), "-I", "-c", code, *arguments],
            cwd=stack.folder,
            env=environment(stack.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
