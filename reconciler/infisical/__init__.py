"""Speaks Infisical's API for connections, over a client that it is given.

`Reader` has no method that changes anything, and a plan gets nothing else. `Writer` changes one connection with each call.
Each kind of refusal is a subclass of `InfisicalError`, and `explain_failure` turns any of them into a diagnostic.
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
from reconciler.infisical.login import Grant, obtain_access_token, renew_access_token
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
    "obtain_access_token",
    "renew_access_token",
]
