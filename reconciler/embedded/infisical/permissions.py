"""What a machine identity may do with app connections, of the organisation and of each project, and with secrets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.embedded.infisical.errors import PermissionDeniedError

CONNECTION_ACTIONS = frozenset({"read", "create", "edit", "delete", "connect"})
"""Infisical: the actions on the subject `app-connections`. The organisation and each project have the same ones."""

SECRET_ACTIONS = frozenset({"describe", "read", "create", "edit", "delete"})
"""Infisical: `describe` shows everything of a secret except its value. `read` shows the value too."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What an identity may do in a project that it is a member of."""

    connections: frozenset[str] = CONNECTION_ACTIONS
    secrets: frozenset[str] = SECRET_ACTIONS


@dataclass(frozen=True, slots=True)
class Permissions:
    """What an identity may do.

    - `connections` are the actions on the organisation's own connections.
    - `projects` maps a project's slug to what the identity may do in it. None allows everything in every project.
    - `hidden` holds the ids of connections that a condition of its role hides from the identity, in any scope.
    """

    connections: frozenset[str] = CONNECTION_ACTIONS
    projects: Mapping[str, Membership] | None = None
    hidden: frozenset[str] = field(default=frozenset())

    @property
    def everything(self) -> bool:
        """Whether the identity may do everything, so that there is nothing to check."""
        return self.connections == CONNECTION_ACTIONS and self.projects is None and not self.hidden

    def in_project(self, slug: str) -> Membership | None:
        """Return what the identity may do in a project, or None if it is not a member."""
        return Membership() if self.projects is None else self.projects.get(slug)

    def require(self, action: str, slug: str | None) -> None:
        """Raise PermissionDeniedError unless the identity may do `action` on app connections.

        `slug` is that of the project, None for the organisation.
        """
        member = self.in_project(slug) if slug is not None else None
        allowed = self.connections if slug is None else (member.connections if member else frozenset())
        if action not in allowed:
            raise PermissionDeniedError(action, "app-connections")

    def projects_with(self, action: str) -> tuple[str, ...] | None:
        """Return the slugs of the projects in which the identity may do `action` on app connections, or None for all."""
        if self.projects is None:
            return None
        return tuple(slug for slug, membership in self.projects.items() if action in membership.connections)


EVERYTHING = Permissions()


def encode_permissions(permissions: Permissions) -> str | None:
    """Return the JSON that the database keeps. None stands for everything."""
    if permissions.everything:
        return None
    projects = None
    if permissions.projects is not None:
        projects = {slug: [sorted(member.connections), sorted(member.secrets)] for slug, member in permissions.projects.items()}
    return json.dumps(
        {"connections": sorted(permissions.connections), "projects": projects, "hidden": sorted(permissions.hidden)}
    )


def decode_permissions(kept: str | None) -> Permissions:
    """Return the permissions that `encode_permissions` wrote."""
    if kept is None:
        return EVERYTHING
    fields = json.loads(kept)
    projects = None
    if fields["projects"] is not None:
        projects = {slug: Membership(frozenset(on), frozenset(of)) for slug, (on, of) in fields["projects"].items()}
    return Permissions(frozenset(fields["connections"]), projects, frozenset(fields["hidden"]))
