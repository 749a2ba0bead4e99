"""Speaks Infisical's connections API over a client it is given.

`Reader` has no method that changes anything; a plan gets only that. `Writer` changes, one call a change.
Every refusal is an `InfisicalError` of its own kind; `explain_failure` turns any of them into a diagnostic.
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
    TokenUsedUp,
    Unexpected,
    Unprocessable,
    ValueHidden,
    WrongApp,
    explain_failure,
    failure_phrase,
)
from reconciler.infisical.login import Grant, obtain_token, renew_token
from reconciler.infisical.reader import Organisation, Reader
from reconciler.infisical.writer import Prober, Writer
from reconciler.wire import AnswerLost, NotAnAnswer, WireError

__all__ = [
    "AlreadyExists",
    "AnswerLost",
    "CredentialsRefused",
    "Grant",
    "InUse",
    "InfisicalError",
    "ListBroken",
    "LoginRefused",
    "NoRoute",
    "NotAnAnswer",
    "NotFound",
    "Organisation",
    "PermissionDenied",
    "Prober",
    "Reader",
    "ServerFailed",
    "TokenRefused",
    "TokenUsedUp",
    "Unexpected",
    "Unprocessable",
    "ValueHidden",
    "WireError",
    "Writer",
    "WrongApp",
    "explain_failure",
    "failure_phrase",
    "obtain_token",
    "renew_token",
]
