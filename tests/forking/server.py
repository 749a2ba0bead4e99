"""The forking process: `python -m tests.forking.server SOCKET` takes requests at a listening socket (a file descriptor) until
its standard input is closed. A fork goes on as the program that was asked for, to the very end of its interpreter."""

import atexit
import gc
import importlib
import io
import marshal
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import Any, NoReturn

import reconciler

_ALSO = (
    "anyio._backends._asyncio",
    "anyio._core._signals",
    "botocore.session",
    "certifi",
    "click._textwrap",
    "cryptography.hazmat.backends.openssl.backend",
    "encodings.idna",
    "encodings.utf_16_le",
    "encodings.utf_8_sig",
    "http.server",
    "httpcore",
    "multiprocessing.synchronize",
    "uvicorn.lifespan.off",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
)
"""What is imported late by the libraries that the product uses."""


def _main() -> None:
    _import_the_product()
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        request = _Forks(listening).serve()
    if request is not None:
        _end(_run(request["program"], request["arguments"]))


def _run(program: str, arguments: list[str]) -> int:
    """Run a program and return its exit code."""
    sys.argv[:] = [program, *arguments]
    try:
        if program.startswith("-m "):
            runpy.run_module(program.removeprefix("-m "), run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(program, run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  # an interpreter says it of whatever it is
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End as the interpreter does, but leave the modules: to take them apart would copy the memory of the forking process."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()  # what was not closed is said now
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    os._exit(code)


def _import_the_product() -> None:
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    for name in _ALSO:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


class _Forks:
    """The processes that were forked, and who waits for the end of each."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._waiting: dict[int, socket.socket] = {}

    def serve(self) -> dict[str, Any] | None:
        """Fork for every request. Return twice: the request in each fork, None in the forking process at its end."""
        awake, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            ready, _, _ = select.select([0, awake, self._listening.fileno()], [], [])
            if 0 in ready:
                for connection in self._waiting.values():
                    connection.close()
                return None
            if awake in ready:
                os.read(awake, 4096)
                self._tell_of_the_ended()
            if self._listening.fileno() in ready and (request := self._fork()):
                os.close(awake)
                os.close(wake)
                return request

    def _fork(self) -> dict[str, Any] | None:
        connection, _ = self._listening.accept()
        _, streams, _, _ = socket.recv_fds(connection, 1, 3)
        with connection.makefile("rb") as reader:
            request: dict[str, Any] = marshal.load(reader)
        if pid := os.fork():
            for stream in streams:
                os.close(stream)
            self._waiting[pid] = connection
            _tell(connection, pid)
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for other in (connection, *self._waiting.values()):
            other.close()
        _become(request, streams)
        return request

    def _tell_of_the_ended(self) -> None:
        while self._waiting:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with self._waiting.pop(pid) as connection:
                _tell(connection, os.waitstatus_to_exitcode(status))


def _tell(connection: socket.socket, number: int) -> None:
    with suppress(BrokenPipeError):  # whoever asked is gone
        connection.sendall(b"%d\n" % number)


def _become(request: dict[str, Any], streams: list[int]) -> None:
    """Take on the directory, the environment and the streams of the request."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.path[0] = request["cwd"]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # The old ones remember whether their files could seek.
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    sys.stdin = _opened(0, "r", encoding, errors)
    sys.stdout = _opened(1, "w", encoding, errors)
    sys.stderr = _opened(2, "w", encoding, "backslashreplace")


def _opened(number: int, mode: str, encoding: str, errors: str | None) -> io.TextIOWrapper:
    file = io.FileIO(number, mode, closefd=False)
    buffer: Any = io.BufferedReader(file) if mode == "r" else io.BufferedWriter(file)
    by_lines = mode == "w" and (number == 2 or file.isatty())
    return io.TextIOWrapper(buffer, encoding, errors, line_buffering=by_lines)


if __name__ == "__main__":
    _main()
