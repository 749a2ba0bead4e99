"""Writes a file whole or not at all, and through no link that a pull request may have put in its way."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def write_file(path: Path, data: bytes, *, mode: int | None = None, below: Path | None = None, new: bool = False) -> None:
    """Make `data` the content of `path`. When that fails, what was there before is there still.

    The data goes into a new file beside `path`. That file is flushed to the disk and then renamed over `path`.

    `below` is a directory that `path` is in. A link at `path`, or at a directory between the two, is refused, since a pull
    request can put one there; missing directories are made. Without `below` a person has named `path`: a link at `path` is
    followed, and the file that it leads to is replaced.

    `mode` is the permissions that the file gets. None: those of the file that is replaced, or the usual ones for a new file.
    With `new`, a file that is there already is an error.

    Raises `OSError`. Its `strerror` completes the sentence "PATH cannot be written: …".
    """
    if below is None:
        target = Path(os.path.realpath(path))
    else:
        _refuse_links(path, below)
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path
    earlier = _permissions(path)
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


def _refuse_links(path: Path, below: Path) -> None:
    inside = path.relative_to(below).parts if path.is_relative_to(below) else ("..",)
    if ".." in inside:
        raise OSError(errno.EACCES, f"that is outside of {below}")
    for depth in range(1, len(inside) + 1):
        part = below.joinpath(*inside[:depth])
        if part.is_symlink():
            raise OSError(errno.ELOOP, f"{part} is a link, and nothing is written through a link")


def _permissions(path: Path) -> int | None:
    """Return the permissions of the file at `path`, None without one.

    A device or a pipe is refused: a rename would put a file in its place, for the whole machine.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    return stat.S_IMODE(found.st_mode)


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
    """Tell whether `part` still is the file that this process opened: two processes use the same name."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), part.lstat())
    return False


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
