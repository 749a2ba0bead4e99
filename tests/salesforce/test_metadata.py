"""An app as metadata: the exact mapping, retrieved policies edited, a retrieved project compared."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from reconciler.model import ExternalClientApp, IpRelaxation, Location, MetadataDifference, PermittedUsers
from reconciler.salesforce import Retrieved, Unreadable, compare_apps, holds_a_key, project_files, read_component

PLACE = Location("app.yaml", 1, 1)
APP = ExternalClientApp(
    address="infisical-crm",
    label="Infisical CRM",
    api_name="Infisical_CRM",
    contact_email="crm@acme.example",
    description="",
    callback_url="https://localhost",
    scopes=("api",),
    client_credentials=True,
    token_exchange=True,
    secret_for_web_server=True,
    secret_for_refresh_token=True,
    secret_for_token_exchange=True,
    pkce=True,
    run_as="infisical@acme.example.crm",
    permitted_users=PermittedUsers.ALL,
    permission_sets=(),
    profiles=(),
    ip_relaxation=IpRelaxation.ENFORCE,
    secrets_over_rest=True,
    rotation_target=False,
    connections=(),
    api_version="65.0",
    labels={},
    location=PLACE,
    api_name_location=PLACE,
)
BASE = {
    "eca": "1-app/main/default/externalClientApps/Infisical_CRM.eca-meta.xml",
    "oauth": "1-app/main/default/extlClntAppOauthSettings/Infisical_CRM_oauth.ecaOauth-meta.xml",
    "global": "1-app/main/default/extlClntAppGlobalOauthSets/Infisical_CRM_glbloauth.ecaGlblOauth-meta.xml",
    "oauthPlcy": "2-policies/main/default/extlClntAppOauthPolicies/Infisical_CRM_oauthPlcy.ecaOauthPlcy-meta.xml",
    "plcy": "2-policies/main/default/extlClntAppPolicies/Infisical_CRM_plcy.ecaPlcy-meta.xml",
    "org": "2-policies/main/default/settings/ExternalClientApp.settings-meta.xml",
}
XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def fields(text: str) -> dict[str, str]:
    """The elements of a file by name."""
    root = ElementTree.fromstring(text)
    return {child.tag.rpartition("}")[2]: child.text or "" for child in root}


def components(files: dict[str, str]) -> list[Retrieved]:
    found = [read_component(name, text.encode()) for name, text in files.items()]
    return [one for one in found if one]


def test_the_files_are_these_and_the_same_each_time() -> None:
    files = project_files([APP])
    assert sorted(files) == sorted([*BASE.values(), "sfdx-project.json"])
    assert files == project_files([APP])


def test_every_element_has_its_place_and_value() -> None:
    files = project_files([APP])
    app = {"externalClientApplication": "Infisical_CRM"}
    assert {kind: fields(files[name]) for kind, name in BASE.items()} == {
        "eca": {"contactEmail": "crm@acme.example", "distributionState": "Local", "label": "Infisical CRM"},
        "oauth": app | {"commaSeparatedOauthScopes": "Api", "label": "Infisical_CRM_oauth"},
        "global": app
        | {
            "callbackUrl": "https://localhost",
            "isClientCredentialsFlowEnabled": "true",
            "isConsumerSecretOptional": "false",
            "isPkceRequired": "true",
            "isSecretRequiredForRefreshToken": "true",
            "isSecretRequiredForTokenExchange": "true",
            "isTokenExchangeEnabled": "true",
            "label": "Infisical_CRM_glbloauth",
            "shouldRotateConsumerKey": "false",
            "shouldRotateConsumerSecret": "false",
        },
        "oauthPlcy": app
        | {
            "clientCredentialsFlowUser": "infisical@acme.example.crm",
            "ipRelaxationPolicyType": "Enforce",
            "isClientCredentialsFlowEnabled": "true",
            "isTokenExchangeFlowEnabled": "true",
            "label": "Infisical_CRM_oauthPlcy",
            "permittedUsersPolicyType": "AllSelfAuthorized",
        },
        "plcy": app | {"isEnabled": "true", "isOauthPluginEnabled": "true", "label": "Infisical_CRM_plcy"},
        "org": {"enableClientSecretInRestApiAccess": "true"},
    }


@pytest.mark.parametrize(
    ("change", "file", "element", "value"),
    [
        ({"secret_for_web_server": False}, "global", "isConsumerSecretOptional", "true"),
        ({"secret_for_refresh_token": False}, "global", "isSecretRequiredForRefreshToken", "false"),
        ({"secret_for_token_exchange": False}, "global", "isSecretRequiredForTokenExchange", "false"),
        ({"token_exchange": False}, "global", "isTokenExchangeEnabled", "false"),
        ({"token_exchange": False}, "oauthPlcy", "isTokenExchangeFlowEnabled", "false"),
        ({"client_credentials": False}, "global", "isClientCredentialsFlowEnabled", "false"),
        ({"client_credentials": False}, "oauthPlcy", "isClientCredentialsFlowEnabled", "false"),
        ({"pkce": False}, "global", "isPkceRequired", "false"),
        ({"scopes": ("web", "api", "id")}, "oauth", "commaSeparatedOauthScopes", "Api, Basic, Web"),
        ({"description": "A & B < C"}, "eca", "description", "A & B < C"),
        ({"permission_sets": ("B", "A")}, "oauthPlcy", "commaSeparatedPermissionSet", "A,B"),
        ({"profiles": ("P",)}, "oauthPlcy", "commaSeparatedProfile", "P"),
        (
            {"permitted_users": PermittedUsers.ADMIN_APPROVED},
            "oauthPlcy",
            "permittedUsersPolicyType",
            "AdminApprovedPreAuthorized",
        ),
        ({"ip_relaxation": IpRelaxation.BYPASS}, "oauthPlcy", "ipRelaxationPolicyType", "Bypass"),
        ({"ip_relaxation": IpRelaxation.BYPASS_SECOND_FACTOR}, "oauthPlcy", "ipRelaxationPolicyType", "Bypass_2factor"),
        ({"ip_relaxation": IpRelaxation.ENFORCE_RELAX_REFRESH}, "oauthPlcy", "ipRelaxationPolicyType", "Enforce_RelaxRefresh"),
        ({"secrets_over_rest": False}, "org", "enableClientSecretInRestApiAccess", "false"),
    ],
)
def test_a_key_is_written_and_its_difference_is_found(change: dict[str, Any], file: str, element: str, value: str) -> None:
    changed = replace(APP, **change)
    files = project_files([changed])
    assert fields(files[BASE[file]])[element] == value
    assert element in [one.field for one in compare_apps([changed], components(project_files([APP])))]
    assert element in [one.field for one in compare_apps([APP], components(files))]


def test_nothing_secret_is_written() -> None:
    text = "".join(project_files([APP]).values())
    assert not [name for name in ("consumerKey>", "consumerSecret>", "certificate>") if f"<{name}" in text]


def test_what_was_written_has_no_difference() -> None:
    assert compare_apps([APP], components(project_files([APP]))) == []


def test_the_org_s_switch_is_on_when_one_app_wants_it() -> None:
    other = replace(APP, address="b", api_name="B", secrets_over_rest=False)
    assert fields(project_files([APP, other])[BASE["org"]]) == {"enableClientSecretInRestApiAccess": "true"}


POLICY = f"""{HEAD}<ExtlClntAppOauthConfigurablePolicies {XMLNS}>
    <customThing>
        <inside>1</inside>
    </customThing>
    <externalClientApplication>Infisical_CRM</externalClientApplication>
    <isClientCredentialsFlowEnabled>false</isClientCredentialsFlowEnabled>
    <label>Made by Salesforce</label>
    <refreshTokenPolicyType>SpecificLifetime</refreshTokenPolicyType>
