"""Draws the picture of a plan: it runs `reconciler plan` on a small stack, and draws the coloured output as SVG."""

import hashlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import NAMESPACE_URL, uuid5

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_COLUMNS = 80
_THEME = TerminalTheme(
    (22, 27, 34),
    (225, 228, 232),
    [
        (22, 27, 34),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (225, 228, 232),
    ],
)
_FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>The plan of a small stack, as reconciler prints it</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; white-space: pre; }}
{styles}
</style>
<defs>
{lines}
</defs>
<rect width="{width}" height="{height}" rx="8" fill="#161b22" />
<g transform="translate(9, 24)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
_CONFIGURATION = """
apiVersion: reconciler/v1
kind: Configuration
metadata: {{ name: {name} }}
infisical: {{ url: embedded }}
embedded: {{ projects: [crm, sales], salesforceOrgs: orgs.yaml }}
manifests: ["{folder}/*.yaml"]
state: {{ path: .reconciler/{name}.json }}
"""
_ORGS = """
apiVersion: reconciler/v1
kind: SimulatedSalesforceOrgs
orgs:
  - host: acme.my.salesforce.com
    apps:
      - { consumerKey: key, consumerSecret: before }
      - { consumerKey: new-key, consumerSecret: after }
"""
_MANIFEST = """
apiVersion: reconciler/v1
kind: SalesforceConnection
metadata:
  name: {name}
spec:
  description: {description}
  project: {project}
  credentials:
    instanceUrl: acme.my.salesforce.com
    consumerKey: {{ fromEnv: {name}_KEY }}
    consumerSecret: {{ fromEnv: {name}_SECRET }}
lifecycle: {lifecycle}
"""


def plan() -> str:
    """Return the picture of a plan that creates, updates, replaces, deletes and holds."""
    with TemporaryDirectory() as folder:
        printed = _Stack(Path(folder)).plan()
    return _drawn(_steady(f"$ reconciler plan\n{printed}"))


class _Stack:
    """A stack that was applied and then edited. Somebody else wrote the credentials of one connection."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environ = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "FORCE_COLOR": "1"}
        self._write("reconciler.yaml", _CONFIGURATION.format(name="acme", folder="connections"))
        self._write("colleague.yaml", _CONFIGURATION.format(name="colleague", folder="outside"))
        self._write("orgs.yaml", _ORGS)

    def plan(self) -> str:
        """Return what the plan prints."""
        for name in ("billing", "crm-production", "legacy", "sales-emea", "sales-apac", "sales-us", "marketing"):
            self._manifest(name)
        self._run("apply", "--auto-approve")
        self._manifest("billing", folder="outside", lifecycle="{ adopt: true, onCredentialDrift: reassert }")
        self._run("apply", "--auto-approve", "--config", "colleague.yaml")
        self._manifest("crm-production", description="Production CRM org of Acme", secret="new")  # noqa: S106
        self._manifest("sales-emea", project="sales")
        self._manifest("service-desk", description="Support")
        (self._folder / "connections/legacy.yaml").unlink()
        return self._run("plan")

    def _manifest(
        self,
        name: str,
        *,
        folder: str = "connections",
        description: str = "Production",
        project: str = "crm",
        lifecycle: str = "{}",
        secret: str = "",
    ) -> None:
        variable = name.replace("-", "_").upper()
        values = {"description": description, "project": project, "lifecycle": lifecycle}
        text = _MANIFEST.format(name=name, **values).replace(f"fromEnv: {name}", f"fromEnv: {variable}")
        self._write(f"{folder}/{name}.yaml", text)
        self._environ[f"{variable}_KEY"] = "new-key" if secret else "key"
        self._environ[f"{variable}_SECRET"] = "after" if secret else "before"

    def _write(self, path: str, text: str) -> None:
        file = self._folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.lstrip())

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "reconciler", *arguments]
        root = Path(__file__).parent.parent.parent
        environ = self._environ | {"PYTHONPATH": str(root)}
        done = subprocess.run(command, cwd=self._folder, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode not in {0, 4}:
            raise RuntimeError(done.stderr)
        return done.stdout


def _steady(text: str) -> str:
    """Return `text` with ids and a digest that are the same in every run."""
    ids: dict[str, str] = {}

    def steady(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], str(uuid5(NAMESPACE_URL, f"reconciler:{len(ids)}")))

    text = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", steady, text)
    return re.sub(
        r"(?<=Digest: )[0-9a-f]{64}", lambda _: hashlib.sha256(text[: text.index("Digest")].encode()).hexdigest(), text
    )


def _drawn(text: str) -> str:
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(text.rstrip("\n") + "\n "))  # rich leaves the last line without its clip path
    drawn = console.export_svg(title="reconciler plan", theme=_THEME, code_format=_FORMAT, unique_id="plan")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"
