"""Infisical's own Python SDK cannot tell: it logs in to the served API and keeps secrets there."""

from pathlib import Path

import infisical_sdk
import pytest

from reconciler.embedded import create_identity
from reconciler.embedded.infisical import Membership, Permissions
from tests.serving import serve
from tests.stacks import write_orgs


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_official_sdk_logs_in_and_creates_reads_lists_changes_and_deletes_secrets(tmp_path: Path) -> None:
    write_orgs(tmp_path / "orgs.yaml")
    with serve(tmp_path, tmp_path / "orgs.yaml") as server:
        client = infisical_sdk.InfisicalSDKClient(host=server.url, cache_ttl=None)
        client.auth.universal_auth.login(server.client_id, server.client_secret)
        with server.client() as plain:
            project = plain.get("/projects/slug/crm").json()["id"]
        place = {"project_id": project, "environment_slug": "prod", "secret_path": "/salesforce"}

        made = client.secrets.create_secret_by_name("CRM_KEY", secret_value="one", secret_comment="why", **place)
        assert (made.secretKey, made.secretValue, made.version) == ("CRM_KEY", "one", 1)
        assert client.secrets.get_secret_by_name("CRM_KEY", **place).secretValue == "one"
        changed = client.secrets.update_secret_by_name("CRM_KEY", secret_value="two", **place)
        assert (changed.secretValue, changed.version) == ("two", 2)
        listed = client.secrets.list_secrets(**place)
        assert [(one.secretKey, one.secretValue) for one in listed.secrets] == [("CRM_KEY", "two")]

        describing = Permissions(projects={"crm": Membership(secrets=frozenset({"describe"}))})
        other = create_identity(server.database, "describing", describing)
        looking = infisical_sdk.InfisicalSDKClient(host=server.url, cache_ttl=None)
        looking.auth.universal_auth.login(other.client_id, other.client_secret)
        hidden = looking.secrets.get_secret_by_name("CRM_KEY", **place)
        assert (hidden.secretValueHidden, hidden.secretValue == "two") == (True, False)

        assert client.secrets.delete_secret_by_name("CRM_KEY", **place).secretValue == "two"
        assert client.secrets.list_secrets(**place).secrets == []
