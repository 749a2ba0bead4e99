"""What a manifest wants: its defaults, its references, its rules, and what is refused although every key is right."""

from typing import Any

import pytest

from reconciler.model import (
    CredentialDrift,
    Diagnostic,
    Lifecycle,
    Location,
    OnRemoval,
    ProjectRef,
    Reference,
    References,
    Severity,
    has_errors,
)

from .stack import UUID, Stack, connection

HOST = "acme.my.salesforce.com"


def test_a_whole_manifest_is_understood(stack: Stack) -> None:
    stack.write(
        "crm.yaml",
        """\
apiVersion: reconciler/v1
kind: SalesforceConnection
metadata:
  name: crm-production
  labels: { team: crm, tier: critical }
spec:
  name: crm
  description: Production CRM org
  project: sales
  method: client-credentials
  credentials:
    instanceUrl: acme.my.salesforce.com
    consumerKey:    { fromEnv: CRM_CONSUMER_KEY }
    consumerSecret: { fromFile: secrets/crm }
    version: "2026-11"
lifecycle:
  preventDestroy: true
  onRemoval: retain
  onCredentialDrift: reassert
  ignoreChanges: [name, description]
  adopt: true
  renamedFrom: crm-prod
""",
    )
    one = stack.only()

    assert (one.address, one.name, one.description, one.version) == ("crm-production", "crm", "Production CRM org", "2026-11")
    assert (one.project, one.instance_url) == (ProjectRef("slug", "sales"), HOST)
    assert one.labels == {"team": "crm", "tier": "critical"}
    assert one.references == References(
        Reference("fromEnv", "CRM_CONSUMER_KEY", Location("crm.yaml", 13, 32)),
        Reference("fromFile", "secrets/crm", Location("crm.yaml", 14, 33)),
    )
    assert [reference.location for reference in one.references] == [
        Location("crm.yaml", 13, 32),
        Location("crm.yaml", 14, 33),
    ]
    assert one.lifecycle == Lifecycle(
        prevent_destroy=True,
        on_removal=OnRemoval.RETAIN,
        on_credential_drift=CredentialDrift.REASSERT,
        ignore_changes=("description", "name"),
        adopt=True,
        renamed_from="crm-prod",
    )
    assert (one.location, one.name_location, one.project_location) == (
        Location("crm.yaml", 4, 9),
        Location("crm.yaml", 7, 9),
        Location("crm.yaml", 9, 12),
    )


def test_a_short_manifest_has_the_defaults(stack: Stack) -> None:
    stack.write("crm.yaml", connection("crm"))
    one = stack.only()

    assert (one.name, one.description, one.project, one.version, one.labels) == ("crm", "", None, None, {})
    assert one.lifecycle == Lifecycle()
    assert one.name_location == one.location


@pytest.mark.parametrize("description", [None, "", "  ", "\n"])
def test_no_null_and_blank_descriptions_are_one_and_the_same(stack: Stack, description: str | None) -> None:
    stack.write("crm.yaml", connection("crm", description=description))

    assert stack.only().description == ""


def test_a_description_is_trimmed_as_the_server_trims(stack: Stack) -> None:
    stack.write("crm.yaml", connection("crm", description="  two\n  lines \n"))

    assert stack.only().description == "two\n  lines"


@pytest.mark.parametrize("text", ["x" * 256, "🔑" * 128, "x" * 254 + "🔑", "x" * 256 + "\n", "é" * 256])
def test_a_description_may_have_256_utf_16_units(stack: Stack, text: str) -> None:
    stack.write("crm.yaml", connection("crm", description=text))

    assert stack.only().description == text.strip()


@pytest.mark.parametrize("text", ["x" * 257, "🔑" * 129, "x" * 255 + "🔑"])
def test_a_longer_description_is_refused(stack: Stack, text: str) -> None:
    stack.write("crm.yaml", connection("crm", description=text))

    problem = stack.problem()

    units = len(text.encode("utf-16-le")) // 2
    assert (
        problem.summary == f"`spec.description` has {units} characters, but Infisical allows only 256 (an emoji counts as two)."
    )
    assert problem.location == Location("crm.yaml", 6, 16)
    assert problem.address == "crm"


def test_a_project_is_named_by_its_slug_or_by_its_id(stack: Stack) -> None:
    stack.write("a.yaml", connection("a", project="sales"))
    stack.write("b.yaml", connection("b", projectId=UUID))

    found = stack.connections()

    assert found["a"].project == ProjectRef("slug", "sales")
    assert found["b"].project == ProjectRef("id", UUID.lower())
    assert found["b"].project_location == Location("b.yaml", 6, 14)


def test_a_project_named_twice_is_refused(stack: Stack) -> None:
    stack.write("a.yaml", connection("a", project="sales", projectId=UUID))

    assert stack.problem().summary == "`spec` names its project twice."


