"""An External Client App as Salesforce metadata: the components that it needs, and their fields.

Types, folders and suffixes come from Salesforce's own metadata registry, fields from its Metadata API Developer Guide. Metadata
never contains a secret: Salesforce itself makes the key pair.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from reconciler.model import ExternalClientApp, IpRelaxation, PermittedUsers, SetupStep

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
APP_FIELD = "externalClientApplication"
"""The field by which every other component names its app."""
SETTINGS = "ExternalClientApp"
"""The name of the one settings component of an org."""


class Phase(Enum):
    """When a component is deployed. Policies come second, because Salesforce first makes the app."""

    APP = "1-app"
    POLICIES = "2-policies"


@dataclass(frozen=True, slots=True)
class MetadataType:
    """A metadata type: its name, the folder and suffix of its files, and when it is deployed."""

    name: str
    folder: str
    suffix: str
    phase: Phase

    def file(self, member: str) -> str:
        """Return the path of a component from the root of a project."""
        return f"{self.phase.value}/main/default/{self.folder}/{member}.{self.suffix}-meta.xml"


APPLICATION = MetadataType("ExternalClientApplication", "externalClientApps", "eca", Phase.APP)
OAUTH = MetadataType("ExtlClntAppOauthSettings", "extlClntAppOauthSettings", "ecaOauth", Phase.APP)
GLOBAL = MetadataType("ExtlClntAppGlobalOauthSettings", "extlClntAppGlobalOauthSets", "ecaGlblOauth", Phase.APP)
OAUTH_POLICIES = MetadataType(
    "ExtlClntAppOauthConfigurablePolicies", "extlClntAppOauthPolicies", "ecaOauthPlcy", Phase.POLICIES
)
POLICIES = MetadataType("ExtlClntAppConfigurablePolicies", "extlClntAppPolicies", "ecaPlcy", Phase.POLICIES)
ORG = MetadataType("ExternalClientAppSettings", "settings", "settings", Phase.POLICIES)
KINDS = (APPLICATION, OAUTH, GLOBAL, OAUTH_POLICIES, POLICIES, ORG)
_SUFFIXES = MappingProxyType(
    {APPLICATION: "", OAUTH: "_oauth", GLOBAL: "_glbloauth", OAUTH_POLICIES: "_oauthPlcy", POLICIES: "_plcy"}
)
"""What Salesforce's own Setup adds to the app's name. Infisical's rotation looks for `_plcy`."""

_SCOPES = MappingProxyType(
    {
        "address": "Address",
        "api": "Api",
        "chatbot_api": "Chatbot",
        "chatter_api": "Chatter",
        "content": "Content",
        "custom_permissions": "CustomPermissions",
        "eclair_api": "Eclair",
        "email": "Email",
        "full": "Full",
        "id": "Basic",
        "lightning": "Lightning",
        "offline_access": "OfflineAccess",
        "openid": "OpenID",
        "pardot_api": "Pardot",
        "phone": "Phone",
        "profile": "Profile",
        "refresh_token": "RefreshToken",  # nosec B105  # no password
        "sfap_api": "SFApiPlatform",
        "wave_api": "Wave",
        "web": "Web",
    }
)
"""From OAuth's names of scopes to those of the Metadata API."""
_PERMITTED = MappingProxyType(
    {PermittedUsers.ALL: "AllSelfAuthorized", PermittedUsers.ADMIN_APPROVED: "AdminApprovedPreAuthorized"}
)
_RELAXATION = MappingProxyType(
    {
        IpRelaxation.ENFORCE: "Enforce",
        IpRelaxation.ENFORCE_RELAX_REFRESH: "Enforce_RelaxRefresh",
        IpRelaxation.BYPASS: "Bypass",
        IpRelaxation.BYPASS_SECOND_FACTOR: "Bypass_2factor",
    }
)
DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "distributionState": "Local",
        "isEnabled": "true",
        "isOauthPluginEnabled": "true",
        "isPkceRequired": "true",
        "isSecretRequiredForRefreshToken": "true",
        "ipRelaxationPolicyType": "Enforce",
        "permittedUsersPolicyType": "AllSelfAuthorized",
    }
)
"""The values of fields that a file leaves out. Any other flag is false, any other text is empty."""
LISTS = frozenset({"commaSeparatedOauthScopes", "commaSeparatedPermissionSet", "commaSeparatedProfile"})
"""Fields whose value is a list. Its order does not count."""
ROTATES = ("shouldRotateConsumerKey", "shouldRotateConsumerSecret")
"""Switches that make a new key or secret at every deployment. A project must not turn them on."""


