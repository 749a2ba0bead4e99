"""The values that all other packages share. Nothing here does I/O, and no value changes after it is made."""

from reconciler.model.action import Action
from reconciler.model.app import AppConnection, ExternalClientApp, IpRelaxation, PermittedUsers
from reconciler.model.connection import ORGANISATION, Connection, LiveConnection, Project, ProjectRef, Record, Scope
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
from reconciler.model.lifecycle_path import LifecyclePath
from reconciler.model.login_check import Granted, LoginCheck, LoginPurpose, Permission
from reconciler.model.loopback import is_loopback
from reconciler.model.metadata import MetadataComparison, MetadataDifference, MetadataProject
from reconciler.model.reason import Doubt, Reason, Why
from reconciler.model.results import ExportedManifests, Validated, Versions
from reconciler.model.salesforce_check import OrgCheck, OrgCheckPart, OrgProblem, PartResult, SalesforceCheck
from reconciler.model.salesforce_setup import SetupStep
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
    "ExportedManifests",
    "ExternalClientApp",
    "Fingerprints",
    "Granted",
    "Guards",
    "Intent",
    "IpRelaxation",
    "Lifecycle",
    "LifecyclePath",
    "LiveConnection",
    "Location",
    "LoginCheck",
    "LoginPurpose",
    "MetadataComparison",
    "MetadataDifference",
    "MetadataProject",
    "Noted",
    "OnRemoval",
    "OrgCheck",
    "OrgCheckPart",
    "OrgProblem",
    "Outcome",
    "Pair",
    "PartResult",
    "Permission",
    "PermittedUsers",
    "Project",
    "ProjectRef",
    "Reason",
    "ReconcilerError",
    "Record",
    "Reference",
    "References",
    "SalesforceCheck",
    "Scope",
    "Secret",
    "SetupStep",
    "Severity",
    "Source",
    "State",
    "Stop",
    "Stopped",
    "Superseded",
    "Validated",
    "Verb",
    "Versions",
    "WaitReason",
    "Waiting",
    "Why",
    "Written",
    "error",
    "has_errors",
    "is_loopback",
    "warning",
]
