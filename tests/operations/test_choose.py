"""Which way to log in is chosen: in the documented order, from the names that other tools use too, or as it is asked for."""

from pathlib import Path

import pytest

from reconciler.config import Auth
from reconciler.model import Stopped
from reconciler.operations.login.choose import METHODS, choose

URL = "https://infisical.example"
ID = "0c9e0000-0000-4000-8000-000000000001"
OTHER = "0c9e0000-0000-4000-8000-000000000002"
PAIR = {"INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": "client", "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": "s3cret-s3cret"}
IN_GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY_OWNER": "acme", "GITHUB_SERVER_URL": "https://github.com"}
EVERYTHING = {
    "INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN": "one",
    "INFISICAL_TOKEN": "two",
    **PAIR,
    "INFISICAL_AWS_IAM_AUTH_IDENTITY_ID": OTHER,
    "INFISICAL_MACHINE_IDENTITY_ID": ID,
    "INFISICAL_JWT": "j.w.t",
    **IN_GITHUB,
}


def refused(environ: dict[str, str], auth: Auth | None = None) -> str:
    """Return what is said when there is no way."""
    with pytest.raises(Stopped) as caught:
        choose(auth or Auth(), environ, URL)
    (problem,) = caught.value.diagnostics
    assert "s3cret" not in repr(problem)
    return f"{problem.summary} {problem.detail} next: {problem.hint}"


def test_the_environment_is_looked_at_in_the_documented_order() -> None:
    left = dict(EVERYTHING)
    found = []
    for gone in (
        ["INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN"],
        ["INFISICAL_TOKEN"],
        [*PAIR],
        ["INFISICAL_AWS_IAM_AUTH_IDENTITY_ID"],
        ["INFISICAL_JWT"],
        [*IN_GITHUB],
    ):
        login = choose(Auth(), left, URL)
        found.append((login.method, login.origin))
        for name in gone:
            del left[name]
    assert found == [
        ("token", "the access token in INFISICAL_UNIVERSAL_AUTH_ACCESS_TOKEN"),
        ("token", "the access token in INFISICAL_TOKEN"),
        ("universal-auth", "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"),
        ("aws-auth", "a request signed with the AWS credentials of this machine"),
        ("oidc-auth", "the JWT in INFISICAL_JWT"),
        ("oidc-auth", "the token that the CI gives its jobs, for the audience https://github.com/acme"),
    ]
    assert "The id of an identity is set, but nothing that proves the identity." in refused(left)


@pytest.mark.parametrize("name", METHODS)
def test_every_name_that_other_tools_have_for_a_method_is_understood(name: str, tmp_path: Path) -> None:
    jwt = tmp_path / "jwt"
    jwt.write_text("j.w.t")
    environ = {"INFISICAL_AUTH_METHOD": name.upper(), "RECONCILER_JWT_FILE": str(jwt), **EVERYTHING}

    assert choose(Auth(), environ, URL).method == METHODS[name]


def test_what_reconciler_yaml_asks_for_wins_over_the_environment() -> None:
    environ = {**EVERYTHING, "INFISICAL_AUTH_METHOD": "token", "INFISICAL_AUTH_ORGANIZATION_SLUG": "sub"}

    login = choose(Auth("oidc-auth", OTHER, organisation_slug="other"), environ, URL)

    assert (login.method, login.identity_id, login.organisation_slug) == ("oidc-auth", OTHER, "other")


def test_a_method_has_the_identity_of_its_own_variable_first() -> None:
    environ = {"INFISICAL_GCP_AUTH_IDENTITY_ID": OTHER, "INFISICAL_MACHINE_IDENTITY_ID": ID}

    assert choose(Auth(), environ, URL).identity_id == OTHER
    assert choose(Auth("azure-auth"), environ, URL).identity_id == ID


def test_the_variable_that_holds_the_jwt_can_be_named() -> None:
    environ = {"INFISICAL_OIDC_AUTH_TOKEN_NAME": "MY_JWT", "MY_JWT": "j.w.t", "INFISICAL_MACHINE_IDENTITY_ID": ID}

    assert choose(Auth(), environ, URL).origin == "the JWT in MY_JWT"


def test_a_pod_logs_in_with_its_service_account(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("j.w.t")
    environ = {"INFISICAL_MACHINE_IDENTITY_ID": ID, "INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH": str(token)}

    login = choose(Auth(), environ, URL)

    assert (login.method, login.origin) == ("kubernetes-auth", f"the JWT in the file {token}")


def test_variables_that_are_blank_are_not_set() -> None:
    environ = {**PAIR, "INFISICAL_TOKEN": " "}

    assert choose(Auth(), environ, URL).method == "universal-auth"


@pytest.mark.parametrize(
    ("environ", "auth", "said"),
    [
        (
            {},
            Auth(),
            "next: set INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET, or INFISICAL_TOKEN",
        ),
        ({}, Auth("token"), "next: set INFISICAL_TOKEN"),
        (
            {"INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": "x"},
            Auth(),
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET is not set. next: set INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET",
        ),
        ({}, Auth("oidc-auth"), "oidc-auth needs the id of a machine identity."),
        ({}, Auth("jwt-auth", ID), "jwt-auth needs a JWT. next: set INFISICAL_AUTH_JWT or RECONCILER_JWT_FILE"),
        (
            {"INFISICAL_SERVICE_TOKEN": "st.s3cret"},
            Auth(),
            "Infisical does not accept a service token (INFISICAL_SERVICE_TOKEN)",
        ),
        ({"INFISICAL_AUTH_METHOD": "s3cret"}, Auth(), "reconciler does not know the method in INFISICAL_AUTH_METHOD."),
        ({"INFISICAL_AUTH_METHOD": "ldap-auth"}, Auth(), "set it to one of token, universal-auth, oidc-auth"),
    ],
)
def test_without_a_way_it_is_said_what_is_missing(environ: dict[str, str], auth: Auth, said: str) -> None:
    assert said in refused(environ, auth)
