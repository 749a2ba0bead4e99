"""The problems of a manifest that claims a name, an existing connection, or the record of another address."""

import difflib
from collections.abc import Collection, Mapping

from reconciler.model import Diagnostic, error, warning
from reconciler.planning.kind import Desired, Kind, Present, Recorded


def name_of_another_app(desired: Desired, holder: Present) -> Diagnostic:
    """Return the error for a name that a connection of another app has."""
    wanted = desired.attributes
    return _error(
        desired,
        f"A connection of the app `{holder.app}` already has the name `{wanted.name}` ({wanted.scope}).",
        f"Its id is {holder.id}. In Infisical a name is unique over all apps.",
        "choose another spec.name",
    )


def name_of_an_unmanaged_one(desired: Desired, holder: Present) -> Diagnostic:
    """Return the error for a name that an unmanaged connection has, when the manifest does not adopt it."""
    wanted = desired.attributes
    return _error(
        desired,
        f"`{wanted.name}` ({wanted.scope}) already exists in Infisical, and this stack does not manage it.",
        f"Its id is {holder.id}.",
        "take it over with `lifecycle: { adopt: true }` (or all of them with --adopt-all), or choose another spec.name",
    )


def nothing_to_adopt(desired: Desired) -> Diagnostic:
    """Return the error for an id to adopt that Infisical does not show."""
    return _error(
        desired,
        f"There is no connection {desired.attributes.lifecycle.adopt} to adopt.",
        "This identity sees no connection with this id.",
        "correct lifecycle.adopt, or remove it to create a new connection",
    )


def adoption_problem(desired: Desired, present: Present, kind: Kind, owner: str | None) -> Diagnostic | None:
    """Return why `present` cannot be taken over, None if it can. `owner` is the address that already has it."""
    if owner is not None or present.app != kind.app:
        why = f"this stack already manages it as `{owner}`" if owner else f"it belongs to the app `{present.app}`"
        return _error(desired, f"{present.id} cannot be adopted: {why}.", "", "correct lifecycle.adopt")
    scope, wanted = present.attributes.scope, desired.attributes.scope
    if scope != wanted:
        return _error(
            desired,
            f"{present.id} cannot be adopted: it is in the {scope}, but the manifest says {wanted}.",
            "Infisical cannot move a connection to another scope.",
            "correct spec.project; if you change it after the adoption, reconciler replaces the connection",
        )
    return None


def rename_problem(
    desired: Desired, former: str, others: Mapping[str, Desired], recorded: Mapping[str, Recorded], claimed: Collection[str]
) -> Diagnostic | None:
    """Return why `desired` cannot have the record of the address `former`, None if it can.

    `others` are all manifests by address, `claimed` the addresses whose record another manifest has. A record that is missing
    means nothing before the first apply. Later it is probably a typing error, and gives a warning.
    """
    if former not in recorded:
        return _no_such_record(desired, former, others, recorded) if recorded else None
    if former not in others and former not in claimed:
        return None
    other = others.get(former)
    return error(
        f"`{desired.address}` is renamed from `{former}`, but `{former}` is still in use.",
        detail=f"Its manifest is at {other.location}." if other else "Another manifest is renamed from it too.",
        location=desired.location,
        hint="remove the old manifest, or this lifecycle.renamedFrom",
        address=desired.address,
    )


def _no_such_record(
    desired: Desired, former: str, others: Mapping[str, Desired], recorded: Mapping[str, Recorded]
) -> Diagnostic:
    free = [address for address in recorded if address not in others]
    near = difflib.get_close_matches(former, free, n=1, cutoff=0.6)
    return warning(
        f"`{desired.address}` is renamed from `{former}`, but there is no record of `{former}`.",
        location=desired.location,
        hint=f"did you mean `{near[0]}`?" if near else "remove lifecycle.renamedFrom if this is a new connection",
        address=desired.address,
    )


def _error(desired: Desired, summary: str, detail: str, hint: str) -> Diagnostic:
    return error(summary, detail=detail, location=desired.name_location, hint=hint, address=desired.address)
