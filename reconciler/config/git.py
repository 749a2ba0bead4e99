"""What is asked of git: files of another commit, as they are there."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_SECONDS = 60


class GitUnusable(Exception):
    """git could not be run, or has no such commit. `hint` is the next step."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.hint = hint


def run(root: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Return how a git command in `root` ended, `environ` beside this process's own. Raises `GitUnusable`."""
    command, own = ["git", *arguments], {**os.environ, **(environ or {})}
    try:
        return subprocess.run(  # noqa: S603
            command, cwd=root, env=own, capture_output=True, check=False, timeout=_PATIENCE_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as broken:
        raise GitUnusable(str(broken)) from None


def said(answer: "subprocess.CompletedProcess[bytes]") -> str:
    """Return the first line that a git command complained with."""
    lines = answer.stderr.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else ""


def repository(path: Path) -> Path | None:
    """Return the nearest directory at or above `path` that is a git work tree, None when there is none."""
    return next((folder for folder in (path, *path.parents) if (folder / ".git").exists()), None)


@contextmanager
def checked_out(folder: Path, ref: str) -> Iterator[Path | None]:
    """Give a temporary copy of `folder` as it is at `ref`, None when it is not there; nothing of the clone changes.

    Raises `GitUnusable`.
    """
    root = repository(folder)
    if root is None:
        raise GitUnusable(f"{folder} is in no git repository", "run it in a clone")
    commit = run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").stdout.decode().strip()
    if not commit:
        hint = "fetch it before the run (in GitHub Actions: `fetch-depth: 0`); a shallow clone has one commit alone"
        raise GitUnusable(f"there is no {ref} in this clone", hint)
    inside = folder.relative_to(root).as_posix()
    tree = f"{commit}:{'' if inside == '.' else inside}"
    with tempfile.TemporaryDirectory() as made:
        copy = (Path(made) / "tree").resolve()
        copy.mkdir()
        index = {"GIT_INDEX_FILE": f"{made}/index"}
        if run(root, "cat-file", "-e", tree).returncode:
            yield None
            return
        for step in (("read-tree", tree), ("checkout-index", "--all", "--force", f"--prefix={copy}/")):
            done = run(root, *step, environ=index)
            if done.returncode:
                raise GitUnusable(f"{ref} cannot be read: {said(done)}", "look at the clone with `git fsck`")
        yield copy
