"""What a wrong document is told: every problem, at its place, in words that say what to write instead."""

# ruff: noqa: E501  # a row of a table is one line

from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import schemas
from reconciler.documents import Schema
from reconciler.model import Diagnostic, Location
from tests.documents.parsing import parse

NAMES = ("salesforce-connection", "configuration", "simulated-salesforce-orgs")
SCHEMAS = {name: Schema(schemas.load(name)) for name in NAMES}
CONNECTION = """\
apiVersion: reconciler/v1
kind: SalesforceConnection
metadata:
  name: crm
spec:
  credentials:
    instanceUrl: acme.my.salesforce.com
    consumerKey: { fromEnv: CRM_KEY }
    consumerSecret: { fromEnv: CRM_SECRET }
"""
CONFIGURATION = "apiVersion: reconciler/v1\nkind: Configuration\n"


def problems(name: str, text: str) -> list[Diagnostic]:
    documents, broken = parse("f.yaml", dedent(text).encode())
    assert broken == []
    return [problem for document in documents for problem in SCHEMAS[name].check(document)]


def said(name: str, text: str) -> list[str]:
    """Return the problems as `line:column summary (hint)`."""
    return [
        f"{one.location.line}:{one.location.column} {one.summary}{f' ({one.hint})' if one.hint else ''}"
        for one in problems(name, text)
        if one.location
    ]


def connection(old: str, new: str) -> list[str]:
    assert CONNECTION.count(old) == 1
    return said("salesforce-connection", CONNECTION.replace(old, new))


def test_a_whole_connection_is_right() -> None:
    assert (
        said(
            "salesforce-connection",
            """\
            apiVersion: reconciler/v1
            kind: SalesforceConnection
            metadata:
              name: crm-production
              labels: { team: crm, on: "1" }
            spec:
              name: crm
              description: Production
              project: crm
              method: client-credentials
              credentials:
                instanceUrl: acme.my.salesforce.com
                consumerKey: { fromEnv: CRM_KEY }
                consumerSecret: { fromFile: secrets/crm }
                version: "2026-11"
            lifecycle:
              preventDestroy: true
              onRemoval: retain
              onCredentialDrift: accept
              ignoreChanges: [name, credentials]
              adopt: 0c9e0000-0000-4000-8000-000000000001
              renamedFrom: crm-prod
            """,
        )
        == []
    )


