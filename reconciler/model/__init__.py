"""The values every other package shares. Nothing here does I/O, and no value here changes once made."""

from reconciler.model.app import AppConnection, ExternalClientApp, IpRelaxation, PermittedUsers
from reconciler.model.connection import (
    ORGANISATION,
    Connection,
    CredentialDrift,
    Lifecycle,
    LiveConnection,
    OnRemoval,
    ProjectRef,
    Record,
    Reference,
    Scope,
)
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
from reconciler.model.events import ApplyEvent, ChangeFailed, ChangeFinished, ChangeNotTried, ChangeStarted, Noted, Outcome
from reconciler.model.guards import Guards
from reconciler.model.secret import Fingerprints, Secret
from reconciler.model.source import Excerpt, Source
from reconciler.model.state import Intent, State, Superseded, Verb

__all__ = [
    "ORGANISATION",
    "AppConnection",
    "ApplyEvent",
    "ChangeFailed",
    "ChangeFinished",
    "ChangeNotTried",
    "ChangeStarted",
    "Connection",
    "CredentialDrift",
    "Diagnostic",
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
    "PermittedUsers",
    "ProjectRef",
    "ReconcilerError",
    "Record",
    "Reference",
    "Scope",
    "Secret",
    "Severity",
    "Source",
    "State",
    "Stop",
    "Stopped",
    "Superseded",
    "Verb",
    "Written",
    "error",
    "has_errors",
    "warning",
]
