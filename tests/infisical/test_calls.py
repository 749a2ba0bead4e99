"""Reader and writer against the real API: what is read, and what the three writes do."""

import inspect
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from reconciler.embedded.testing import mark_in_use, plant_connection
from reconciler.infisical import AlreadyExists, CredentialsRefused, InUse, NotFound, Organisation, Reader, Writer, WrongApp
from reconciler.model import ORGANISATION, Scope
from reconciler.wire import Client
from tests.infisical.conftest import HOST, Answering, credentials
from tests.wire.raw import always, refusal

pytestmark = pytest.mark.anyio


async def project(api: Client, slug: str = "crm") -> Scope:
    found = await Reader(api).project_by_slug(slug)
    assert found is not None
    return Scope(found.id, found.slug)


def test_a_reader_has_no_way_to_change_anything() -> None:
    public = {name for name, _ in inspect.getmembers(Reader) if not name.startswith("_")}
    assert public == {
        "clock",
        "connection",
        "connection_named",
        "connections",
        "knows_salesforce",
        "organisation",
        "project_by_slug",
        "projects",
        "salesforce_connections",
        "secret",
        "url",
    }
    source = inspect.getsource(inspect.getmodule(Reader) or Reader)
    assert '"GET"' in source
    assert not any(verb in source for verb in ('"POST"', '"PATCH"', '"PUT"', '"DELETE"'))


async def test_what_is_created_is_what_is_read_by_id_by_name_and_in_the_lists(api: Client) -> None:
    scope = await project(api)
    created = await Writer(api).create("crm-production", "Production CRM", scope, HOST, credentials())
    assert (created.name, created.description, created.app) == ("crm-production", "Production CRM", "salesforce")
    assert (created.instance_url, created.scope) == (HOST, scope)
    assert UUID(created.id)
    assert len(created.credentials_hash or "") == 64
    reader = Reader(api)
    assert await reader.connection(created.id) == created
    assert await reader.connection_named("crm-production", scope) == created
    assert await reader.connections() == (created,)
    assert await reader.salesforce_connections() == (created,)
    assert await reader.salesforce_connections(scope.project_id) == (created,)
    assert await reader.salesforce_connections((await project(api, "erp")).project_id) == ()


async def test_a_list_names_the_project_of_each_connection_by_its_slug(api: Client) -> None:
    await Writer(api).create("in-project", "", await project(api), HOST, credentials())
    await Writer(api).create("in-organisation", "", ORGANISATION, HOST, credentials())
    listed = {one.name: one.scope for one in await Reader(api).connections()}
    assert listed["in-organisation"] == ORGANISATION
    assert listed["in-project"].project_slug == "crm"


async def test_a_list_shows_the_connections_of_other_apps_too(api: Client, database: Path) -> None:
    plant_connection(database, app="aws", name="deployments", public={"instanceUrl": "not for us"})
    (found,) = await Reader(api).connections()
    assert (found.app, found.name, found.instance_url) == ("aws", "deployments", "")
    assert await Reader(api).salesforce_connections() == ()


async def test_a_name_is_free_taken_by_ours_or_taken_by_another_app(api: Client, database: Path) -> None:
    reader, scope = Reader(api), await project(api)
    assert await reader.connection_named("crm", ORGANISATION) is None
    await Writer(api).create("crm", "", scope, HOST, credentials())
    assert await reader.connection_named("crm", ORGANISATION) is None
    assert (await reader.connection_named("crm", scope)) is not None
    plant_connection(database, app="github", name="taken")
    with pytest.raises(WrongApp):
        await reader.connection_named("taken", ORGANISATION)


async def test_an_id_that_is_gone_is_none_and_never_an_error(api: Client) -> None:
    assert await Reader(api).connection(str(uuid4())) is None


