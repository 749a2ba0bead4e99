"""Reads values from secrets of Infisical itself, if the settings allow it. The caller passes the function that reads one."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.model import ProjectRef, Secret
from reconciler.secrets.resolve import Refused, trimmed_secret

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class SecretName:
    """Where a secret is in Infisical. `path` is its folder and begins with a slash."""

    project: ProjectRef
    environment: str
    path: str
    key: str

    @classmethod
    def parse(cls, target: str) -> "SecretName":
        """Return the name in a reference's target, `project/environment/path/key`. The project is a slug or an id."""
        project, environment, *folders, key = target.split("/")
        by_id = _UUID.fullmatch(project) is not None
        return cls(ProjectRef("id" if by_id else "slug", project), environment, "/" + "/".join(folders), key)

    def __str__(self) -> str:
        return "/".join([self.project.value, self.environment, *filter(None, self.path.split("/")), self.key])


class InfisicalSource:
    """Reads the secrets of Infisical that `fromInfisical` names.

    `allow` are globs of `project/environment/path/key`. `*` matches within one name, `**` any number of names. `read` reads one
    secret.
    """

    def __init__(self, allow: Sequence[str], read: Callable[[SecretName], Awaitable[Secret]]) -> None:
        self._allow = allow
        self._read = read

    async def read(self, target: str) -> Secret:
        """Return the value of the secret `target`, trimmed.

        Raises `Refused` if `allow` does not match it, and `Unavailable` if it is empty. Also raises what `read` raises.
        """
        if not any(_matches(target.split("/"), glob.strip("/").split("/")) for glob in self._allow):
            allowed = ", ".join(self._allow) or "no secret at all"
            raise Refused(
                f"secretSources.infisical.allow does not allow the secret {target} (it allows {allowed})",
                "add the secret to secretSources.infisical.allow, in the trusted configuration if there is one",
            )
        secret = await self._read(SecretName.parse(target))
        return trimmed_secret(secret.reveal(), f"the secret {target}", "set it in Infisical")


def _matches(names: Sequence[str], glob: Sequence[str]) -> bool:
    if not glob:
        return not names
    if glob[0] == "**":
        return any(_matches(names[skipped:], glob[1:]) for skipped in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], glob[0]) and _matches(names[1:], glob[1:])
