"""An External Client App as Salesforce metadata: which components it takes, and their fields, inverted ones included.

Types, folders and suffixes are those of Salesforce's own metadata registry, fields those of its Metadata API Developer Guide.
Nothing secret is ever written: the key pair is Salesforce's to make.
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
    """Policies exist only once Salesforce has made the app: they are deployed behind it."""

    APP = "1-app"
    POLICIES = "2-policies"


@dataclass(frozen=True, slots=True)
class Kind:
    """A metadata type: its name, the folder and suffix of its files, and when it is deployed."""

    name: str
    folder: str
    suffix: str
    phase: Phase

    def file(self, member: str) -> str:
        """Return the path of a component from the root of a project."""
        return f"{self.phase.value}/main/default/{self.folder}/{member}.{self.suffix}-meta.xml"


APPLICATION = Kind("ExternalClientApplication", "externalClientApps", "eca", Phase.APP)
OAUTH = Kind("ExtlClntAppOauthSettings", "extlClntAppOauthSettings", "ecaOauth", Phase.APP)
GLOBAL = Kind("ExtlClntAppGlobalOauthSettings", "extlClntAppGlobalOauthSets", "ecaGlblOauth", Phase.APP)
OAUTH_POLICIES = Kind("ExtlClntAppOauthConfigurablePolicies", "extlClntAppOauthPolicies", "ecaOauthPlcy", Phase.POLICIES)
POLICIES = Kind("ExtlClntAppConfigurablePolicies", "extlClntAppPolicies", "ecaPlcy", Phase.POLICIES)
ORG = Kind("ExternalClientAppSettings", "settings", "settings", Phase.POLICIES)
KINDS = (APPLICATION, OAUTH, GLOBAL, OAUTH_POLICIES, POLICIES, ORG)
_SUFFIXES = MappingProxyType(
    {APPLICATION: "", OAUTH: "_oauth", GLOBAL: "_glbloauth", OAUTH_POLICIES: "_oauthPlcy", POLICIES: "_plcy"}
)
"""What Salesforce's own Setup adds to the app's name; Infisical's rotation looks for `_plcy`."""

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
"""OAuth's names of scopes to the Metadata API's."""
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
"""What a field that is left out counts as; another flag is false, another text empty."""
LISTS = frozenset({"commaSeparatedOauthScopes", "commaSeparatedPermissionSet", "commaSeparatedProfile"})
"""Fields whose value is a list: the order does not count."""
ROTATES = ("shouldRotateConsumerKey", "shouldRotateConsumerSecret")
"""Switches that make a new key or secret at every deployment; a project must not hold them on."""


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a component that the manifest decides, and the step of the set-up that does the same by hand."""

    name: str
    value: str
    step: SetupStep


@dataclass(frozen=True, slots=True)
class Component:
    """A component as the manifest wants it; `member` is the name it has unless the org's is another. `app` is the API name."""

    kind: Kind
    member: str
    app: str
    fields: tuple[Field, ...]

    @property
    def file(self) -> str:
        """Its path from the root of a project."""
        return self.kind.file(self.member)


def components(app: ExternalClientApp) -> list[Component]:
    """Return what an app takes, in the order of deployment; without the org's own switch."""
    fields: dict[Kind, Iterator[Field]] = {
        APPLICATION: _application(app),
        OAUTH: _oauth(app),
        GLOBAL: _global(app),
        OAUTH_POLICIES: _oauth_policies(app),
        POLICIES: iter((_flag("isEnabled", SetupStep.OAUTH, on=True), _flag("isOauthPluginEnabled", SetupStep.OAUTH, on=True))),
    }
    return [
        Component(kind, app.api_name + _SUFFIXES[kind], app.api_name, tuple(_linked(kind, app, found)))
        for kind, found in fields.items()
    ]


def org_switch(apps: Sequence[ExternalClientApp]) -> Component:
    """Return the org's own switch of step S6, which is on when one of its apps wants it."""
    on = any(app.secrets_over_rest for app in apps)
    return Component(ORG, SETTINGS, "", (_flag("enableClientSecretInRestApiAccess", SetupStep.REST, on=on),))


def _linked(kind: Kind, app: ExternalClientApp, fields: Iterator[Field]) -> Iterator[Field]:
    if kind is not APPLICATION:
        yield Field(APP_FIELD, app.api_name, SetupStep.APP)
    yield from fields


def _application(app: ExternalClientApp) -> Iterator[Field]:
    yield Field("contactEmail", app.contact_email, SetupStep.APP)
    if app.description:
        yield Field("description", app.description, SetupStep.APP)
    yield Field("distributionState", "Local", SetupStep.APP)
    yield Field("label", app.label, SetupStep.APP)


def _oauth(app: ExternalClientApp) -> Iterator[Field]:
    yield Field("commaSeparatedOauthScopes", ", ".join(sorted(_SCOPES[scope] for scope in app.scopes)), SetupStep.OAUTH)


def _global(app: ExternalClientApp) -> Iterator[Field]:
    yield Field("callbackUrl", app.callback_url, SetupStep.OAUTH)
    yield _flag("isClientCredentialsFlowEnabled", SetupStep.OAUTH, on=app.client_credentials)
    # Salesforce asks the other way round: whether the secret may be left out.
    yield _flag("isConsumerSecretOptional", SetupStep.OAUTH, on=not app.secret_for_web_server)
    yield _flag("isPkceRequired", SetupStep.OAUTH, on=app.pkce)
    yield _flag("isSecretRequiredForRefreshToken", SetupStep.OAUTH, on=app.secret_for_refresh_token)
    yield _flag("isSecretRequiredForTokenExchange", SetupStep.OAUTH, on=app.secret_for_token_exchange)
    yield _flag("isTokenExchangeEnabled", SetupStep.OAUTH, on=app.token_exchange)
    for name in ROTATES:
        yield _flag(name, SetupStep.OAUTH, on=False)


def _oauth_policies(app: ExternalClientApp) -> Iterator[Field]:
    if app.run_as:
        yield Field("clientCredentialsFlowUser", app.run_as, SetupStep.POLICIES)
    if app.permission_sets:
        yield Field("commaSeparatedPermissionSet", ",".join(sorted(app.permission_sets)), SetupStep.POLICIES)
    if app.profiles:
        yield Field("commaSeparatedProfile", ",".join(sorted(app.profiles)), SetupStep.POLICIES)
    yield Field("ipRelaxationPolicyType", _RELAXATION[app.ip_relaxation], SetupStep.POLICIES)
    yield _flag("isClientCredentialsFlowEnabled", SetupStep.POLICIES, on=app.client_credentials)
    yield _flag("isTokenExchangeFlowEnabled", SetupStep.POLICIES, on=app.token_exchange)
    yield Field("permittedUsersPolicyType", _PERMITTED[app.permitted_users], SetupStep.POLICIES)


def _flag(name: str, step: SetupStep, *, on: bool) -> Field:
    return Field(name, str(on).lower(), step)
