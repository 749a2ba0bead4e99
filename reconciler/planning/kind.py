"""What the decision tables know of a kind of resource, and the one shape in which wanted, recorded and live are compared.

The tables never name a kind. Each kind says which fields it has, which of them Infisical cannot change in place, which it
never gives back, and what else a resource of that kind needs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from reconciler.model import Fingerprints, Lifecycle, Location, Scope
from reconciler.planning.differ import changed


class Effect(StrEnum):
    """What it takes to change a field in Infisical."""

    IN_PLACE = "in place"
    """Infisical changes it, and the resource keeps its id."""
    REPLACES = "replaces"
    """Infisical cannot change it: a new resource is made, then the old one is deleted."""
    WITH_CREDENTIALS = "with credentials"
    """It is sent together with the write-only fields, whichever of them changed."""
    WRITE_ONLY = "write-only"
    """Infisical never gives it back. What is compared is a fingerprint of what we sent."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind.

    `path` is how changed fields name it, `key` how plan files and JSON do. `readable` says that Infisical gives the field
    back. `folded` returns a value that is there as the server compares it.
    """

    path: str
    key: str
    effect: Effect
    readable: bool = True
    folded: Callable[[str], str] = str
    group: str = field(init=False)
    """What `ignoreChanges` calls it: the first step of its path."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", self.path.partition(".")[0])


@dataclass(frozen=True, slots=True)
class Attributes:
    """A resource without its secrets: as a manifest wants it, as the state records it, or as Infisical has it.

    `values` has the fields that can be compared, by path. `references` says where write-only fields come from, by path; only
    a manifest has them.
    """

    scope: Scope
    values: Mapping[str, str | None]
    labels: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    references: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name in Infisical, which a scope has once."""
        return self.values["name"] or ""

    def having(self, values: Mapping[str, str | None]) -> "Attributes":
        """Return the same attributes with some of `values` replaced."""
        return replace(self, values={**self.values, **values})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource.

    `name` is the `kind` of its manifests, `noun` what messages call it. `app` is what Infisical calls the app of its
    resources.
    """

    name: str
    noun: str
    app: str
    fields: tuple[Field, ...]

    def paths(self, effect: Effect) -> tuple[str, ...]:
        """Return the paths of the fields with `effect`."""
        return tuple(each.path for each in self.fields if each.effect is effect)

    @property
    def write_only(self) -> bool:
        """Whether it has fields that Infisical never gives back, so that the second decision table applies."""
        return any(each.effect is Effect.WRITE_ONLY for each in self.fields)

    def changed_paths(self, before: Attributes, after: Attributes, *effects: Effect, readable: bool = False) -> tuple[str, ...]:
        """Return the paths of the fields that differ, of those with one of `effects`, in the order in which people read them.

        Values are compared as the server compares them. With `readable`, only fields that Infisical gives back count.
        """
        if before.values == after.values:
            return ()
        chosen = [each for each in self.fields if each.effect in effects and (each.readable or not readable)]
        different = changed(_compared(chosen, before), _compared(chosen, after))
        return tuple(each.path for each in chosen if each.path in different)

    def likeness(self, attributes: Attributes) -> tuple[str | None, ...]:
        """Return what two resources have in common that differ in nothing but their names, as Infisical shows them."""
        readable = [each for each in self.fields if each.readable and each.path != "name"]
        return tuple(_compared(readable, attributes).values())


def _compared(fields: Iterable[Field], attributes: Attributes) -> dict[str, str | None]:
    values = ((each, attributes.values.get(each.path)) for each in fields)
    return {each.path: None if value is None else each.folded(value) for each, value in values}


@dataclass(frozen=True, slots=True)
class Desired:
    """What one manifest wants.

    `fingerprints` are those of the values at their source, None where one of them is not available here. `file` is the
    manifest's path in the stack.
    """

    address: str
    attributes: Attributes
    fingerprints: Fingerprints | None
    file: str
    location: Location
    name_location: Location
    project_location: Location


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was last applied to one address. `fingerprints` are None when we never sent any, `hash` when it is not known."""

    address: str
    id: str
    attributes: Attributes
    fingerprints: Fingerprints | None
    hash: str | None
    file: str


@dataclass(frozen=True, slots=True)
class Present:
    """What Infisical has, of whatever app. `hash` moves with every write of write-only fields; None where there is none."""

    id: str
    app: str
    attributes: Attributes
    hash: str | None
