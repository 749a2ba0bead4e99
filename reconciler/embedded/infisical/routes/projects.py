"""The routes of projects: list them, find one by id or slug, make one, and delete one."""

import json
import re
import secrets
import sqlite3

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.embedded.infisical.auth.identities import join_project
from reconciler.embedded.infisical.context import ApiContext, json_answer
from reconciler.embedded.infisical.database.connection_rows import break_lists
from reconciler.embedded.infisical.database.project_rows import delete_project, get_project, insert_project, list_projects
from reconciler.embedded.infisical.errors import BadRequestError, PermissionDeniedError
from reconciler.embedded.infisical.permissions import Permissions
from reconciler.embedded.infisical.requests.bodies import decode_body, parse_new_project
from reconciler.embedded.infisical.timestamps import timestamp

_WORDS = re.compile(r"[a-z0-9]+")


class ProjectRoutes:
    """The handlers. `routes` gives the routes that the app serves, relative to `/api/v1`."""

    def __init__(self, context: ApiContext) -> None:
        self.context = context

    def routes(self) -> list[Route]:
        # Infisical: older builds call a project a workspace.
        bases = ["projects", *(["workspace"] if self.context.build.workspaces else [])]
        return [
            Route("/projects", self.list_all),
            Route("/projects", self.create, methods=["POST"]),
            *(Route(f"/{base}/slug/{{slug}}", self.get_by_slug) for base in bases),
            Route("/projects/{project_id}", self.get),
            Route("/projects/{project_id}", self.delete, methods=["DELETE"]),
        ]

    async def list_all(self, request: Request) -> Response:
        """Infisical: the list holds the projects that the identity is a member of."""

        def work(db: sqlite3.Connection, caller: Permissions) -> list[dict[str, object]]:
            return [project for project in list_projects(db) if caller.in_project(str(project["slug"]))]

        return json_answer(json.dumps({"projects": await self.context.run_permitted(request, work)}))

    async def get_by_slug(self, request: Request) -> Response:
        """Infisical: an answer by slug is the project itself, an answer by id has it under `project`."""
        slug = str(request.path_params["slug"])
        project = await self.context.run_permitted(
            request, lambda db, caller: _require_member(get_project(db, "slug", slug), caller)
        )
        return json_answer(json.dumps(project))

    async def get(self, request: Request) -> Response:
        project_id = str(request.path_params["project_id"])
        project = await self.context.run_permitted(
            request, lambda db, caller: _require_member(get_project(db, "id", project_id), caller)
        )
        return json_answer(json.dumps({"project": project}))

    async def delete(self, request: Request) -> Response:
        """Infisical: the project's connections are deleted too, and then every list that would show them is a 404.

        Which permission Infisical asks for is not known. Here every member may delete a project. The answer has the shape
        of the answer to a creation.
        """
        raw = await request.body()
        project_id = str(request.path_params["project_id"])

        def work(db: sqlite3.Connection, caller: Permissions) -> dict[str, object]:
            decode_body(request, raw)
            project = _require_member(get_project(db, "id", project_id), caller)
            break_lists(db, project_id)
            try:
                delete_project(db, project_id)
            except sqlite3.IntegrityError:
                raise BadRequestError("Cannot delete a project whose connections are in use") from None
            return project

        project = await self.context.run_permitted(request, work, writing=True)
        return json_answer(json.dumps({"project": project}))

    async def create(self, request: Request) -> Response:
        raw = await request.body()

        def work(db: sqlite3.Connection, caller: Permissions) -> dict[str, object]:
            new = parse_new_project(decode_body(request, raw))
            slug = new.slug or _slug_for(new.name)
            now = timestamp(self.context.clock())
            try:
                project_id = insert_project(db, slug, now, name=new.name, kind=new.kind, description=new.description)
            except sqlite3.IntegrityError:
                raise BadRequestError(f'A project with the slug "{slug}" already exists') from None
            # Infisical: the identity that makes a project is its first member.
            join_project(db, self.context.token(request).identity_id, caller, slug)
            return get_project(db, "id", project_id)

        project = await self.context.run_permitted(request, work, writing=True)
        return json_answer(json.dumps({"project": project}))


def _require_member(project: dict[str, object], caller: Permissions) -> dict[str, object]:
    """Return the project if the caller is a member. What Infisical answers to others is not known. Here it is a 403."""
    if caller.in_project(str(project["slug"])) is None:
        raise PermissionDeniedError("read", "project")
    return project


def _slug_for(name: str) -> str:
    """Return a slug for a project that gives none. Infisical takes the name, and a few random characters to make it unique."""
    return "-".join([*_WORDS.findall(name.lower()), secrets.token_hex(2)])
