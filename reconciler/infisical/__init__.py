"""Speaks Infisical's connections API over a client it is given.

`Reader` has no method that changes anything; a plan gets only that. `Writer` changes, one call a change.
Every refusal is an `InfisicalError` of its own kind; `explain` turns any of them into a diagnostic.
"""

from reconciler.infisical.errors import (
    AlreadyExists,
    CredentialsRefused,
    InfisicalError,
    InUse,
    ListBroken,
    LoginRefused,
    NoRoute,
    NotFound,
    PermissionDenied,
    ServerFailed,
    TokenRefused,
    Unexpected,
    Unprocessable,
    WrongApp,
    explain,
)
from reconciler.infisical.login import log_in
from reconciler.infisical.reader import Organisation, Project, Reader
from reconciler.infisical.writer import Credentials, Writer
from reconciler.wire import AnswerLost, NotAnAnswer, WireError

__all__ = [
    "AlreadyExists",
    "AnswerLost",
    "Credentials",
    "CredentialsRefused",
    "InUse",
    "InfisicalError",
    "ListBroken",
    "LoginRefused",
    "NoRoute",
    "NotAnAnswer",
    "NotFound",
    "Organisation",
    "PermissionDenied",
    "Project",
    "Reader",
    "ServerFailed",
    "TokenRefused",
    "Unexpected",
    "Unprocessable",
    "WireError",
    "Writer",
    "WrongApp",
    "explain",
    "log_in",
]
