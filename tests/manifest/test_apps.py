"""External Client Apps as manifests: what is built of one, and everything a lint can say of it offline."""

from typing import Any

import pytest

from reconciler.model import Diagnostic, ExternalClientApp, IpRelaxation, PermittedUsers, Severity
from tests.manifest.stack import Stack, connection

LEAST: dict[str, Any] = {
    "label": "Infisical CRM",
    "apiName": "Infisical_CRM",
    "contactEmail": "crm@acme.example",
    "callbackUrl": "https://localhost",
    "policies": {"runAs": "infisical@acme.example.crm"},
}


def app(name: str = "infisical-crm", /, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "reconciler/v1",
        "kind": "ExternalClientApp",
        "metadata": {"name": name},
        "spec": {**LEAST, **spec},
    }


def policies(**changes: Any) -> dict[str, Any]:
    return {**LEAST["policies"], **changes}


def built(stack: Stack, **spec: Any) -> ExternalClientApp:
    stack.write("connections/crm.yaml", connection("crm"))
    stack.write("apps/app.yaml", app(**spec))
    loaded = stack.load()
    assert loaded.diagnostics == ()
    assert [one.address for one in loaded.connections] == ["crm"]
    (found,) = loaded.apps
    return found


def problems(stack: Stack, **spec: Any) -> list[Diagnostic]:
    stack.write("connections/crm.yaml", connection("crm"))
    stack.write("apps/app.yaml", app(**spec))
    return list(stack.load().diagnostics)


def test_left_out_keys_are_what_the_set_up_page_says(stack: Stack) -> None:
    found = built(stack)
    assert found.scopes == ("api",)
    flags = ("client_credentials", "token_exchange", "secret_for_web_server", "secret_for_refresh_token")
    assert all(getattr(found, flag) for flag in (*flags, "secret_for_token_exchange", "pkce", "secrets_over_rest"))
    assert (found.permitted_users, found.ip_relaxation) == (PermittedUsers.ALL, IpRelaxation.ENFORCE)
    assert (found.api_version, found.rotation_target, found.connections) == ("65.0", False, ())


def test_every_key_is_taken(stack: Stack) -> None:
    found = built(
        stack,
        description=" For Infisical ",
        scopes=["api", "id"],
        flows={"tokenExchange": False},
        security={"pkce": False},
        policies=policies(
            permittedUsers="admin-approved", permissionSets=["A"], profiles=["B"], ipRelaxation="bypass-second-factor"
        ),
        secretsOverRest=False,
        connections=["crm"],
        salesforceApiVersion="66.0",
    )
    assert (found.description, found.scopes, found.token_exchange, found.pkce) == ("For Infisical", ("api", "id"), False, False)
    assert (found.permission_sets, found.profiles) == (("A",), ("B",))
    assert found.ip_relaxation is IpRelaxation.BYPASS_SECOND_FACTOR
    assert [one.address for one in found.connections] == ["crm"]
    assert (found.secrets_over_rest, found.api_version) == (False, "66.0")


ERROR, WARNING = Severity.ERROR, Severity.WARNING
LINTS = [
    ({"policies": {}}, ERROR, "`spec.policies.runAs` is missing"),
    ({"policies": {"runAs": "Integration User"}}, ERROR, "`spec.policies.runAs` is not a Username: it has no `@`"),
    ({"policies": {"runAs": "CRM@acme.example"}}, WARNING, "`spec.policies.runAs` is the contact's e-mail address"),
    ({"scopes": ["id"]}, WARNING, "`spec.scopes` lacks `api`"),
    ({"scopes": ["api", "full", "refresh_token"]}, WARNING, "`spec.scopes` has `full`, `refresh_token`"),
    ({"flows": {"clientCredentials": False}, "connections": ["crm"]}, ERROR, "its client credentials flow is off"),
    ({"policies": policies(permittedUsers="admin-approved")}, ERROR, "nobody is approved"),
    ({"security": {"secretForWebServerFlow": False}}, WARNING, "`spec.security.secretForWebServerFlow` is off"),
    ({"security": {"secretForRefreshTokenFlow": False}}, WARNING, "`spec.security.secretForRefreshTokenFlow` is off"),
    ({"security": {"secretForTokenExchangeFlow": False}}, WARNING, "`spec.security.secretForTokenExchangeFlow` is off"),
    ({"rotationTarget": True, "connections": ["crm"]}, ERROR, "so Infisical refuses to rotate it"),
    ({"rotationTarget": True, "secretsOverRest": False}, ERROR, "`spec.secretsOverRest` is off"),
    ({"salesforceApiVersion": "61.0"}, ERROR, "`secretsOverRest` needs 62.0 or newer"),
    ({"salesforceApiVersion": "59.0", "secretsOverRest": False}, ERROR, "flow of these apps needs 60.0 or newer"),
    ({"salesforceApiVersion": "64.0", "rotationTarget": True}, ERROR, "the rotation of credentials needs 65.0 or newer"),
    ({"connections": ["crn"]}, WARNING, "There is no connection `crn` in the manifests."),
    ({"apiName": "Infisical__CRM"}, ERROR, "`spec.apiName` cannot be `Infisical__CRM`"),
    ({"contactEmail": "nobody"}, ERROR, "`spec.contactEmail` cannot be `nobody`"),
    ({"callbackUrl": "http://acme.example"}, ERROR, "`spec.callbackUrl` cannot be `http://acme.example`"),
    ({"scopes": ["apis"]}, ERROR, "`spec.scopes[0]` must be one of"),
    ({"salesforceApiVersion": 65.0}, ERROR, "`spec.salesforceApiVersion` must be text"),
    ({"consumerSecret": "x"}, ERROR, "`consumerSecret` is not a key of `spec`"),
]


