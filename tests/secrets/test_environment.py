"""Which variables a manifest may name, and what their values become."""

import pytest

from reconciler.model import Secret
from reconciler.secrets import EnvironmentSource, Refused, Unavailable

pytestmark = pytest.mark.anyio

NOTHING: frozenset[str] = frozenset()
RUNNERS_OWN = [
    "INFISICAL_TOKEN",
    "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET",
    "RECONCILER_TRUSTED_CONFIG",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "CI",
    "CI_JOB_TOKEN",
    "GITLAB_TOKEN",
    "SYSTEM_ACCESSTOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AZURE_CLIENT_SECRET",
    "ARM_CLIENT_SECRET",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "VAULT_TOKEN",
    "OP_SERVICE_ACCOUNT_TOKEN",
    "KUBECONFIG",
    "NPM_TOKEN",
    "TWINE_PASSWORD",
    "PGPASSWORD",
    "HTTPS_PROXY",
    "SSH_AUTH_SOCK",
    "SIGSTORE_ID_TOKEN",
    "HOME",
]


def source(environ: dict[str, str], allow: list[str] | None = None, lifted: frozenset[str] = NOTHING) -> EnvironmentSource:
    return EnvironmentSource(environ, allow, lifted)


async def test_a_variable_s_value_is_trimmed() -> None:
    assert await source({"CRM_KEY": " \tvalue of it\r\n"}).read("CRM_KEY") == Secret("value of it")


@pytest.mark.parametrize("name", RUNNERS_OWN)
async def test_the_runner_s_own_variables_are_refused(name: str) -> None:
    with pytest.raises(Refused, match=f"^{name} is one of the runner's own variables$"):
        await source({name: "x"}).read(name)


async def test_a_refusal_does_not_tell_whether_the_variable_is_set() -> None:
    with pytest.raises(Refused) as unset:
        await source({}).read("GITHUB_TOKEN")
    with pytest.raises(Refused) as set_:
        await source({"GITHUB_TOKEN": "x"}).read("GITHUB_TOKEN")

    assert str(unset.value) == str(set_.value)


async def test_lower_case_does_not_get_around_a_refusal() -> None:
    with pytest.raises(Refused):
        await source({"https_proxy": "http://user:pass@proxy"}).read("https_proxy")


@pytest.mark.parametrize("allow", [["*"], ["GITHUB_*"], ["GITHUB_TOKEN"]])
async def test_allowing_a_refused_name_does_not_lift_it(allow: list[str]) -> None:
    with pytest.raises(Refused, match="runner's own"):
        await source({"GITHUB_TOKEN": "x"}, allow).read("GITHUB_TOKEN")


async def test_a_lifted_name_is_read() -> None:
    lifted = frozenset({"CI_CRM_KEY"})

    assert await source({"CI_CRM_KEY": "x"}, ["CI_CRM_KEY"], lifted).read("CI_CRM_KEY") == Secret("x")


async def test_lifting_one_name_lifts_no_other() -> None:
    with pytest.raises(Refused):
        await source({"CI_JOB_TOKEN": "x"}, ["CI_CRM_KEY", "CI_*"], frozenset({"CI_CRM_KEY"})).read("CI_JOB_TOKEN")


async def test_what_is_not_allowed_is_refused_and_the_allowed_are_named() -> None:
    with pytest.raises(Refused) as refused:
        await source({"OTHER": "x"}, ["CRM_*", "ERP_KEY"]).read("OTHER")

    assert str(refused.value) == ("secretSources.env.allow does not allow the variable OTHER (it allows CRM_*, ERP_KEY)")
    assert refused.value.hint == "rename the variable, or add it to secretSources.env.allow"


async def test_an_allowance_is_exact_about_case() -> None:
    with pytest.raises(Refused):
        await source({"crm_key": "x"}, ["CRM_*"]).read("crm_key")


async def test_an_empty_allowance_allows_nothing_and_says_so() -> None:
    with pytest.raises(Refused, match="it allows no variable at all"):
        await source({"CRM_KEY": "x"}, []).read("CRM_KEY")


async def test_a_variable_that_is_not_set_is_unavailable_and_not_refused() -> None:
    with pytest.raises(Unavailable) as unset:
        await source({}, ["CRM_*"]).read("CRM_KEY")

    assert not isinstance(unset.value, Refused)
    assert (str(unset.value), unset.value.hint) == ("the variable CRM_KEY is not set", "set CRM_KEY before the run")


@pytest.mark.parametrize("value", ["", " ", "\n\t"])
async def test_an_empty_variable_is_unavailable(value: str) -> None:
    with pytest.raises(Unavailable, match=r"^the variable CRM_KEY is empty$"):
        await source({"CRM_KEY": value}).read("CRM_KEY")


async def test_a_variable_of_bytes_that_are_no_text_is_unavailable_and_not_shown() -> None:
    value = b"s3cr3t-\xff".decode(errors="surrogateescape")  # as os.environ gives it

    with pytest.raises(Unavailable) as odd:
        await source({"CRM_KEY": value}).read("CRM_KEY")

    assert str(odd.value) == "the variable CRM_KEY is not UTF-8 text"
    assert odd.value.__context__ is None


async def test_text_beyond_ascii_is_read() -> None:
    assert (await source({"CRM_KEY": "pässwörd🔑"}).read("CRM_KEY")).reveal() == "pässwörd🔑"
