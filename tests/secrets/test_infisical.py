"""`fromInfisical`: only from places that are allowed, read by what is passed in."""

import pytest

from reconciler.model import ProjectRef, Secret
from reconciler.secrets import InfisicalSource, Refused, SecretName, Unavailable

pytestmark = pytest.mark.anyio

UUID = "0c9e0000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("crm/prod/KEY", SecretName(ProjectRef("slug", "crm"), "prod", "/", "KEY")),
        ("crm/prod/a/b/KEY", SecretName(ProjectRef("slug", "crm"), "prod", "/a/b", "KEY")),
        (f"{UUID}/prod/KEY", SecretName(ProjectRef("id", UUID), "prod", "/", "KEY")),
    ],
)
def test_a_target_is_a_place_and_back(target: str, name: SecretName) -> None:
    assert SecretName.parse(target) == name
    assert str(name) == target


@pytest.mark.parametrize(
    ("target", "glob", "allowed"),
    [
        ("crm/prod/KEY", "crm/prod/KEY", True),
        ("crm/prod/KEY", "crm/prod/*", True),
        ("crm/prod/KEY", "crm/*/KEY", True),
        ("crm/prod/KEY", "crm/prod/CRM_*", False),
        ("crm/prod/CRM_KEY", "crm/prod/CRM_*", True),
        ("crm/prod/a/KEY", "crm/prod/*", False),
        ("crm/prod/a/KEY", "crm/prod/**/KEY", True),
        ("crm/prod/KEY", "crm/prod/**/KEY", True),
        ("crm/prod/a/b/KEY", "crm/**", True),
        ("erp/prod/KEY", "crm/**", False),
        ("crm/prod/KEY", "*", False),
        ("crm/prod/KEY", "crm/prod", False),
        ("crm/prod/KEY", "CRM/prod/KEY", False),
    ],
)
async def test_a_star_stands_for_one_name_and_two_for_any(target: str, glob: str, allowed: bool) -> None:
    async def read(name: SecretName) -> Secret:
        return Secret(f" {name.key}\n")

    source = InfisicalSource([glob], read)
    if allowed:
        assert (await source.read(target)).reveal() == target.rsplit("/", 1)[1]
    else:
        with pytest.raises(Refused, match=r"^secretSources\.infisical\.allow does not allow the secret "):
            await source.read(target)


async def test_without_a_rule_nothing_is_read() -> None:
    async def read(name: SecretName) -> Secret:
        raise AssertionError(name)

    with pytest.raises(Refused, match="it allows no secret at all"):
        await InfisicalSource([], read).read("crm/prod/KEY")


async def test_a_blank_secret_is_none() -> None:
    async def read(name: SecretName) -> Secret:
        return Secret(" \n")

    with pytest.raises(Unavailable, match="the secret crm/prod/KEY is empty"):
        await InfisicalSource(["**"], read).read("crm/prod/KEY")