SLUG = "use lower-case letters, digits and single hyphens between them, 1 to 64 characters, such as crm-production"
SOURCE = (
    "write where the value comes from, { fromEnv: NAME } or { fromFile: path }; "
    "if a value was written here, Git has it now: replace it in Salesforce"
)
REFERENCE = "write { fromEnv: NAME } or { fromFile: path }"
PATH = "write the file's path relative to the directory of reconciler.yaml, never the value itself"
VARIABLE = "write the variable's name (letters, digits and underscores), never the value itself"
UUID = "write the connection's id (a UUID), or true for the connection with this name"
WRONG_CONNECTIONS = [
    ("apiVersion: reconciler/v1\n", "", ["1:1 The document lacks `apiVersion`. (begin with `apiVersion: reconciler/v1` and `kind: SalesforceConnection`, then `metadata` and `spec`; if this document is not a manifest, remove it, move the file, or narrow `manifests`)"]),
    ("reconciler/v1", "reconciler/v2", ["1:13 `apiVersion` must be `reconciler/v1`, not `reconciler/v2`. (did you mean `reconciler/v1`?)"]),
    ("reconciler/v1", "1", ["1:13 `apiVersion` must be `reconciler/v1`, not a number. (write `apiVersion: reconciler/v1`)"]),
    ("kind: SalesforceConnection", "kind: SalesforceConection", ["2:7 `kind` must be `SalesforceConnection`, not `SalesforceConection`. (did you mean `SalesforceConnection`?)"]),
    ("kind: ", "kinds: ", ["2:1 `kinds` is not a key of the document. (did you mean `kind`?)"]),
    ("metadata:\n  name: crm", "metadata: crm", ["3:11 `metadata` must be a map of keys, not text."]),
    ("metadata:\n  name: crm", "metadata:", ["3:10 `metadata` must be a map of keys, not empty. (write a value, or remove the key)"]),
    ("name: crm", "name: CRM_Prod", [f"4:9 `metadata.name` cannot be `CRM_Prod`. ({SLUG})"]),
    ("name: crm", "name: |\n    crm", [f"4:9 `metadata.name` cannot be `crm\n`. ({SLUG})"]),
    ("name: crm", "name: ''", [f"4:9 `metadata.name` must not be empty. ({SLUG})"]),
    ("name: crm", f"name: {'a' * 65}", [f"4:9 `metadata.name` is longer than 64 characters. ({SLUG})"]),
    ("name: crm", f"name: {'A' * 101}", [f"4:9 `metadata.name` cannot have this value. ({SLUG})", f"4:9 `metadata.name` is longer than 64 characters. ({SLUG})"]),
    ("name: crm", "name: 42", ["4:9 `metadata.name` must be text, not a number. (put it in quotes: YAML reads it as a number)"]),
    ("name: crm", "name: crm\n  labels: { tier: 1, on: true }", ["5:19 `metadata.labels.tier` must be text, not a number. (put it in quotes: YAML reads it as a number)", "5:26 `metadata.labels.on` must be text, not true. (put it in quotes: YAML reads it as true)"]),
    ("name: crm", "name: crm\n  labels: [a]", ["5:11 `metadata.labels` must be a map of keys, not a list."]),
    ("spec:\n", "spec:\n  desciption: x\n", ["6:3 `desciption` is not a key of `spec`. (did you mean `description`?)"]),
    ("spec:\n", "spec:\n  zzz: x\n", ["6:3 `zzz` is not a key of `spec`. (known keys: name, description, project, projectId, method, credentials)"]),
    ("spec:\n", f"spec:\n  {'z' * 70}: x\n", [f"6:3 `{'z' * 60}…` is not a key of `spec`. (known keys: name, description, project, projectId, method, credentials)"]),
    ("spec:\n", "spec:\n  description: [x]\n", ["6:16 `spec.description` must be text or empty, not a list."]),
    ("spec:\n", "spec:\n  description: 1\n", ["6:16 `spec.description` must be text or empty, not a number. (put it in quotes: YAML reads it as a number)"]),
    ("spec:\n", "spec:\n  project: Crm Team\n", [f"6:12 `spec.project` cannot be `Crm Team`. ({SLUG})"]),
    ("spec:\n", "spec:\n  project: ../other\n", [f"6:12 `spec.project` cannot be `../other`. ({SLUG})"]),
    ("spec:\n", "spec:\n  projectId: crm\n", ["6:14 `spec.projectId` cannot be `crm`. (write the project's id (a UUID), or use `project` with its slug)"]),
    ("spec:\n", "spec:\n  project: crm\n  projectId: 0c9e0000-0000-4000-8000-000000000001\n", ["6:3 `spec` names its project twice. (keep `project` or `projectId`, not both)"]),
    ("spec:\n", "spec:\n  method: oauth\n", ["6:11 `spec.method` must be `client-credentials`, not `oauth`."]),
    ("spec:\n", "spec:\n  method: client_credentials\n", ["6:11 `spec.method` must be `client-credentials`, not `client_credentials`. (did you mean `client-credentials`?)"]),
    ("    instanceUrl: acme.my.salesforce.com\n    consumerKey: { fromEnv: CRM_KEY }\n", "", ["6:3 `spec.credentials` lacks `instanceUrl`, `consumerKey`. (add them: `instanceUrl`: The org's My Domain, e.g. acme.my.salesforce.com. `consumerKey`: Where the consumer key comes from.)"]),
    ("instanceUrl: acme.my.salesforce.com", "instanceUrl: ''", ["7:18 `spec.credentials.instanceUrl` must not be empty."]),
    ("instanceUrl: acme.my.salesforce.com", "instanceUrl:", ["7:17 `spec.credentials.instanceUrl` must be text, not empty. (write a value, or remove the key)"]),
    ("instanceUrl: acme", "version: 2026\n    instanceUrl: acme", ["7:14 `spec.credentials.version` must be text, not a number. (put it in quotes: YAML reads it as a number)"]),
    ("{ fromEnv: CRM_KEY }", "plain-text", [f"8:18 `spec.credentials.consumerKey` must be a map of keys, not text. ({SOURCE})"]),
    ("{ fromEnv: CRM_KEY }", "", [f"8:17 `spec.credentials.consumerKey` must be a map of keys, not empty. ({SOURCE})"]),
    ("{ fromEnv: CRM_KEY }", "{}", [f"8:18 `spec.credentials.consumerKey` is empty. ({REFERENCE})"]),
    ("{ fromEnv: CRM_KEY }", "{ fromEnv: A, fromFile: b }", ["8:18 `spec.credentials.consumerKey` names more than one source for its value. (keep one: fromEnv or fromFile)"]),
    ("{ fromEnv: CRM_KEY }", "{ fromEnvironment: CRM_KEY }", ["8:20 This key (not shown, because it may be a secret) is not a key of `spec.credentials.consumerKey`. (did you mean `fromEnv`?)"]),
    ("{ fromEnv: CRM_KEY }", "{ value: abc }", [f"8:20 This key (not shown, because it may be a secret) is not a key of `spec.credentials.consumerKey`. ({SOURCE})"]),
    ("{ fromEnv: CRM_KEY }", "{ fromEnv: $CRM_KEY }", [f"8:29 `spec.credentials.consumerKey.fromEnv` cannot have this value. ({VARIABLE})"]),
    ("{ fromEnv: CRM_KEY }", f"{{ fromEnv: {'AB12' * 16} }}", [f"8:29 `spec.credentials.consumerKey.fromEnv` cannot have this value. ({VARIABLE})"]),
    ("{ fromEnv: CRM_KEY }", "{ fromEnv: \"CRM_KEY\\n\" }", [f"8:29 `spec.credentials.consumerKey.fromEnv` cannot have this value. ({VARIABLE})"]),
    ("{ fromEnv: CRM_KEY }", "{ fromEnv: [A] }", [f"8:29 `spec.credentials.consumerKey.fromEnv` must be text, not a list. ({VARIABLE})"]),
    ("{ fromEnv: CRM_KEY }", "{ fromFile: '' }", [f"8:30 `spec.credentials.consumerKey.fromFile` must not be empty. ({PATH})"]),
    ("{ fromEnv: CRM_KEY }", "{ fromFile: 3MVG9abc }", [f"8:30 `spec.credentials.consumerKey.fromFile` cannot have this value. ({PATH})"]),
    ("{ fromEnv: CRM_KEY }", "{ fromFile: \"a\\0b\" }", [f"8:30 `spec.credentials.consumerKey.fromFile` cannot have this value. ({PATH})"]),
    ("{ fromEnv: CRM_KEY }", "{ fromInfisical: crm/prod/KEY }", ["8:35 `spec.credentials.consumerKey.fromInfisical` must be a map of keys, not text. (write { project: SLUG, environment: SLUG, path: /FOLDER, key: NAME }; path is optional)"]),
    ("{ fromEnv: CRM_KEY }", "{ fromCommand: pass crm }", ["8:33 `spec.credentials.consumerKey.fromCommand` is not supported: a manifest never runs a command. (set a variable before the run, and use fromEnv)"]),
    ("spec:\n", "lifecycle: { preventDestroy: 'yes' }\nspec:\n", ["5:30 `lifecycle.preventDestroy` must be true or false, not text."]),
    ("spec:\n", "lifecycle: { onRemoval: delete }\nspec:\n", ["5:25 `lifecycle.onRemoval` must be one of `destroy`, `retain`, not `delete`."]),
    ("spec:\n", "lifecycle: { onRemoval: retian }\nspec:\n", ["5:25 `lifecycle.onRemoval` must be one of `destroy`, `retain`, not `retian`. (did you mean `retain`?)"]),
    ("spec:\n", "lifecycle: { onCredentialDrift: 1 }\nspec:\n", ["5:33 `lifecycle.onCredentialDrift` must be one of `hold`, `reassert`, `accept`, not a number."]),
    ("spec:\n", "lifecycle: { ignoreChanges: [name, spec] }\nspec:\n", ["5:36 `lifecycle.ignoreChanges[1]` must be one of `description`, `name`, `credentials`, not `spec`."]),
    ("spec:\n", "lifecycle: { ignoreChanges: [name, name] }\nspec:\n", ["5:29 `lifecycle.ignoreChanges` has the same item twice."]),
    ("spec:\n", "lifecycle: { adopt: crm }\nspec:\n", [f"5:21 `lifecycle.adopt` cannot be `crm`. ({UUID})"]),
    ("spec:\n", "lifecycle: { adopt: 7 }\nspec:\n", [f"5:21 `lifecycle.adopt` must be true or false or text, not a number. ({UUID})"]),
    ("spec:\n", "lifecycle: { renamedFrom: Crm }\nspec:\n", [f"5:27 `lifecycle.renamedFrom` cannot be `Crm`. ({SLUG})"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), WRONG_CONNECTIONS, ids=[row[1][:60] for row in WRONG_CONNECTIONS])
def test_a_wrong_connection_is_told_what_where_and_what_to_write(old: str, new: str, expected: list[str]) -> None:
    assert connection(old, new) == expected


URL = "write `embedded`, or a URL such as https://app.infisical.com"
GLOB = "write a glob relative to this directory, such as connections/**/*.yaml, without `..`"
WRONG_CONFIGURATIONS = [
    ("infisical: { url: app.infisical.com }", [f"3:19 `infisical.url` cannot be `app.infisical.com`. ({URL})"]),
    ("infisical: { url: https://a.example/x }", [f"3:19 `infisical.url` cannot be `https://a.example/x`. ({URL})"]),
    ("infisical: { url: https://u@a.example }", [f"3:19 `infisical.url` cannot be `https://u@a.example`. ({URL})"]),
    ("infisical: { url: 'https://a.example?x' }", [f"3:19 `infisical.url` cannot be `https://a.example?x`. ({URL})"]),
    ("infisical: { url: 'https://a.example#x' }", [f"3:19 `infisical.url` cannot be `https://a.example#x`. ({URL})"]),
    ("infisical: { url: 'https://a.example\\x' }", [f"3:19 `infisical.url` cannot be `https://a.example\\x`. ({URL})"]),
    ("infisical: { url: ftp://a.example }", [f"3:19 `infisical.url` cannot be `ftp://a.example`. ({URL})"]),
    ("infisical: { auth: { method: aws } }", ["3:30 `infisical.auth.method` must be one of `universal-auth`, `token`, `oidc-auth`, `jwt-auth`, `kubernetes-auth`, `azure-auth`, `gcp-auth`, `aws-auth`, not `aws`."]),
    ("manifests: connections/*.yaml", ["3:12 `manifests` must be a list, not text."]),
    ("manifests: []", ["3:12 `manifests` must not be empty."]),
    ("manifests: [../x/*.yaml]", [f"3:13 `manifests[0]` cannot be `../x/*.yaml`. ({GLOB})"]),
    ("manifests: [a/../../x]", [f"3:13 `manifests[0]` cannot be `a/../../x`. ({GLOB})"]),
    ("manifests: [/etc/*.yaml]", [f"3:13 `manifests[0]` cannot be `/etc/*.yaml`. ({GLOB})"]),
    ('manifests: ["a\\n/../x"]', [f"3:13 `manifests[0]` cannot be `a\n/../x`. ({GLOB})"]),
    ("manifests: ['']", [f"3:13 `manifests[0]` must not be empty. ({GLOB})"]),
    ("state: { backend: s3 }", ["3:19 `state.backend` must be `local`, not `s3`."]),
    ('state: { path: "a\\0" }', ["3:16 `state.path` cannot be `a\0`. (write a path relative to this directory)"]),
    ("guards: { maxDeletePercent: 101 }", ["3:29 `guards.maxDeletePercent` must be at most 100."]),
    ("guards: { maxUpdatePercent: -1 }", ["3:29 `guards.maxUpdatePercent` must be at least 0."]),
    ("guards: { maxUpdatePercent: 1.5 }", ["3:29 `guards.maxUpdatePercent` must be a whole number, not a number with a point."]),
    ("secretSources: { env: { alow: [A] } }", ["3:25 `alow` is not a key of `secretSources.env`. (did you mean `allow`?)"]),
    ("secretSources: { env: { allow: CRM_* } }", ["3:32 `secretSources.env.allow` must be a list, not text."]),
    ("embedded: { projects: [CRM] }", ["3:24 `embedded.projects[0]` cannot be `CRM`."]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG_CONFIGURATIONS)
def test_a_wrong_configuration_is_told_what_where_and_what_to_write(text: str, expected: list[str]) -> None:
    assert said("configuration", CONFIGURATION + text + "\n") == expected


def test_all_problems_of_all_documents_are_said_at_once_in_the_order_they_stand() -> None:
    text = f"""\
{CONNECTION.replace("name: crm", "name: CRM").replace("kind:", "kin:")}---
[not, a, map]
---
{CONNECTION}---
{CONNECTION.replace("{ fromEnv: CRM_SECRET }", "typed-here")}"""

    found = problems("salesforce-connection", text)

    assert [(one.location and one.location.line, one.summary) for one in found] == [
        (2, "`kin` is not a key of the document."),
        (4, "`metadata.name` cannot be `CRM`."),
        (11, "The document must be a map of keys, not a list."),
        (31, "`spec.credentials.consumerSecret` must be a map of keys, not text."),
    ]


def test_a_problem_of_a_merged_value_is_said_where_the_value_is_written() -> None:
    text = (
        CONFIGURATION
        + "embedded: { projects: &p [CRM] }\nsecretSources: { env: { allow: *p } }\nguards: { <<: &g { maxDeletePercent: 200 } }\n"
    )

    assert [one.location for one in problems("configuration", text)] == [
        Location("f.yaml", 3, 27),
        Location("f.yaml", 5, 38),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_itself_valid(name: str) -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schemas.load(name))


def test_a_schema_that_is_not_there_is_an_error_of_the_installation() -> None:
    with pytest.raises(FileNotFoundError, match="not part of this installation"):
        schemas.load("zzz")


SECRET = "Zq9zQ7.s3cr3t"
KEYS = st.sampled_from(
    [
        "apiVersion",
        "kind",
        "metadata",
        "spec",
        "name",
        "credentials",
        "consumerKey",
        "consumerSecret",
        "instanceUrl",
        "fromEnv",
        "fromFile",
        "fromInfisical",
        "lifecycle",
        "adopt",
        "orgs",
        "apps",
        "infisical",
        "url",
        "manifests",
        "secretSources",
        "env",
        "allow",
        "labels",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("SalesforceConnection")
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=4)
)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet=st.characters(exclude_categories=["C"]), max_size=200) | VALUES.map(yaml.safe_dump))
def test_no_document_makes_a_check_raise(text: str) -> None:
    documents, _ = parse("f.yaml", text.encode())

    for document in documents:
        for schema in SCHEMAS.values():
            for problem in schema.check(document):
                assert problem.summary.endswith(".")
                assert problem.location is not None


