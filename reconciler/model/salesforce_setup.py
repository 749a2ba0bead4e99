"""The set-up of a connection in Salesforce, step by step, each with its path through Salesforce Setup.

The steps are those of Infisical's page on Salesforce connections; Salesforce's own pages name menus and boxes.
"""

from enum import StrEnum

_APP = "Setup > External Client App Manager > the app"


class SetupStep(StrEnum):
    """One step of the set-up, by the name the documentation has for it."""

    APP = "create the app"
    OAUTH = "enable OAuth"
    POLICIES = "set the policies"
    KEY = "copy the key"
    SECRET = "copy the secret"  # noqa: S105  # nosec B105  # a word
    REST = "allow access to secrets"
    MY_DOMAIN = "find My Domain"
    CONNECTION = "write the connection"

    @property
    def path(self) -> str:
        """Where a person does it: a path through Salesforce Setup, or the manifest for the connection itself."""
        return _PATHS[self]


_PATHS = {
    SetupStep.APP: "Setup > External Client App Manager > New External Client App",
    SetupStep.OAUTH: f"{_APP} > Settings > OAuth Settings > Edit",
    SetupStep.POLICIES: f"{_APP} > Policies > Edit > OAuth Policies",
    SetupStep.KEY: f"{_APP} > Settings > OAuth Settings > Consumer Key and Secret",
    SetupStep.SECRET: f"{_APP} > Settings > OAuth Settings > Consumer Key and Secret",
    SetupStep.REST: "Setup > External Client Apps > Settings",
    SetupStep.MY_DOMAIN: "Setup > My Domain > Current My Domain URL",
    SetupStep.CONNECTION: "`spec.credentials` in the manifest",
}