@pytest.mark.parametrize(
    ("reference", "summary"),
    [
        ("Zq9zQ7.s3cr3t", "`spec.credentials.consumerSecret` must be a map of keys, not text."),
        (["Zq9zQ7.s3cr3t"], "`spec.credentials.consumerSecret` must be a map of keys, not a list."),
        (
            {"value": "Zq9zQ7.s3cr3t"},
            "This key (not shown, because it may be a secret) is not a key of `spec.credentials.consumerSecret`.",
        ),
        ({"fromEnv": "Zq9zQ7.s3cr3t"}, "`spec.credentials.consumerSecret.fromEnv` cannot have this value."),
    ],
)
def test_a_literal_secret_is_refused_unseen_with_what_to_write(stack: Stack, reference: object, summary: str) -> None:
    stack.write("crm.yaml", connection("crm", credentials={"consumerSecret": reference}))

    problem = stack.problem()

    assert problem.summary == summary
    assert "the value" in problem.hint
    assert "Zq9zQ7" not in repr(problem)


@pytest.mark.parametrize(
    ("secret", "target"),
    [
        ({"project": "crm", "environment": "prod", "key": "KEY"}, "crm/prod/KEY"),
        ({"project": "crm", "environment": "prod", "path": "/", "key": "KEY"}, "crm/prod/KEY"),
        ({"project": "crm", "environment": "prod", "path": "/a/b/", "key": "KEY"}, "crm/prod/a/b/KEY"),
        ({"projectId": UUID.upper(), "environment": "prod", "path": "/a", "key": "KEY"}, f"{UUID.lower()}/prod/a/KEY"),
    ],
)
def test_a_secret_of_infisical_is_named_by_its_place(stack: Stack, secret: dict[str, str], target: str) -> None:
    stack.write("crm.yaml", connection("crm", credentials={"consumerKey": {"fromInfisical": secret}}))

    assert str(stack.only().references.consumer_key) == f"fromInfisical {target}"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ({"environment": "prod", "key": "KEY"}, "must have either `project` or `projectId`."),
        (
            {"project": "crm", "projectId": UUID, "environment": "prod", "key": "KEY"},
            "must have either `project` or `projectId`.",
        ),
        ({"project": "crm", "key": "KEY"}, "lacks `environment`."),
        ("crm/prod/KEY", "must be a map of keys, not text."),
    ],
)
def test_a_secret_of_infisical_that_is_not_named_in_full_is_refused(stack: Stack, secret: object, said: str) -> None:
    stack.write("crm.yaml", connection("crm", credentials={"consumerKey": {"fromInfisical": secret}}))

    problem = stack.problem()

    assert problem.summary == f"`spec.credentials.consumerKey.fromInfisical` {said}"
    assert problem.hint


@pytest.mark.parametrize(
    ("reference", "said"), [({"fromCommand": "pass crm"}, "is not supported: a manifest never runs a command.")]
)
def test_a_source_that_is_not_there_is_refused_with_a_sentence(stack: Stack, reference: object, said: str) -> None:
    stack.write("crm.yaml", connection("crm", credentials={"consumerKey": reference}))

    problem = stack.problem()

    assert problem.summary.endswith(said)
    assert "fromEnv" in problem.hint


@pytest.mark.parametrize(("value", "wanted"), [(True, True), (False, False), (UUID, UUID.lower())])
def test_adopt_is_an_id_or_yes_or_no(stack: Stack, value: object, wanted: object) -> None:
    stack.write("crm.yaml", connection("crm", lifecycle={"adopt": value}))

    assert stack.only().lifecycle.adopt == wanted


def test_the_order_of_ignored_changes_is_no_change(stack: Stack) -> None:
    stack.write("a.yaml", connection("a", lifecycle={"ignoreChanges": ["name", "credentials"]}))
    stack.write("b.yaml", connection("b", lifecycle={"ignoreChanges": ["credentials", "name"]}))

    found = stack.connections()

    assert found["a"].lifecycle == found["b"].lifecycle


def test_an_empty_lifecycle_is_the_default(stack: Stack) -> None:
    stack.write("a.yaml", connection("a", lifecycle={}))

    assert stack.only().lifecycle == Lifecycle()


def test_an_address_that_is_renamed_from_itself_is_refused(stack: Stack) -> None:
    stack.write("a.yaml", connection("a", lifecycle={"renamedFrom": "a"}))

    problem = stack.problem()

    assert problem.summary == "`lifecycle.renamedFrom` is the address that the connection has now."
    assert problem.location == Location("a.yaml", 13, 16)


