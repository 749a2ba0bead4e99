"""One checked document to one desired connection, and the rules a schema cannot say."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from reconciler.documents import Document
from reconciler.model import (
    Connection,
    CredentialDrift,
    Diagnostic,
    Lifecycle,
    OnRemoval,
    ProjectRef,
    Reference,
    error,
    hosts,
    warning,
)

_DESCRIPTION_UNITS = 256
"""Infisical counts a description in UTF-16 units, as JavaScript does; JSON Schema counts characters."""


def build(document: Document, file: str, allowed_hosts: Sequence[str]) -> tuple[Connection, list[Diagnostic]]:
    """Return the connection of a document that its schema accepted, and what is wrong with it all the same.

    `file` is the document's path in the stack.
    """
    value = document.value
    metadata, spec = value["metadata"], value["spec"]
    credentials = spec["credentials"]
    address: str = metadata["name"]
    host = hosts.judge(credentials["instanceUrl"], allowed_hosts)
    project, project_key = _project(spec)
    built = Connection(
        address=address,
        name=spec.get("name", address),
        description=(spec.get("description") or "").strip(),
        project=project,
        instance_url=host.host or "",
        consumer_key=_reference(document, credentials, "consumerKey"),
        consumer_secret=_reference(document, credentials, "consumerSecret"),
        version=credentials.get("version"),
        labels=metadata.get("labels", {}),
        lifecycle=_lifecycle(value.get("lifecycle", {})),
        file=file,
        location=document.location(["metadata", "name"]),
        name_location=document.location(["spec", "name"] if "name" in spec else ["metadata", "name"]),
        project_location=document.location(["spec", project_key]),
    )
    problems = []
    if host.problem:
        place = document.location(["spec", "credentials", "instanceUrl"])
        say = warning if host.host else error
        problems.append(say(f"`instanceUrl`: {host.problem}.", location=place, hint=host.hint, address=address))
    if len(built.description.encode("utf-16-le")) // 2 > _DESCRIPTION_UNITS:
        problems.append(
            error(
                f"`description` is longer than {_DESCRIPTION_UNITS} UTF-16 units; an emoji counts two.",
                location=document.location(["spec", "description"]),
                hint="shorten it",
                address=address,
            )
        )
    if built.lifecycle.renamed_from == address:
        problems.append(
            error(
                "`renamedFrom` is the address itself.",
                location=document.location(["lifecycle", "renamedFrom"]),
                hint="write the address it had before, or remove the line",
                address=address,
            )
        )
    return built, problems


def _project(spec: Mapping[str, Any]) -> tuple[ProjectRef | None, str]:
    if "project" in spec:
        return ProjectRef("slug", spec["project"]), "project"
    if "projectId" in spec:
        return ProjectRef("id", spec["projectId"].lower()), "projectId"
    return None, "project"


def _reference(document: Document, credentials: Mapping[str, Any], field: str) -> Reference:
    ((kind, target),) = credentials[field].items()
    known: dict[str, Literal["fromEnv", "fromFile"]] = {"fromEnv": "fromEnv", "fromFile": "fromFile"}
    return Reference(known[kind], target, document.location(["spec", "credentials", field, kind]))


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