@dataclass(frozen=True, slots=True)
class MetadataField:
    """One element of a component that the manifest decides, and the step of the set-up that does the same by hand."""

    name: str
    value: str
    step: SetupStep


@dataclass(frozen=True, slots=True)
class Component:
    """A component as the manifest wants it. `member` is its usual name, which an org can change. `app` is an API name."""

    kind: MetadataType
    member: str
    app: str
    fields: tuple[MetadataField, ...]

    @property
    def file(self) -> str:
        """Its path from the root of a project."""
        return self.kind.file(self.member)


def components(app: ExternalClientApp) -> list[Component]:
    """Return the components of an app, in the order of deployment. The org's own switch is not among them."""
    fields: dict[MetadataType, Iterator[MetadataField]] = {
        APPLICATION: _application(app),
        OAUTH: _oauth(app),
        GLOBAL: _global(app),
        OAUTH_POLICIES: _oauth_policies(app),
        POLICIES: iter((_flag("isEnabled", SetupStep.OAUTH, on=True), _flag("isOauthPluginEnabled", SetupStep.OAUTH, on=True))),
    }
    return [
        Component(kind, app.api_name + _SUFFIXES[kind], app.api_name, tuple(_linked(kind, app, own_fields)))
        for kind, own_fields in fields.items()
    ]


def org_switch(apps: Sequence[ExternalClientApp]) -> Component:
    """Return the org's own switch of step S6. It is on if one of the apps wants it."""
    on = any(app.secrets_over_rest for app in apps)
    return Component(ORG, SETTINGS, "", (_flag("enableClientSecretInRestApiAccess", SetupStep.REST, on=on),))


def _linked(kind: MetadataType, app: ExternalClientApp, fields: Iterator[MetadataField]) -> Iterator[MetadataField]:
    if kind is not APPLICATION:
        yield MetadataField(APP_FIELD, app.api_name, SetupStep.APP)
    yield from fields


def _application(app: ExternalClientApp) -> Iterator[MetadataField]:
    yield MetadataField("contactEmail", app.contact_email, SetupStep.APP)
    if app.description:
        yield MetadataField("description", app.description, SetupStep.APP)
    yield MetadataField("distributionState", "Local", SetupStep.APP)
    yield MetadataField("label", app.label, SetupStep.APP)


def _oauth(app: ExternalClientApp) -> Iterator[MetadataField]:
    yield MetadataField("commaSeparatedOauthScopes", ", ".join(sorted(_SCOPES[scope] for scope in app.scopes)), SetupStep.OAUTH)


def _global(app: ExternalClientApp) -> Iterator[MetadataField]:
    yield MetadataField("callbackUrl", app.callback_url, SetupStep.OAUTH)
    yield _flag("isClientCredentialsFlowEnabled", SetupStep.OAUTH, on=app.client_credentials)
    # Salesforce's field means the opposite: whether a client may leave out the secret.
    yield _flag("isConsumerSecretOptional", SetupStep.OAUTH, on=not app.secret_for_web_server)
    yield _flag("isPkceRequired", SetupStep.OAUTH, on=app.pkce)
    yield _flag("isSecretRequiredForRefreshToken", SetupStep.OAUTH, on=app.secret_for_refresh_token)
    yield _flag("isSecretRequiredForTokenExchange", SetupStep.OAUTH, on=app.secret_for_token_exchange)
    yield _flag("isTokenExchangeEnabled", SetupStep.OAUTH, on=app.token_exchange)
    for name in ROTATES:
        yield _flag(name, SetupStep.OAUTH, on=False)


def _oauth_policies(app: ExternalClientApp) -> Iterator[MetadataField]:
    if app.run_as:
        yield MetadataField("clientCredentialsFlowUser", app.run_as, SetupStep.POLICIES)
    if app.permission_sets:
        yield MetadataField("commaSeparatedPermissionSet", ",".join(sorted(app.permission_sets)), SetupStep.POLICIES)
    if app.profiles:
        yield MetadataField("commaSeparatedProfile", ",".join(sorted(app.profiles)), SetupStep.POLICIES)
    yield MetadataField("ipRelaxationPolicyType", _RELAXATION[app.ip_relaxation], SetupStep.POLICIES)
    yield _flag("isClientCredentialsFlowEnabled", SetupStep.POLICIES, on=app.client_credentials)
    yield _flag("isTokenExchangeFlowEnabled", SetupStep.POLICIES, on=app.token_exchange)
    yield MetadataField("permittedUsersPolicyType", _PERMITTED[app.permitted_users], SetupStep.POLICIES)


def _flag(name: str, step: SetupStep, *, on: bool) -> MetadataField:
    return MetadataField(name, str(on).lower(), step)