@pytest.mark.parametrize(("spec", "severity", "said"), LINTS, ids=[said for _, _, said in LINTS])
def test_a_lint_says_one_thing_at_its_line(stack: Stack, spec: dict[str, Any], severity: Severity, said: str) -> None:
    (problem,) = problems(stack, **spec)
    assert said in problem.summary
    assert problem.severity is severity
    assert problem.hint
    assert problem.location
    assert problem.location.file.endswith("apps/app.yaml")
    assert problem.location.line > 3


def test_two_apps_for_one_connection(stack: Stack) -> None:
    stack.write("connections/crm.yaml", connection("crm"))
    stack.write("apps/a.yaml", app("a", connections=["crm"]))
    stack.write("apps/b.yaml", app("b", apiName="Other", connections=["crm"]))
    assert [one.summary for one in stack.load().diagnostics] == ["The connection `crm` already logs in with the app `a`."]


def test_connections_of_two_orgs_in_one_app(stack: Stack) -> None:
    stack.write(
        "connections/crm.yaml", connection("crm"), connection("uat", credentials={"instanceUrl": "b.my.salesforce.com"})
    )
    stack.write("apps/a.yaml", app(connections=["crm", "uat"]))
    (problem,) = stack.load().diagnostics
    assert problem.summary == (
        "The connections of `infisical-crm` belong to several orgs: acme.my.salesforce.com, b.my.salesforce.com."
    )


def test_one_api_name_twice_in_an_org_and_once_in_each_of_two(stack: Stack) -> None:
    stack.write(
        "connections/crm.yaml",
        connection("crm"),
        connection("crm-two", name="crm-two"),
        connection("uat", credentials={"instanceUrl": "b.my.salesforce.com"}),
    )
    stack.write("apps/a.yaml", app("a", connections=["crm"]))
    stack.write("apps/b.yaml", app("b", connections=["crm-two"]))
    stack.write("apps/c.yaml", app("c", connections=["uat"]))
    assert [one.summary for one in stack.load().diagnostics] == [
        "`a` also has the API name `Infisical_CRM` in acme.my.salesforce.com."
    ]


def test_an_address_is_taken_once_by_whatever_kind(stack: Stack) -> None:
    stack.write("connections/crm.yaml", connection("crm"))
    stack.write("apps/a.yaml", app("crm"))
    stack.write("apps/b.yaml", app("b"))
    stack.write("apps/c.yaml", app("b"))
    assert [one.summary for one in stack.load().diagnostics] == ["The address `crm` is taken.", "The address `b` is taken."]


def test_both_kinds_in_one_file_and_a_misspelt_kind_gets_its_own_schema(stack: Stack) -> None:
    stack.write("all.yaml", connection("crm"), app("a", connections=["crm"]))
    loaded = stack.load("*.yaml")
    assert (len(loaded.connections), len(loaded.apps), loaded.diagnostics) == (1, 1, ())
    stack.write("all.yaml", {**app("a"), "kind": "ExternalClientApps"})
    (problem,) = stack.load("*.yaml").diagnostics
    assert problem.summary == "`kind` must be `ExternalClientApp`, not `ExternalClientApps`."
    assert problem.hint == "did you mean `ExternalClientApp`?"
