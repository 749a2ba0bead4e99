"""The result of a check of the log-in to Infisical: which identity logged in, where, and what it may do."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.connection import Project
from reconciler.model.diagnostics import Diagnostic


class LoginPurpose(StrEnum):
    """What the log-in must be enough for."""

    PLAN = "plan"
    APPLY = "apply"


class Granted(StrEnum):
    """Whether a permission is granted. Infisical tells of some permissions only when somebody uses them."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Permission:
    """One action (read, create, edit, delete), and whether the identity may do it in `place`: the organisation or a project.

    `why` is what else Infisical says, "" if it says no more.
    """

    action: str
    place: str
    granted: Granted
    why: str = ""


@dataclass(frozen=True, slots=True)
class LoginCheck:
    """What a log-in gives, and whether that is enough for `purpose`.

    `method` is how the run logged in, and `origin` says in words where the credentials for that come from. `expires` is when
    the token ends, in ISO 8601 and UTC. A text is "" where Infisical does not say. `diagnostics` are all errors.
    """

    purpose: LoginPurpose
    url: str
    method: str
    origin: str
    identity_id: str
    expires: str
    organisation_id: str
    organisation_name: str
    projects: tuple[Project, ...]
    permissions: tuple[Permission, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def enough(self) -> bool:
        """Whether nothing that is needed is known to be missing."""
        return not self.diagnostics
