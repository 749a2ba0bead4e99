"""A reader at a shell: directory, exported variables and `$?` stay from one command to the next."""

import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import termios
from dataclasses import dataclass, field
from pathlib import Path

QUESTION = "Only `yes` is accepted: "
_PATIENCE_SECONDS = 300
_COLUMNS, _ROWS = 80, 24


@dataclass
class Shell:
    """Runs one command after the other in bash, beginning in `folder`; `memory` is a file for what stays."""

    folder: Path
    memory: Path
    environ: dict[str, str]
    code: int = field(default=0)

    def script(self, text: str) -> str:
        """Run a whole script, which must succeed, and return its output."""
        output = self._run(f"set -e\n{text}", answer=None)
        assert self.code == 0, f"exit code {self.code}: {text}\n{output}"
        return output

    def command(self, text: str, answer: str | None = None) -> str:
        """Run one command and return what a terminal would show; `answer` is typed when `apply` asks. See `code`."""
        return self._run(f"(exit {self.code})\n{text}", answer=answer)

    def _run(self, text: str, answer: str | None) -> str:
        memory = shlex.quote(str(self.memory))
        begin = f"[ ! -e {memory} ] || . {memory}\n"
        end = f"""trap 'code=$?; {{ export -p; printf "cd %q\\n" "$PWD"; }} > {memory}; exit $code' EXIT\n"""
        command = ["bash", "-c", begin + end + text]
        output = self._quietly(command) if answer is None else self._at_a_terminal(command, answer)
        return "\n".join(_seen(line) for line in output.replace("\r\n", "\n").split("\n"))

    def _quietly(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        self.code = done.returncode
        return done.stdout

    def _at_a_terminal(self, command: list[str], answer: str) -> str:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        ) as process:
            os.close(theirs)
            seen = b""
            while part := _read(ours):
                answered = QUESTION.encode() in seen
                seen += part
                if not answered and QUESTION.encode() in seen:
                    os.write(ours, answer.encode() + b"\n")
            os.close(ours)
            self.code = process.wait(_PATIENCE_SECONDS)
        return seen.decode()


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def _seen(line: str) -> str:
    """What is left to see of a line that was written over, as a progress bar is."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rpartition("\r")[2].rstrip()
