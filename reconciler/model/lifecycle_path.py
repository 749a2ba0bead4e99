"""Where in a stack manifests may have a `lifecycle`.

Code owners review by path. So a team that wants certain people to review each `lifecycle` keeps these manifests in a directory
of theirs, and lets CI check that there is none anywhere else.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

_ANY_DIRECTORIES = "**"


@dataclass(frozen=True, slots=True)
class LifecyclePath:
    """A directory, relative to the stack, in which manifests may have a `lifecycle`; also the directories below it.

    `names` are the parts of the path. They can be globs, as in `manifests`: `*` matches within one name, and a part `**` any
    number of directories.
    """

    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "LifecyclePath":
        """Return the path that `text` names. Raises `ValueError` if it does not name a directory in the stack."""
        names = tuple(name for name in text.split("/") if name not in {"", "."})
        if text.startswith("/") or ".." in names:
            raise ValueError(f"`{text}` is not a path in the stack: write one relative to it, such as connections/guarded")
        if all(name == _ANY_DIRECTORIES for name in names):
            raise ValueError(f"`{text}` is the whole stack: name a directory in it, such as connections/guarded")
        return cls(names)

    def __str__(self) -> str:
        return "/".join(self.names)

    def covers(self, file: str) -> bool:
        """Tell whether this is `file` itself or a directory that it is in. `file` is relative to the stack, as `a/b.yaml`."""
        matched = self._skip({0})  # all counts of names that match the part of `file` up to here
        for name in file.split("/"):
            stay = {count for count in matched if self.names[count] == _ANY_DIRECTORIES}
            step = {count + 1 for count in matched - stay if fnmatchcase(name, self.names[count])}
            matched = self._skip(stay | step)
            if len(self.names) in matched:
                return True
        return False

    def _skip(self, matched: set[int]) -> set[int]:
        """Return the counts in `matched`, and those after each `**` that stands for no directory."""
        counts = set(matched)
        for count, name in enumerate(self.names):
            if count in counts and name == _ANY_DIRECTORIES:
                counts.add(count + 1)
        return counts