</ExtlClntAppOauthConfigurablePolicies>
"""


def test_a_retrieved_policy_keeps_its_name_and_what_the_manifest_does_not_decide() -> None:
    retrieved = read_component("retrieved/x/Infisical_CRM_defaultPolicy.ecaOauthPlcy-meta.xml", POLICY.encode())
    assert retrieved
    files = project_files([APP], [retrieved])
    assert BASE["oauthPlcy"] not in files
    text = files["2-policies/main/default/extlClntAppOauthPolicies/Infisical_CRM_defaultPolicy.ecaOauthPlcy-meta.xml"]
    assert "        <inside>1</inside>" in text
    edited = fields(text)
    assert (edited["label"], edited["refreshTokenPolicyType"]) == ("Made by Salesforce", "SpecificLifetime")
    assert (edited["isClientCredentialsFlowEnabled"], edited["clientCredentialsFlowUser"]) == ("true", APP.run_as)
    assert list(edited) == sorted(edited)


def test_a_retrieved_app_is_not_edited_policies_alone_are() -> None:
    theirs = f"{HEAD}<ExternalClientApplication {XMLNS}><label>Old</label></ExternalClientApplication>"
    retrieved = read_component("r/Infisical_CRM.eca-meta.xml", theirs.encode())
    assert retrieved
    assert project_files([APP], [retrieved]) == project_files([APP])


def test_left_out_elements_count_as_salesforce_counts_them() -> None:
    files = project_files([APP])
    short = {
        name: "\n".join(line for line in text.splitlines() if "PolicyType" not in line and "isPkce" not in line)
        for name, text in files.items()
    }
    assert compare_apps([APP], components(short)) == []
    missing = {
        name: "\n".join(line for line in text.splitlines() if "<isClientCredentialsFlowEnabled>" not in line)
        for name, text in files.items()
    }
    assert [one.field for one in compare_apps([APP], components(missing))] == ["isClientCredentialsFlowEnabled"] * 2


def test_a_difference_has_its_line_both_values_and_where_it_is_by_hand() -> None:
    files = project_files([replace(APP, run_as="other@acme.example")])
    (difference,) = compare_apps([APP], components(files))
    assert isinstance(difference, MetadataDifference)
    assert (difference.retrieved, difference.wanted) == ("other@acme.example", APP.run_as)
    assert str(difference.location) == f"{BASE['oauthPlcy']}:3:5"
    assert difference.step.path.endswith("Policies > Edit > OAuth Policies")


def test_a_component_that_is_not_there_and_what_the_manifest_does_not_have() -> None:
    files = project_files([replace(APP, profiles=("Admin",))])
    del files[BASE["plcy"]]
    found = [(one.kind, one.field, one.retrieved, one.wanted) for one in compare_apps([APP], components(files))]
    assert found == [
        ("ExtlClntAppOauthConfigurablePolicies", "commaSeparatedProfile", "Admin", ""),
        ("ExtlClntAppConfigurablePolicies", "", "", ""),
    ]


def test_switches_that_rotate_at_each_deployment_are_differences() -> None:
    files = project_files([APP])
    files[BASE["global"]] = files[BASE["global"]].replace(
        ">false</shouldRotateConsumerSecret", ">true</shouldRotateConsumerSecret"
    )
    assert [one.field for one in compare_apps([APP], components(files))] == ["shouldRotateConsumerSecret"]


def test_infisical_s_rotation_wants_the_policy_by_its_name() -> None:
    target = replace(APP, rotation_target=True)
    files = project_files([target])
    files["x/Infisical_CRM_defaultPolicy.ecaPlcy-meta.xml"] = files.pop(BASE["plcy"])
    (difference,) = compare_apps([target], components(files))
    assert (difference.field, difference.wanted) == ("fullName", "Infisical_CRM_plcy")
    assert compare_apps([APP], components(files)) == []


def test_a_file_in_metadata_format_is_read_too_and_others_are_not() -> None:
    content = project_files([APP])[BASE["eca"]].encode()
    assert read_component("unpackaged/externalClientApps/Infisical_CRM.eca", content)
    assert read_component("settings/Account.settings-meta.xml", content) is None
    assert read_component("classes/A.cls-meta.xml", b"not even XML") is None


def test_a_key_in_a_retrieved_file_is_seen_and_not_compared() -> None:
    files = project_files([APP])
    files[BASE["global"]] = files[BASE["global"]].replace("<label>", "<consumerKey>3MVG9</consumerKey><label>")
    assert [one.kind.name for one in components(files) if holds_a_key(one)] == ["ExtlClntAppGlobalOauthSettings"]
    assert compare_apps([APP], components(files)) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not XML"),
        (b"<a>", "not XML"),
        (b"\xff\xfe\x00", "not XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "not XML"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_component("a.eca-meta.xml", content)
