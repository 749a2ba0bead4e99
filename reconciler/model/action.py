"""What a plan does to one address, and the paths of the fields it changes. All facts about actions are here."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What a plan does to one address. The value is the word that plan files and reports use."""

    CREATE = "create"
    RECREATE = "re-create"
    UPDATE = "update"
    CONDITIONAL = "conditional update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    RECORD = "record"
    FORGET = "forget"
    NOTHING = "nothing"

    @property
    def symbol(self) -> str:
        """The mark of this action in a plan that people read."""
        return _FACTS[self].symbol

    @property
    def creates(self) -> bool:
        """Whether Infisical gets a new connection, with a new id."""
        return _FACTS[self].creates

    @property
    def deletes(self) -> bool:
        """Whether a connection is deleted in Infisical."""
        return _FACTS[self].deletes

    @property
    def unmanages(self) -> bool:
        """Whether nothing is managed at the address afterwards."""
        return _FACTS[self].unmanages

    @property
    def ends_an_id(self) -> bool:
        """Whether an id ends, or has already ended. Everything that refers to this id then breaks."""
        return _FACTS[self].ends_an_id

    @property
    def depends_on_fields(self) -> bool:
        """Whether the changed fields decide what is written: an update, or less than one."""
        return self in {Action.UPDATE, Action.RECORD, Action.CONDITIONAL}


@dataclass(frozen=True, slots=True)
class _Facts:
    symbol: str
    creates: bool = False
    deletes: bool = False
    unmanages: bool = False
    ends_an_id: bool = False


_FACTS = {
    Action.CREATE: _Facts("+", creates=True),
    Action.RECREATE: _Facts("+", creates=True, ends_an_id=True),
    Action.UPDATE: _Facts("~"),
    Action.CONDITIONAL: _Facts("?"),
    Action.REPLACE: _Facts("+/-", creates=True, deletes=True, ends_an_id=True),
    Action.DELETE: _Facts("-", deletes=True, unmanages=True, ends_an_id=True),
    Action.ADOPT: _Facts("="),
    Action.RECORD: _Facts("="),
    Action.FORGET: _Facts("=", unmanages=True, ends_an_id=True),
    Action.NOTHING: _Facts(" "),
}

NAME = "name"
DESCRIPTION = "description"
PROJECT = "project"
CREDENTIALS = "credentials"
INSTANCE_URL = "credentials.instanceUrl"
VERSION = "credentials.version"
CONSUMER_KEY = "credentials.consumerKey"
CONSUMER_SECRET = "credentials.consumerSecret"  # noqa: S105  # nosec B105  # the path of a field
ACCEPTED = "credentials (theirs accepted)"
ADDRESS = "address"
LABELS = "labels"
LIFECYCLE = "lifecycle"
RECORD = "record"
"""The record lags behind what Infisical already has; this change brings it up to date."""

VALUE_FIELDS = frozenset({CONSUMER_KEY, CONSUMER_SECRET, ACCEPTED})
"""Changes that only secret values show. No digest contains them."""
LOCAL_FIELDS = frozenset({ADDRESS, LABELS, LIFECYCLE, RECORD})
"""Changes that concern the record alone. Nothing is sent to Infisical for them."""
SENT_WITH_CREDENTIALS = frozenset({INSTANCE_URL, VERSION, CONSUMER_KEY, CONSUMER_SECRET, CREDENTIALS})
"""Changes for which host, key and secret are all sent: Infisical's API does not merge them."""
