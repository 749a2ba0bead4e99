"""Writes a file whole or not at all. It does not write through a link that a pull request may have put there."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from reconciler.workspace.places import make_directory, permissions, place_to_write


def write_file(path: Path, data: bytes, *, mode: int | None = None, below: Path | None = None, new: bool = False) -> None:
    """Make `data` the content of `path`. If that fails, the earlier content is still there.

    The data goes into a new file beside `path`. That file is flushed to the disk and then renamed over `path`.

    `below` is a directory that `path` is in. With it, a link at `path`, or at a directory between the two, is refused, since a
    pull request can put one there. Missing directories are made. Without `below`, a person has named `path`: links are
    followed as far as `place_to_write` allows, and the file that they lead to is replaced.

    `mode` is the permissions that the file gets. Without it, the file keeps the permissions that it had, and a new file gets
    the usual ones. With `new`, it is an error if the file already exists.

    Raises `OSError`. Its `strerror` completes the sentence "PATH cannot be written: …".
    """
    target = place_to_write(path, below)
    if below is not None:
        make_directory(target.parent)
    earlier = permissions(target)
    part = target.with_name(f".{target.name}.tmp")
    part.unlink(missing_ok=True)  # a killed writer left it
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    with os.fdopen(handle, "wb") as opened:
        try:
            if mode is None and earlier is not None:
                os.fchmod(handle, earlier)
            opened.write(data)
            opened.flush()
            os.fsync(handle)
            _refuse_if_taken(part, handle)
            _move(part, target, new=new)
        except BaseException:
            _remove_if_ours(part, handle)
            raise
    with suppress(OSError):  # the file is written; not every file system can flush a directory
        _flush_folder(target.parent)


def _move(part: Path, target: Path, *, new: bool) -> None:
    if new:
        target.touch(exist_ok=False)
    try:
        part.replace(target)
    except OSError:
        if new:
            target.unlink()
        raise


def _refuse_if_taken(part: Path, handle: int) -> None:
    if not _is_ours(part, handle):
        raise OSError(errno.EBUSY, "another process is writing it at the same time")


def _remove_if_ours(part: Path, handle: int) -> None:
    with suppress(OSError):
        if _is_ours(part, handle):
            part.unlink()


def _is_ours(part: Path, handle: int) -> bool:
    """Tell whether `part` is still the file that this process opened: another process may use the same name."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), part.lstat())
    return False


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
