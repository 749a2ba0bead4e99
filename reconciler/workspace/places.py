"""Decides where reconciler may write. A pull request can put links into the tree, and name paths in its files.

A link in a tree, which is the work tree of a clone or a stack, is not followed. A link elsewhere is the operator's own, and is
followed. Nothing is written inside `.git`, where some files make git start programs.
"""

import errno
import os
import stat
from pathlib import Path

_MARKS = (".git", "reconciler.yaml")
"""The names by which the root of a clone or the directory of a stack is known."""
_OURS = ".reconciler"
_MOST_LINKS = 40


def place_to_write(path: Path, below: Path | None = None) -> Path:
    """Return the path that writing to `path` reaches, without a link in it. Nothing is written, and no file has to exist.

    `below` is a directory that `path` must be in. No link in that directory is followed either, whatever it is.

    Raises `OSError` for a place where reconciler does not write. Its `strerror` completes "PATH cannot be written: …".
    """
    written = Path(os.path.abspath(path))  # noqa: PTH100  # not resolve(): each link is looked at below
    limit = None
    if below is not None:
        if ".." in path.parts[len(below.parts) :] or not path.is_relative_to(below):
            raise OSError(errno.EACCES, f"that is outside of {below}")
        limit = Path(os.path.abspath(below))  # noqa: PTH100
    place = _follow(written, limit)
    if any(part.lower() == ".git" for part in place.parts):
        raise OSError(errno.EACCES, "it is in .git, which belongs to Git")
    return place


def permissions(path: Path) -> int | None:
    """Return the permissions of the file at `path`, None if there is no file.

    Raises `OSError` for a device, a pipe or a directory: a rename would replace it with a file, for the whole machine.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode) or path.is_relative_to("/proc"):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return stat.S_IMODE(status.st_mode)


def make_directory(folder: Path, *, private: bool = False) -> None:
    """Make a directory and those above it that are missing. Only their owner may enter private ones, and `.reconciler`."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(0o700 if private or _OURS in missing.parts else 0o777, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def _follow(written: Path, limit: Path | None) -> Path:
    """Return `written` with its links resolved. Raises `OSError` for a link in a tree, or in the directory `limit`."""
    place, links = Path(written.anchor), 0
    pending = list(reversed(written.parts[1:]))
    beyond = len(written.parts) - len(limit.parts) if limit else 0
    while pending:
        part = pending.pop()
        step = place / part
        if part == "..":
            place = place.parent
        elif not step.is_symlink():
            place = step
        elif place.is_relative_to("/proc"):
            return step.joinpath(*reversed(pending))  # a stream of this process: where it leads to is no path
        elif (limit and len(pending) < beyond) or _is_in_a_tree(place):
            raise OSError(errno.ELOOP, f"{step} is a link, and reconciler does not write through links")
        else:
            links += 1
            if links > _MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            target = step.readlink()
            place = Path(target.anchor) if target.is_absolute() else place
            pending.extend(reversed(target.parts[1:] if target.is_absolute() else target.parts))
    return place


def _is_in_a_tree(folder: Path) -> bool:
    return any(os.path.lexists(each / mark) for each in (folder, *folder.parents) for mark in _MARKS)
