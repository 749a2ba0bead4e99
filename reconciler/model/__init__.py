"""The values every other package shares. Nothing here does I/O, and no value here changes once made."""

from reconciler.model.action import Action
from reconciler.model.app import AppConnection, ExternalClientApp, IpRelaxation, PermittedUsers
from reconciler.model.connection import ORGANISATION, Connection, LiveConnection, ProjectRef, Record, Scope
from reconciler.model.credentials import Credentials, Fingerprints, Pair, Reference, References
from reconciler.model.diagnostics import (
    Diagnostic,
    Location,
    Severity,
    Stop,
    Stopped,
    Written,
    error,
    has_errors,
    warning,
)
from reconciler.model.errors import ReconcilerError
from reconciler.model.events import (
    WORTH_TELLING_SECONDS,
    ApplyEvent,
    ChangeFailed,
    ChangeFinished,
    ChangeNotTried,
    ChangeStarted,
    Noted,
    Outcome,
    Waiting,
    WaitReason,
)
from reconciler.model.guards import Guards
from reconciler.model.lifecycle import CredentialDrift, Lifecycle, OnRemoval
from reconciler.model.reason import Doubt, Reason, Why
from reconciler.model.secret import Secret
from reconciler.model.source import Excerpt, Source
from reconciler.model.state import Intent, State, Superseded, Verb

__all__ = [
    "ORGANISATION",
    "WORTH_TELLING_SECONDS",
    "Action",
    "AppConnection",
    "ApplyEvent",
    "ChangeFailed",
    "ChangeFinished",
    "ChangeNotTried",
    "ChangeStarted",
    "Connection",
    "CredentialDrift",
    "Credentials",
    "Diagnostic",
    "Doubt",
    "Excerpt",
    "ExternalClientApp",
    "Fingerprints",
    "Guards",
    "Intent",
    "IpRelaxation",
    "Lifecycle",
    "LiveConnection",
    "Location",
    "Noted",
    "OnRemoval",
    "Outcome",
    "Pair",
    "PermittedUsers",
    "ProjectRef",
    "Reason",
    "ReconcilerError",
    "Record",
    "Reference",
    "References",
    "Scope",
    "Secret",
    "Severity",
    "Source",
    "State",
    "Stop",
    "Stopped",
    "Superseded",
    "Verb",
    "WaitReason",
    "Waiting",
    "Why",
    "Written",
    "error",
    "has_errors",
    "warning",
]
