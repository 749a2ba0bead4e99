"""Turns a valid document into a desired connection."""

from collections.abc import Mapping
from typing import Any, Literal

from reconciler.documents import Document
from reconciler.model import (
    Connection,
    CredentialDrift,
    Lifecycle,
    OnRemoval,
    ProjectRef,
    Reference,
    References,
    hosts,
)
from reconciler.model.credentials import KEY_FIELD, SECRET_FIELD


def build_connection(document: Document, file: str, allowed_hosts: tuple[str, ...]) -> Connection:
    """Return the connection that a document describes. The schema must have accepted the document.

    `file` is the document's path, relative to the stack. `allowed_hosts` are hosts that need not look like a My Domain.
    """
    value = document.value
    metadata, spec = value["metadata"], value["spec"]
    credentials = spec["credentials"]
    address: str = metadata["name"]
    host = hosts.judge_host(credentials["instanceUrl"], allowed_hosts)
    project, project_key = _project(spec)
    return Connection(
        address=address,
        name=spec.get("name", address),
        description=(spec.get("description") or "").strip(),
        project=project,
        instance_url=host.host or "",
        references=References(_reference(document, credentials, KEY_FIELD), _reference(document, credentials, SECRET_FIELD)),
        version=credentials.get("version"),
        labels=metadata.get("labels", {}),
        lifecycle=_lifecycle(value.get("lifecycle", {})),
        file=file,
        location=document.location(["metadata", "name"]),
        name_location=document.location(["spec", "name"] if "name" in spec else ["metadata", "name"]),
        project_location=document.location(["spec", project_key]),
        host_location=document.location(["spec", "credentials", "instanceUrl"]),
    )


def _project(spec: Mapping[str, Any]) -> tuple[ProjectRef | None, str]:
    if "project" in spec:
        return ProjectRef("slug", spec["project"]), "project"
    if "projectId" in spec:
        return ProjectRef("id", spec["projectId"].lower()), "projectId"
    return None, "project"


def _reference(document: Document, credentials: Mapping[str, Any], field: str) -> Reference:
    ((kind, target),) = credentials[field].items()
    place = document.location(["spec", "credentials", field, kind])
    return Reference(_KINDS[kind], _secret_place(target) if kind == "fromInfisical" else target, place)


def _secret_place(value: Mapping[str, str]) -> str:
    project = value["projectId"].lower() if "projectId" in value else value["project"]
    folders = filter(None, value.get("path", "/").split("/"))
    return "/".join([project, value["environment"], *folders, value["key"]])


def _lifecycle(value: Mapping[str, Any]) -> Lifecycle:
    if not value:
        return _DEFAULT
    adopt = value.get("adopt", False)
    return Lifecycle(
        prevent_destroy=value.get("preventDestroy", False),
        on_removal=OnRemoval(value.get("onRemoval", OnRemoval.DESTROY)),
        on_credential_drift=CredentialDrift(value.get("onCredentialDrift", CredentialDrift.HOLD)),
        ignore_changes=tuple(sorted(value.get("ignoreChanges", ()))),
        adopt=adopt.lower() if isinstance(adopt, str) else adopt,
        renamed_from=value.get("renamedFrom"),
    )


_DEFAULT = Lifecycle()
_KINDS: Mapping[str, Literal["fromEnv", "fromFile", "fromInfisical"]] = {
    "fromEnv": "fromEnv",
    "fromFile": "fromFile",
    "fromInfisical": "fromInfisical",
}
