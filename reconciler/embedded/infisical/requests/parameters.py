"""Reads the parameters in the path and the query of a request."""

import re

from starlette.requests import Request

from reconciler.embedded.infisical.errors import ValidationFailureError
from reconciler.embedded.infisical.requests.checks import (
    bad_uuid_issue,
    secret_name_issue,
    too_short_issue,
    trim,
    wrong_type_issue,
)

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def connection_id_of(request: Request) -> str:
    """Return the connection's UUID in the path, in lower case. Raises ValidationFailureError."""
    given = str(request.path_params["connection_id"])
    if not _UUID.fullmatch(given):
        raise ValidationFailureError([bad_uuid_issue(("connectionId",))])
    return given.lower()


def connection_name_of(request: Request) -> str:
    """Return the connection's name in the path, trimmed. Raises ValidationFailureError if nothing is left."""
    name = trim(str(request.path_params["name"]))
    if not name:
        raise ValidationFailureError([too_short_issue(("connectionName",), 1)])
    return name


def secret_name_of(request: Request) -> str:
    """Return the secret's name in the path, trimmed. Raises ValidationFailureError."""
    name = trim(str(request.path_params["secret_name"]))
    issue = secret_name_issue(name, "secretName")
    if issue:
        raise ValidationFailureError([issue])
    return name


def project_id_of(request: Request) -> str | None:
    """Return the query's `projectId`, None if it is absent or empty. Raises ValidationFailureError if it is there twice."""
    values = request.query_params.getlist("projectId")
    if len(values) > 1:
        raise ValidationFailureError([wrong_type_issue(("projectId",), "string", values)])
    return (trim(values[0]) if values else "") or None