@pytest.mark.parametrize("odd", ["../../projects", "x/y", "x?projectId=1", "x#y", "%2e%2e", "\n"])
async def test_an_id_or_a_name_stays_at_its_place_in_the_path(odd: str, answering: Answering) -> None:
    async with answering(always(refusal(404, "NotFound", "no"))) as (raw, client):
        await Reader(client).connection(odd)
        await Reader(client).connection_named(odd, ORGANISATION)
        with pytest.raises(NotFound):
            await Writer(client).delete(odd)
    base = "/api/v1/app-connections/salesforce"
    sent = quote(odd, safe="")
    assert [one.target for one in raw.asked] == [f"{base}/{sent}", f"{base}/connection-name/{sent}", f"{base}/{sent}"]


async def test_an_update_changes_what_is_given_and_leaves_the_rest(api: Client) -> None:
    writer = Writer(api)
    before = await writer.create("crm", "first", ORGANISATION, HOST, credentials())
    described = await writer.update(before.id, description="second")
    assert (described.name, described.description) == ("crm", "second")
    assert described.credentials_hash == before.credentials_hash
    renamed = await writer.update(before.id, name="crm-two")
    assert (renamed.name, renamed.description, renamed.id) == ("crm-two", "second", before.id)
    assert renamed.credentials_hash == before.credentials_hash
    emptied = await writer.update(before.id, description="")
    assert emptied.description == ""
    sent = await writer.update(before.id, instance_url=HOST, credentials=credentials())
    assert sent.credentials_hash != before.credentials_hash
    assert (sent.name, sent.description) == ("crm-two", "")


async def test_a_deleted_connection_is_gone_and_a_second_delete_says_so(api: Client) -> None:
    created = await Writer(api).create("crm", "", ORGANISATION, HOST, credentials())
    await Writer(api).delete(created.id)
    assert await Reader(api).connection(created.id) is None
    with pytest.raises(NotFound):
        await Writer(api).delete(created.id)


async def test_each_refusal_of_a_write_is_of_its_own_kind(api: Client, database: Path) -> None:
    writer = Writer(api)
    held = await writer.create("crm", "", ORGANISATION, HOST, credentials())
    other = await writer.create("other", "", ORGANISATION, HOST, credentials())
    foreign = plant_connection(database, app="aws", name="deployments")
    mark_in_use(database, held.id)
    with pytest.raises(InUse):
        await writer.delete(held.id)
    with pytest.raises(AlreadyExists):
        await writer.create("deployments", "", ORGANISATION, HOST, credentials())
    with pytest.raises(AlreadyExists):
        await writer.update(other.id, name="crm")
    with pytest.raises(WrongApp):
        await writer.delete(foreign)
    with pytest.raises(NotFound):
        await writer.update(str(uuid4()), name="x")
    for host, pair in ((HOST, credentials(secret="wrong-secret-0123456789")), ("unknown.my.salesforce.com", credentials())):
        with pytest.raises(CredentialsRefused):
            await writer.create("new", "", ORGANISATION, host, pair)
    assert sorted(one.name for one in await Reader(api).connections()) == ["crm", "deployments", "other"]


async def test_projects_are_found_by_slug_and_an_unknown_one_is_none(api: Client) -> None:
    found = await Reader(api).project_by_slug("crm")
    assert found is not None
    assert found.slug == "crm"
    assert await Reader(api).project_by_slug("nobody-has-this") is None


async def test_a_list_of_an_unknown_project_is_an_error_and_not_an_empty_list(api: Client) -> None:
    with pytest.raises(NotFound):
        await Reader(api).salesforce_connections(str(uuid4()))


async def test_the_organisation_the_clock_and_whether_salesforce_is_known_can_be_asked(api: Client) -> None:
    reader = Reader(api)
    organisation = await reader.organisation()
    assert isinstance(organisation, Organisation)
    assert UUID(organisation.id)
    assert organisation.name
    assert await reader.knows_salesforce()
    assert (await reader.clock()).tzinfo is not None
    assert reader.url == "http://embedded"
