"""How the forking process is asked for a process. As a script, `client.py SOCKET PROGRAM ARGUMENT...` stands in for
`python PROGRAM ARGUMENT...`: it asks for the program with its own streams, passes signals on, and exits as the program does.

It imports little, because it is started often.
"""

import marshal
import os
import socket
import sys
from collections.abc import Iterable, Mapping


def request(program: str, arguments: Iterable[str], cwd: str, env: Mapping[str, str]) -> dict[str, object]:
    """Return a request; a `program` is a file or, with `-m ` before it, a module."""
    return {"program": program, "arguments": list(arguments), "cwd": cwd, "env": dict(env)}


def ask(path: str, asked: dict[str, object], streams: tuple[int, int, int]) -> tuple[int, socket.socket]:
    """Ask at the socket `path`; return the process id, and the connection that tells of the end."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    socket.send_fds(connection, [b"\0"], streams)
    connection.sendall(marshal.dumps(asked))
    connection.shutdown(socket.SHUT_WR)
    return answer(connection), connection


def answer(connection: socket.socket) -> int:
    """Wait for the next number of the forking process: first the process id, then the exit code."""
    read = b""
    while not read.endswith(b"\n"):
        part = connection.recv(1)
        if not part:
            raise EOFError("the forking process is gone")
        read += part
    return int(read)


def _main() -> None:
    import signal

    path, program, *arguments = sys.argv[1:]
    pid, connection = ask(path, request(program, arguments, os.getcwd(), os.environ), (0, 1, 2))  # noqa: PTH109
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    code = answer(connection)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    _main()
