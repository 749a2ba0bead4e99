"""Each command starts in an interpreter that has loaded nothing yet.

Other tests run commands in forks of one process that has imported everything. There a module that uses another one without
importing it still works. Here it does not.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forking import environment
from tests.stacks import Stack
from tests.system.test_effects import ARGUMENTS, COMMANDS


def _fresh(stack: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=stack.folder,
        env=environment(stack.environ),
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stack with one applied connection."""
    stack = Stack.embedded(tmp_path_factory.mktemp("fresh"))
    stack.manifest("crm", project="crm")
    stack.apply()
    (stack.folder / "copy.json").write_bytes((stack.folder / ".reconciler/state.json").read_bytes())
    return stack.folder


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("serve", "show", "salesforce metadata")])
def test_a_command_does_its_work_in_a_fresh_interpreter(applied: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "stack"
    shutil.copytree(applied, folder)
    ran = _fresh(Stack(folder), *name.split(), *ARGUMENTS.get(name, "").split())
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_shown_in_a_fresh_interpreter(tmp_path: Path, name: str) -> None:
    ran = _fresh(Stack(tmp_path), *name.split(), "--help")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Usage: ")


def test_the_library_is_imported_by_a_fresh_interpreter() -> None:
    program = "import reconciler; [getattr(reconciler, name) for name in reconciler.__all__]"
    ran = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr


def test_each_package_is_imported_by_a_fresh_interpreter_of_its_own() -> None:
    root = Path(__file__).parents[2]
    packages = [".".join(path.parent.relative_to(root).parts) for path in sorted((root / "reconciler").rglob("__init__.py"))]
    program = """
import importlib, os, sys
broken = []
for package in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        importlib.import_module(package)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        broken.append(package)
print(", ".join(broken))
"""
    ran = subprocess.run([sys.executable, "-c", program, *packages], text=True, capture_output=True, timeout=300, check=False)
    assert ran.stdout == "\n", ran.stderr
