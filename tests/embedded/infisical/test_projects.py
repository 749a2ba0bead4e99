"""Projects: there from the first use, made through the API, found by slug and by id."""

import re

import httpx
import pytest

pytestmark = pytest.mark.anyio

PROJECTS = "/api/v1/projects"


async def test_configured_projects_are_there_from_the_first_request(client: httpx.AsyncClient) -> None:
    projects = (await client.get(PROJECTS)).json()["projects"]

    assert [(project["slug"], project["name"], project["type"]) for project in projects] == [
        ("crm", "crm", "secret-manager"),
        ("erp", "erp", "secret-manager"),
    ]
    assert [environment["slug"] for environment in projects[0]["environments"]] == ["dev", "staging", "prod"]


async def test_a_project_comes_bare_by_slug_and_wrapped_by_id(client: httpx.AsyncClient) -> None:
    by_slug = (await client.get(f"{PROJECTS}/slug/crm")).json()

    assert (await client.get(f"{PROJECTS}/{by_slug['id']}")).json() == {"project": by_slug}


async def test_a_created_project_is_found_by_its_slug(client: httpx.AsyncClient) -> None:
    sent = {"projectName": "Support", "slug": "support", "type": "secret-manager"}

    response = await client.post(PROJECTS, json=sent)

    assert response.status_code == 200
    assert (await client.get(f"{PROJECTS}/slug/support")).json() == response.json()["project"]


async def test_a_project_without_a_slug_gets_one_of_its_name(client: httpx.AsyncClient) -> None:
    project = (await client.post(PROJECTS, json={"projectName": "Acme & Söns 2"})).json()["project"]

    assert re.fullmatch(r"acme-s-ns-2-[0-9a-f]{4}", project["slug"])
