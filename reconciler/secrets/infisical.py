"""Values from secrets of Infisical itself, from places that the settings allow; how they are read is passed in."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.model import ProjectRef, Secret
from reconciler.secrets.resolve import Refused, trimmed_secret

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class SecretName:
    """The place of one secret; `path` begins with a slash."""

    project: ProjectRef
    environment: str
    path: str
    key: str

    @classmethod
    def parse(cls, target: str) -> "SecretName":
        """Return what a reference's target names: `project/environment/path/key`, the project by slug or id."""
        project, environment, *folders, key = target.split("/")
        by_id = _UUID.fullmatch(project) is not None
        return cls(ProjectRef("id" if by_id else "slug", project), environment, "/" + "/".join(folders), key)

    def __str__(self) -> str:
        return "/".join([self.project.value, self.environment, *filter(None, self.path.split("/")), self.key])


class InfisicalSource:
    """Reads `fromInfisical`. `allow` are globs of `project/environment/path/key`: `*` stands for one name, `**` for any."""

    def __init__(self, allow: Sequence[str], read: Callable[[SecretName], Awaitable[Secret]]) -> None:
        self._allow = allow
        self._read = read

    async def read(self, target: str) -> Secret:
        """Return the secret at `target`, trimmed. Raises `Unavailable` or `Refused`."""
        if not any(_matches(target.split("/"), glob.strip("/").split("/")) for glob in self._allow):
            lets_in = f"those that secretSources.infisical.allow lets in ({', '.join(self._allow)})"
            raise Refused(
                f"the secret {target} is not among {lets_in}" if self._allow else "no secret of Infisical may be read",
                "add it to secretSources.infisical.allow of the configuration in force",
            )
        found = await self._read(SecretName.parse(target))
        return trimmed_secret(found.reveal(), f"the secret {target}", "set it in Infisical")


def _matches(names: Sequence[str], glob: Sequence[str]) -> bool:
    if not glob:
        return not names
    if glob[0] == "**":
        return any(_matches(names[skipped:], glob[1:]) for skipped in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], glob[0]) and _matches(names[1:], glob[1:])
