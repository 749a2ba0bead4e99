"""The fast validator and `jsonschema` accept and refuse the same: what the one accepts, the other is never asked about."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import schemas
from reconciler.documents import Document, Schema
from tests.documents.parsing import parse

RIGHT = {
    "salesforce-connection": """
        apiVersion: reconciler/v1
        kind: SalesforceConnection
        metadata: { name: crm-production, labels: { team: crm, tier: critical } }
        spec:
          name: crm
          description: Production
          projectId: 0c9e0000-0000-4000-8000-0000000000ab
          method: client-credentials
          credentials:
            instanceUrl: acme.my.salesforce.com
            consumerKey: { fromEnv: CRM_KEY }
            consumerSecret: { fromFile: secrets/crm }
            version: "2026-11"
        lifecycle:
          preventDestroy: true
          onRemoval: retain
          onCredentialDrift: hold
          ignoreChanges: [description, name]
          adopt: 0c9e0000-0000-4000-8000-0000000000ab
          renamedFrom: crm-prod
        """,
    "configuration": """
        apiVersion: reconciler/v1
        kind: Configuration
        metadata: { name: crm }
        infisical: { url: "https://app.infisical.com", auth: { method: universal-auth } }
        embedded: { database: a.db, projects: [crm], salesforceOrgs: orgs.yaml }
        manifests: ["connections/**/*.yaml"]
        state: { backend: local, path: .reconciler/state.json }
        secretSources: { env: { allow: ["CRM_*"] }, file: { roots: [secrets] } }
        guards: { maxDeletePercent: 30, maxUpdatePercent: 30 }
        salesforce: { allowedHosts: [], preflight: block }
        """,
    "simulated-salesforce-orgs": """
        apiVersion: reconciler/v1
        kind: SimulatedSalesforceOrgs
        orgs:
          - host: acme.my.salesforce.com
            delayMs: 50
            fault: E1
            apps: [{ consumerKey: k, consumerSecret: s, runAs: a@b.c, scopes: [api], fault: E2 }]
        """,
}
SCHEMAS = {name: Schema(schemas.load(name)) for name in RIGHT}
LIKELY = ["", "\n", "crm", "crm\n", "CRM_KEY\n", "é", "-", "a--b", "a" * 64, "a" * 65, "🔑" * 64, "٣", "\x00", "true", "retain"]
TEXTS = st.text(max_size=80) | st.sampled_from([*LIKELY, "3MVG9abc", "f" * 32])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 200)
    | st.sampled_from([0, 1, 1.0, 30.0, -0.0, 10**30, 2**63, 2**64, -(2**64), 1e308, float("inf"), float("nan")])
    | st.floats()
    | TEXTS
)
KEYS = TEXTS | st.sampled_from(
    ["name", "fromEnv", "fromFile", "fromInfisical", "fromCommand", "project", "projectId", "labels"]
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


def _changed(value: Any, data: st.DataObject) -> Any:
    """Return `value` with one thing in it, however deep, written otherwise, taken away or added."""
    if isinstance(value, dict | list) and value and data.draw(st.integers(0, 4)):
        at = data.draw(st.sampled_from(list(value) if isinstance(value, dict) else list(range(len(value)))))
        match data.draw(st.sampled_from(["change", "change", "change", "remove", "add"])):
            case "remove":
                del value[at]
            case "add" if isinstance(value, dict):
                value[data.draw(KEYS)] = data.draw(VALUES)
            case "add" if isinstance(value, list):
                value.append(data.draw(VALUES))
            case _:
                value[at] = _changed(value[at], data)
        return value
    return data.draw(VALUES)


@pytest.mark.parametrize("name", RIGHT)
def test_what_the_documents_of_this_test_say_is_right(name: str) -> None:
    document = _document(name)

    assert SCHEMAS[name].accepts(document.value)
    assert SCHEMAS[name].check(document) == []


@pytest.mark.parametrize("name", RIGHT)
@settings(max_examples=400)
@given(data=st.data())
def test_both_validators_say_the_same(name: str, data: st.DataObject) -> None:
    value = copy.deepcopy(_document(name).value)
    for _ in range(data.draw(st.integers(0, 3))):
        value = _changed(value, data)

    assert SCHEMAS[name].accepts(value) == (not list(SCHEMAS[name].violations(value)))


def _document(name: str) -> Document:
    ((document,), _) = parse("f.yaml", RIGHT[name].encode())
    return document
