"""The rules of one connection's life, and the one place that knows how they are written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class OnRemoval(StrEnum):
    """What happens in Infisical when the manifest is removed."""

    DESTROY = "destroy"
    RETAIN = "retain"


class CredentialDrift(StrEnum):
    """What is done when somebody else wrote the credentials, or when they cannot be compared."""

    HOLD = "hold"
    REASSERT = "reassert"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The rules of one connection's life.

    `adopt` is the id of the connection to take over, or True for the one with the manifest's name. `adopt` and `renamed_from`
    are done once, so removing them later is no change.
    """

    prevent_destroy: bool = False
    on_removal: OnRemoval = OnRemoval.DESTROY
    on_credential_drift: CredentialDrift = CredentialDrift.HOLD
    ignore_changes: tuple[str, ...] = ()
    adopt: str | bool = False
    renamed_from: str | None = None

    def plain(self) -> dict[str, Any]:
        """Return the rules as plain values, with the keys that state and plan files use."""
        return self.lasting() | {"adopt": self.adopt, "renamed_from": self.renamed_from}

    def lasting(self) -> dict[str, Any]:
        """Return the rules that stay in force after an apply, as `plain` does."""
        return {
            "prevent_destroy": self.prevent_destroy,
            "on_removal": self.on_removal.value,
            "on_credential_drift": self.on_credential_drift.value,
            "ignore_changes": list(self.ignore_changes),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Lifecycle":
        """Return the rules that `plain` wrote down. Raises `KeyError`, `TypeError` or `ValueError` for anything else.

        A flag must be a JSON boolean: the text "false" would otherwise count as true, and make or lift a protection.
        """
        adopt, renamed_from = plain["adopt"], plain["renamed_from"]
        flags = [plain["prevent_destroy"], *([adopt] if not isinstance(adopt, str) else [])]
        texts = [*plain["ignore_changes"], *([renamed_from] if renamed_from is not None else [])]
        if not all(isinstance(flag, bool) for flag in flags) or not all(isinstance(text, str) for text in texts):
            raise TypeError("a lifecycle has a value of another kind")
        return cls(
            prevent_destroy=plain["prevent_destroy"],
            on_removal=OnRemoval(plain["on_removal"]),
            on_credential_drift=CredentialDrift(plain["on_credential_drift"]),
            ignore_changes=tuple(plain["ignore_changes"]),
            adopt=adopt,
            renamed_from=renamed_from,
        )
