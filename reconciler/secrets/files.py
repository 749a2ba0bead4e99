"""Reads values from files in the allowed directories. It resolves links before it decides."""

from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread

from reconciler.model import Secret
from reconciler.secrets.resolve import Refused, Unavailable, trimmed_secret

_LARGEST = 64 * 1024
_NEVER = frozenset({".git", ".reconciler"})
"""Directories that no value may come from, in lower case: on some file systems `.GIT` is the same directory."""


class FileSource:
    """Reads the files that `fromFile` names, relative to the directory `stack`.

    With links resolved, a file must be in one of `roots`. `never` are files that reconciler itself writes, such as the state.
    """

    def __init__(self, stack: Path, roots: Sequence[Path], never: Sequence[Path] = ()) -> None:
        self._stack = stack
        self._roots = roots
        self._never = frozenset(never)

    async def read(self, target: str) -> Secret:
        """Return the text of the file `target`, trimmed.

        Raises `Refused` if a manifest must not name it, and `Unavailable` if it is missing, empty, too large, or not text.
        """
        return await anyio.to_thread.run_sync(self._read, target)

    def _read(self, target: str) -> Secret:
        hint = "write the file before the run, or correct the path"
        try:
            path = (self._stack / target).resolve(strict=False)
        except (OSError, RuntimeError, ValueError):
            raise Refused(f"the path {target} cannot be resolved", "look for links that lead to each other") from None
        root = next((root for root in self._roots if path.is_relative_to(root)), None)
        if root is None:
            allowed = ", ".join(str(root) for root in self._roots)
            raise Refused(
                f"the file {target} is outside the directories that values may come from ({allowed})",
                "move it into one of them, or add its directory to secretSources.file.roots",
            )
        if self._is_ours(path, root):
            raise Refused(f"the file {target} belongs to Git or to reconciler", "keep the value in a file of its own")
        try:
            if not path.is_file():
                raise Unavailable(f"there is no file {target}", hint)
            with path.open("rb") as opened:
                data = opened.read(_LARGEST + 1)
        except OSError as broken:
            raise Unavailable(f"the file {target} cannot be read ({broken.strerror})", hint) from None
        if len(data) > _LARGEST:
            raise Unavailable(f"the file {target} is larger than {_LARGEST // 1024} KiB", "keep one value per file")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Unavailable(f"the file {target} is not UTF-8 text", "save it as UTF-8") from None
        return trimmed_secret(text, f"the file {target}", hint)

    def _is_ours(self, path: Path, root: Path) -> bool:
        """Tell whether the file belongs to Git or to reconciler. The root itself may be in such a directory, too."""
        if path in self._never:
            return True
        parts = path.relative_to(self._stack if path.is_relative_to(self._stack) else root).parts
        if _NEVER.intersection(part.lower() for part in parts) or path.name.lower() == "reconciler.yaml":
            return True
        return ".git" in (part.lower() for part in path.parts)
