"""The project routes: enough to turn a slug into an id and to make the projects that connections are scoped to."""

import json
import re
import secrets
import sqlite3
import uuid

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.embedded import connection_rows, validation
from reconciler.embedded.auth import join_project
from reconciler.embedded.backend import Backend, json_answer
from reconciler.embedded.dates import timestamp
from reconciler.embedded.errors import BadRequestError, NotFoundError, PermissionDeniedError
from reconciler.embedded.permissions import Permissions
from reconciler.embedded.store import add_project

ENVIRONMENTS = (("Development", "dev"), ("Staging", "staging"), ("Production", "prod"))
_WORDS = re.compile(r"[a-z0-9]+")
_COLUMNS = """SELECT id, name, slug, type, description, created_at, updated_at,
    (SELECT organisation_id FROM installation) FROM projects"""


class ProjectRoutes:
    """Handlers over one backend; `routes` is what the app serves, relative to `/api/v1`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def routes(self) -> list[Route]:
        # Infisical: older builds called a project a workspace.
        bases = ["projects", *(["workspace"] if self.backend.build.workspaces else [])]
        return [
            Route("/projects", self.list_all),
            Route("/projects", self.create, methods=["POST"]),
            *(Route(f"/{base}/slug/{{slug}}", self.get_by_slug) for base in bases),
            Route("/projects/{project_id}", self.get),
            Route("/projects/{project_id}", self.delete, methods=["DELETE"]),
        ]

    async def list_all(self, request: Request) -> Response:
        """Infisical: those that the identity is a member of."""

        def work(db: sqlite3.Connection, caller: Permissions) -> list[dict[str, object]]:
            found = [_project(row) for row in db.execute(f"{_COLUMNS} ORDER BY lower(name), id")]
            return [one for one in found if caller.in_project(str(one["slug"]))]

        return json_answer(json.dumps({"projects": await self.backend.permitted(request, work)}))

    async def get_by_slug(self, request: Request) -> Response:
        """Infisical: by slug the project comes as it is, by id it is wrapped."""
        slug = str(request.path_params["slug"])
        project = await self.backend.permitted(request, lambda db, caller: _seen(_find(db, "slug", slug), caller))
        return json_answer(json.dumps(project))

    async def get(self, request: Request) -> Response:
        project_id = str(request.path_params["project_id"])
        project = await self.backend.permitted(request, lambda db, caller: _seen(_find(db, "id", project_id), caller))
        return json_answer(json.dumps({"project": project}))

    async def delete(self, request: Request) -> Response:
        """Infisical: its connections go with it, and from then on every list that would show them is a 404 (facts 11).

        Which permission it takes is not known: here every member may. The answer's shape is that of a creation.
        """
        raw = await request.body()
        project_id = str(request.path_params["project_id"])

        def work(db: sqlite3.Connection, caller: Permissions) -> dict[str, object]:
            validation.decode_body(request, raw)
            project = _seen(_find(db, "id", project_id), caller)
            connection_rows.break_lists(db, project_id)
            try:
                db.execute("DELETE FROM projects WHERE id = ?", (project_id,))
            except sqlite3.IntegrityError:
                raise BadRequestError("Cannot delete a project whose connections are in use") from None
            return project

        project = await self.backend.permitted(request, work, writing=True)
        return json_answer(json.dumps({"project": project}))

    async def create(self, request: Request) -> Response:
        raw = await request.body()

        def work(db: sqlite3.Connection, caller: Permissions) -> dict[str, object]:
            new = validation.new_project(validation.decode_body(request, raw))
            slug = new.slug or _slug_for(new.name)
            now = timestamp(self.backend.clock())
            try:
                project_id = add_project(db, slug, now, name=new.name, kind=new.kind, description=new.description)
            except sqlite3.IntegrityError:
                raise BadRequestError(f'A project with the slug "{slug}" already exists') from None
            # Infisical: who makes a project is its first member.
            join_project(db, self.backend.token(request).identity_id, caller, slug)
            return _find(db, "id", project_id)

        project = await self.backend.permitted(request, work, writing=True)
        return json_answer(json.dumps({"project": project}))


def _find(db: sqlite3.Connection, column: str, value: str) -> dict[str, object]:
    row = db.execute(f"{_COLUMNS} WHERE {column} = ?", (value,)).fetchone()
    if row is None:
        raise NotFoundError(f"Project with {'ID' if column == 'id' else column} '{value}' not found")
    return _project(row)


def _seen(project: dict[str, object], caller: Permissions) -> dict[str, object]:
    """The project, for who is a member of it. What Infisical says to others is not known (facts 10): a 403 here."""
    if caller.in_project(str(project["slug"])) is None:
        raise PermissionDeniedError("read", "project")
    return project


def _project(row: tuple[str, ...]) -> dict[str, object]:
    project_id, name, slug, kind, description, created_at, updated_at, organisation_id = row
    # An environment's id follows from its project's, so there is no table for what is the same everywhere.
    within = uuid.UUID(project_id)
    environments = [{"id": str(uuid.uuid5(within, key)), "name": title, "slug": key} for title, key in ENVIRONMENTS]
    return {
        "id": project_id,
        "name": name,
        "slug": slug,
        "type": kind,
        "description": description,
        "orgId": organisation_id,
        "createdAt": created_at,
        "updatedAt": updated_at,
        "environments": environments,
    }


def _slug_for(name: str) -> str:
    """Infisical: a project without a slug gets its name's, made unique by a few random characters."""
    return "-".join([*_WORDS.findall(name.lower()), secrets.token_hex(2)])
