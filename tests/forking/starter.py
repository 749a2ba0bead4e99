"""The forking process of this test process, and the processes that are asked of it."""

import functools
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.forking import client

ROOT = Path(__file__).parent.parent.parent
_PATIENCE_SECONDS = 30


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """A clean environment, so that nothing of the machine's own leaks into a test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV") if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return kept | {"PYTHONWARNINGS": "error"} | dict(own)


def can_run(env: Mapping[str, str]) -> bool:
    """Whether a fork can have this environment: what interpreters read at their start is in it as in every fork."""
    return _read_at_start(env) == _read_at_start(environment({}))


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    names = {"LANG", "LANGUAGE", "TZ"}
    return {name: value for name, value in env.items() if name in names or name.startswith(("PYTHON", "LC_"))}


@dataclass(frozen=True)
class Running:
    """A process that was forked."""

    pid: int
    connection: socket.socket

    def ended(self) -> bool:
        """Whether it has ended."""
        return bool(select.select([self.connection], [], [], 0)[0])

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if not self.ended():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Wait for the end and return the exit code; that of a signal is negative, as `subprocess` has it."""
        self.connection.settimeout(timeout)
        with self.connection:
            try:
                return client.answer(self.connection)
            except TimeoutError:
                self.send_signal(signal.SIGKILL)
                raise


@dataclass(frozen=True)
class Starter:
    """A forking process, and the socket it listens on."""

    process: "subprocess.Popen[bytes]"
    path: Path

    def start(
        self, module: str, arguments: Iterable[str], cwd: Path, env: Mapping[str, str], streams: tuple[int, int, int]
    ) -> Running:
        """Start `python -m module` with these file descriptors as its streams."""
        request = client.request(f"-m {module}", arguments, str(cwd), env)
        return Running(*client.ask(str(self.path), request, streams))

    def run(
        self, module: str, arguments: Iterable[str], cwd: Path, env: Mapping[str, str], timeout: float
    ) -> "subprocess.CompletedProcess[str]":
        """Run `python -m module` to its end, with nothing to read."""
        arguments = list(arguments)
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, Path(os.devnull).open() as nothing:
            streams = (nothing.fileno(), out.fileno(), err.fileno())
            code = self.start(module, arguments, cwd, env, streams).wait(timeout)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(["python", "-m", module, *arguments], code, out.read(), err.read())

    def command(self, program: str) -> list[str]:
        """Return the words that stand for `python program` where a process is started in the usual way."""
        return [sys.executable, "-ISE", client.__file__, str(self.path), program]

    def write_command(self, folder: Path, program: Path) -> None:
        """Write into `folder` a shell command of the name of a Python `program`, that runs it in a fork."""
        file = folder / program.name
        file.write_text(f'#!/bin/sh\nexec {shlex.join(self.command(str(program)))} "$@"\n')
        file.chmod(0o755)

    def close(self) -> None:
        """End the forking process."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(_PATIENCE_SECONDS)
        shutil.rmtree(self.path.parent)


@functools.cache
def starter() -> Starter:
    """Return the forking process of this test process; the first call starts it."""
    path = Path(tempfile.mkdtemp()) / "socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(16)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking.server", str(listening.fileno())],
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.PIPE,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        )
    return Starter(process, path)


def close() -> None:
    """End the forking process of this test process, if there is one."""
    if starter.cache_info().currsize:
        starter().close()
        starter.cache_clear()
