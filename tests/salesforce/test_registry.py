"""Salesforce's own open-source library resolves the project into exactly the components it is meant to be, and converts it."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from reconciler.salesforce import project_files
from tests.salesforce.test_metadata import APP, BASE

HERE = Path(__file__).parent / "registry"
_PATIENCE_SECONDS = 240


@pytest.fixture(scope="module")
def library() -> Path:
    """The library, installed as its lock file says; a worker at a time."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node is not here: Salesforce's library was not asked")
    with FileLock(HERE / "node_modules.lock", timeout=_PATIENCE_SECONDS):
        lock = HERE / "node_modules" / ".package-lock.json"
        if not lock.exists() or lock.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
            assert done.returncode == 0, done.stderr
            lock.touch()
    return HERE / "resolve.js"


def test_the_project_is_these_components_and_converts(library: Path, tmp_path: Path) -> None:
    other = replace(APP, address="rotated", api_name="Rotated", rotation_target=True, permission_sets=("A",))
    for name, text in project_files([APP, other]).items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run(
        ["node", str(library), str(tmp_path / "project"), str(tmp_path / "converted")],
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    members = {
        "eca": "ExternalClientApplication",
        "oauth": "ExtlClntAppOauthSettings",
        "global": "ExtlClntAppGlobalOauthSettings",
        "oauthPlcy": "ExtlClntAppOauthConfigurablePolicies",
        "plcy": "ExtlClntAppConfigurablePolicies",
    }
    expected = {("Settings", "ExternalClientApp", BASE["org"])}
    for key, kind in members.items():
        for api_name in ("Infisical_CRM", "Rotated"):
            file = BASE[key].replace("Infisical_CRM", api_name)
            expected.add((kind, Path(file).name.partition(".")[0], file))
    assert {(one["type"], one["name"], one["file"]) for one in told["components"]} == expected
    converted = {Path(file).name.removesuffix("-meta.xml") for _, _, file in expected} | {"package.xml"}
    assert {Path(file).name for file in told["files"]} == converted
    assert "<version>65.0</version>" in told["manifest"]
    for file in told["files"]:
        assert "http://soap.sforce.com/2006/04/metadata" in (tmp_path / "converted" / file).read_text()
