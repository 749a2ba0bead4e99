"""What a machine identity may do: on app connections of the organisation and of each project, and on a project's secrets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.embedded.errors import PermissionDeniedError

CONNECTION_ACTIONS = frozenset({"read", "create", "edit", "delete", "connect"})
"""Infisical: the actions on the subject `app-connections`, of the organisation and, as its twin, of a project."""

SECRET_ACTIONS = frozenset({"describe", "read", "create", "edit", "delete"})
"""Infisical: describing a secret shows all of it but its value; reading shows that too."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What an identity may do in a project that it is a member of."""

    connections: frozenset[str] = CONNECTION_ACTIONS
    secrets: frozenset[str] = SECRET_ACTIONS


@dataclass(frozen=True, slots=True)
class Permissions:
    """What an identity may do. `projects` are by slug; None: it may do everything in every project.

    `hidden` are ids of connections that a condition of its role keeps from it, wherever they are.
    """

    connections: frozenset[str] = CONNECTION_ACTIONS
    projects: Mapping[str, Membership] | None = None
    hidden: frozenset[str] = field(default=frozenset())

    @property
    def everything(self) -> bool:
        """Whether nothing has to be looked at."""
        return self.connections == CONNECTION_ACTIONS and self.projects is None and not self.hidden

    def in_project(self, slug: str) -> Membership | None:
        """Return what it may do in a project, None where it is no member."""
        return Membership() if self.projects is None else self.projects.get(slug)

    def require(self, action: str, slug: str | None) -> None:
        """Raises PermissionDeniedError unless `action` is allowed on app connections of a project (its slug) or, with None, of
        the organisation."""
        member = self.in_project(slug) if slug is not None else None
        allowed = self.connections if slug is None else (member.connections if member else frozenset())
        if action not in allowed:
            raise PermissionDeniedError(action, "app-connections")

    def projects_with(self, action: str) -> tuple[str, ...] | None:
        """Return the slugs of projects in which `action` on app connections is allowed; None: in all."""
        if self.projects is None:
            return None
        return tuple(slug for slug, one in self.projects.items() if action in one.connections)


EVERYTHING = Permissions()


def encode(permissions: Permissions) -> str | None:
    """Return what the database keeps; None for everything."""
    if permissions.everything:
        return None
    projects = None
    if permissions.projects is not None:
        projects = {slug: [sorted(one.connections), sorted(one.secrets)] for slug, one in permissions.projects.items()}
    return json.dumps(
        {"connections": sorted(permissions.connections), "projects": projects, "hidden": sorted(permissions.hidden)}
    )


def decode(kept: str | None) -> Permissions:
    """Return what `encode` kept."""
    if kept is None:
        return EVERYTHING
    found = json.loads(kept)
    projects = None
    if found["projects"] is not None:
        projects = {slug: Membership(frozenset(on), frozenset(of)) for slug, (on, of) in found["projects"].items()}
    return Permissions(frozenset(found["connections"]), projects, frozenset(found["hidden"]))