class TestTwins:
    def test_an_address_declared_twice_names_both_places(self, stack: Stack) -> None:
        stack.write("a.yaml", connection("crm"))
        stack.write("b.yaml", connection("other", name="x"), connection("crm", name="y"))

        problem = stack.problem()

        assert problem.summary == "The address `crm` is taken."
        assert problem.location == Location("b.yaml", 17, 9)
        assert problem.detail == "It is declared at a.yaml:4:9 too."
        assert problem.hint == "give one of them another metadata.name"

    def test_three_of_one_address_are_two_problems(self, stack: Stack) -> None:
        stack.write("a.yaml", connection("crm"), connection("crm"), connection("crm"))

        assert [one.summary for one in stack.load().diagnostics] == ["The address `crm` is taken."] * 2

    @pytest.mark.parametrize("place", [{}, {"project": "sales"}, {"projectId": UUID}])
    def test_a_name_can_be_had_once_in_a_place(self, stack: Stack, place: dict[str, Any]) -> None:
        stack.write("a.yaml", connection("a", name="crm", **place))
        stack.write("b.yaml", connection("crm", **place))

        problem = stack.problem()

        assert problem.summary == "`crm` and `a` both have the name `crm` in Infisical."
        assert problem.location == Location("b.yaml", 4, 9)
        assert problem.detail.startswith("The other one is at a.yaml:6:9.")

    def test_an_id_in_capitals_is_the_same_project(self, stack: Stack) -> None:
        stack.write("a.yaml", connection("a", name="crm", projectId=UUID.upper()))
        stack.write("b.yaml", connection("b", name="crm", projectId=UUID.lower()))

        assert stack.problem().summary == "`b` and `a` both have the name `crm` in Infisical."

    def test_one_name_in_several_places_is_fine(self, stack: Stack) -> None:
        stack.write("a.yaml", connection("a", name="crm"))
        stack.write("b.yaml", connection("b", name="crm", project="sales"))
        stack.write("c.yaml", connection("c", name="crm", project="service"))

        assert set(stack.connections()) == {"a", "b", "c"}


class TestInstanceUrl:
    @pytest.mark.parametrize("written", [HOST, f"https://{HOST}/", f" {HOST.upper()} "])
    def test_a_my_domain_is_sent_as_a_bare_host(self, stack: Stack, written: str) -> None:
        stack.write("crm.yaml", connection("crm", credentials={"instanceUrl": written}))

        assert stack.only().instance_url == HOST

    def warned(self, stack: Stack, written: str) -> Diagnostic:
        stack.write("crm.yaml", connection("crm", credentials={"instanceUrl": written}))
        loaded = stack.load()
        assert [one.instance_url for one in loaded.connections] == [HOST]
        assert not has_errors(loaded.diagnostics)
        (problem,) = loaded.diagnostics
        return problem

    def test_a_host_that_is_mapped_is_a_warning_at_its_place(self, stack: Stack) -> None:
        problem = self.warned(stack, "acme.lightning.force.com")

        assert problem.summary == (
            "`spec.credentials.instanceUrl`: `acme.lightning.force.com` is the Lightning page's host; "
            f"reconciler uses `{HOST}`."
        )
        assert (problem.location, problem.address) == (Location("crm.yaml", 7, 18), "crm")

    def test_plain_http_is_a_warning_and_never_used(self, stack: Stack) -> None:
        assert "plain http (reconciler uses https)" in self.warned(stack, f"http://{HOST}").summary

    @pytest.mark.parametrize(
        "written", ["login.salesforce.com", "evil.example", "u:p4ss@acme.my.salesforce.com", " ", "x" * 5000]
    )
    def test_any_other_host_is_an_error(self, stack: Stack, written: str) -> None:
        stack.write("crm.yaml", connection("crm", credentials={"instanceUrl": written}))

        problem = stack.problem()

        assert problem.severity is Severity.ERROR
        assert problem.location == Location("crm.yaml", 7, 18)
        assert "p4ss" not in repr(problem)
        assert len(problem.summary) < 500

    def test_an_allowed_host_is_taken(self, stack: Stack) -> None:
        stack.write("crm.yaml", connection("crm", credentials={"instanceUrl": "sim.example"}))

        assert has_errors(stack.load().diagnostics)
        assert not stack.load(allowed_hosts=("sim.example",)).diagnostics


@pytest.mark.parametrize("reference", [{"fromEnv": "CRM_KEY"}, {"fromFile": "secrets/crm"}])
def test_key_and_secret_of_the_same_place_are_an_error_that_shows_no_name(stack: Stack, reference: dict[str, str]) -> None:
    stack.write("crm.yaml", connection("crm", credentials={"consumerKey": reference, "consumerSecret": reference}))
    problem = stack.problem()
    assert problem.summary == "`spec.credentials` takes the key and the secret from the same place, so one of the two is wrong."
    assert problem.hint == f"both have the same `{next(iter(reference))}`: correct the one that is wrong"
