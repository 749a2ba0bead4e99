"""The result of a check of log-ins to Salesforce: how far each log-in came, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.connection import Connection
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.salesforce_setup import SetupStep


class OrgCheckPart(StrEnum):
    """What a check looks at, in this order."""

    HOST = "host"
    DNS = "dns"
    TLS = "tls"
    API = "api"
    TOKEN = "token"  # noqa: S105  # nosec B105  # a word
    WHO = "who"
    URL = "url"
    SCOPE = "scope"


class PartResult(StrEnum):
    """What a check found out about a part."""

    OK = "ok"
    WRONG = "wrong"
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class OrgProblem:
    """What is wrong with a log-in to an org."""

    name: str
    """What documentation and JSON call the problem. It never changes."""
    part: OrgCheckPart
    """The part of the check that shows it."""
    title: str
    """What is wrong, as the end of a sentence that begins with the connection."""
    said: str
    """What Salesforce answered, or what happened on the network."""
    meaning: str
    """What that usually means."""
    step: SetupStep
    """The step of the set-up to repair."""
    repair: str
    """What to do at that step."""
    doubt: str = ""
    """Why the meaning may be another one, "" when it is certain."""
    blocks: bool = False
    """Whether Salesforce gives the same answer wherever the log-in comes from, so that Infisical gets it too."""

    @property
    def hint(self) -> str:
        """The next step, with its path through Salesforce Setup."""
        return self.repair if self.step is SetupStep.CONNECTION else f"{self.step.path}: {self.repair}"


@dataclass(frozen=True, slots=True)
class OrgCheck:
    """What the check of one log-in found.

    `parts` lacks what the check did not reach. There is more than one problem only if the log-in itself succeeded. `org_id`
    and `user_id` are Salesforce's, "" if they are not known.
    """

    host: str
    parts: Mapping[OrgCheckPart, PartResult]
    problems: tuple[OrgProblem, ...] = ()
    org_id: str = ""
    user_id: str = ""

    @property
    def logged_in(self) -> bool:
        """Whether Salesforce gave a token."""
        return self.parts.get(OrgCheckPart.TOKEN) is PartResult.OK

    @property
    def blocks(self) -> bool:
        """Whether a problem is there wherever the log-in comes from."""
        return any(problem.blocks for problem in self.problems)


@dataclass(frozen=True, slots=True)
class SalesforceCheck:
    """What Salesforce answered for each connection.

    `endpoint` is the address that was asked instead of Salesforce's own hosts, "" if those were asked. `diagnostics` are the
    warnings of the stack's files and everything that is wrong. `valid` says that every log-in could be tried and succeeded.
    """

    endpoint: str
    connections: Sequence[tuple[Connection, OrgCheck]]
    diagnostics: Sequence[Diagnostic]
    valid: bool
