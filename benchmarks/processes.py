"""Runs a process to its end and says what it took: everything here is measured as a whole process, as a user waits for it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = sys.executable
RECONCILER = str(Path(sys.executable).with_name("reconciler"))
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


class BenchmarkBrokenError(Exception):
    """A process did not do what is to be measured."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: wall and CPU (user and system) in seconds, its peak resident memory in MiB; what it wrote."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    out: str
    err: str


def run(command: Sequence[str], *, folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Run:
    """Run `command` in `folder` with nothing of our own environment but the bare necessities and `environ`.

    Raises `BenchmarkBrokenError` when it does not exit with 0. On Linux a child's peak is never below that of the process
    that starts it, so the harness stays small: no httpx, no answers of the API in here.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  # our own command lines
            command, cwd=folder, env=clean_environment(environ or {}), stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said, complained = out.read().decode(), err.read().decode()
    if process.returncode != 0:
        last = "\n".join((said + complained).splitlines()[-15:])
        raise BenchmarkBrokenError(f"{' '.join(command)} exited with {process.returncode}:\n{last}")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, said, complained)


def clean_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment every measured process has."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(own)
