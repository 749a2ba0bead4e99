"""A real git repository with a merged configuration, and a work tree that a pull request may change as it likes."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reconciler import config
from reconciler.config import Settings
from reconciler.model import Diagnostic, Stop, Stopped

HEAD = {"apiVersion": "reconciler/v1", "kind": "Configuration"}


def text(**content: Any) -> str:
    """Return a `reconciler.yaml` with this content."""
    return yaml.safe_dump({**HEAD, **content}, sort_keys=False)


def write(folder: Path, **content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "reconciler.yaml"
    file.write_text(text(**content))
    return file


def load(start: Path, environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    return config.load_settings(start, file, environ or {})


def stopped(
    start: Path, environ: Mapping[str, str] | None = None, file: Path | None = None
) -> tuple[Stop, tuple[Diagnostic, ...]]:
    """Load what must not load; return why, and what is said."""
    try:
        settings = load(start, environ, file)
    except Stopped as stop:
        return stop.reason, stop.diagnostics
    raise AssertionError(f"it was loaded: {settings}")


@dataclass(frozen=True)
class Repository:
    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Repository":
        folder.mkdir(parents=True, exist_ok=True)
        repository = cls(folder)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    def git(self, *arguments: str) -> str:
        settings = ("user.name=t", "user.email=t@example.org", "commit.gpgsign=false", "protocol.file.allow=always")
        options = [part for one in settings for part in ("-c", one)]
        ran = subprocess.run(["git", *options, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--message=x", "--allow-empty")
        return self.git("rev-parse", "HEAD")