WRONG_SHAPES = st.recursive(
    st.just(SECRET),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=2)
        | st.dictionaries(
            st.sampled_from(["fromEnv", "fromFile", "fromInfisical", "fromCommand", "fromEnvironment", "value", SECRET]),
            inner | SCALARS,
            min_size=1,
            max_size=3,
        ).filter(lambda value: not set(value) & {"fromFile"} or value["fromFile"] != SECRET)
    ),
    max_leaves=4,
).filter(lambda shape: SECRET in repr(shape))


@settings(deadline=None, max_examples=300)
@given(WRONG_SHAPES, st.sampled_from(["consumerKey", "consumerSecret"]), st.sampled_from([None, True, False]))
def test_no_problem_shows_a_secret_written_in_a_wrong_shape(shape: Any, field: str, flow: bool | None) -> None:
    value = yaml.safe_load(CONNECTION)
    value["spec"]["credentials"][field] = shape
    documents, broken = parse("f.yaml", yaml.safe_dump(value, default_flow_style=flow).encode())

    found = [problem for document in documents for problem in SCHEMAS["salesforce-connection"].check(document)]

    assert found
    assert SECRET not in repr(broken) + repr(found)


def test_an_org_s_secret_in_a_wrong_shape_is_not_shown_either() -> None:
    text = f"apiVersion: reconciler/v1\nkind: SimulatedSalesforceOrgs\norgs:\n- host: h\n  apps: [{{consumerKey: k, consumerSecret: [{SECRET}]}}]\n"

    found = problems("simulated-salesforce-orgs", text)

    assert [one.summary for one in found] == ["`orgs[0].apps[0].consumerSecret` must be text, not a list."]
