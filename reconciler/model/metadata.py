"""External Client Apps as Salesforce metadata: the files that were written, and how an org differs from the manifests."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.app import ExternalClientApp
from reconciler.model.diagnostics import Diagnostic, Location
from reconciler.model.salesforce_setup import SetupStep


@dataclass(frozen=True, slots=True)
class MetadataDifference:
    """A field of a component that an org has different from the manifest, or a component that the org lacks.

    `app` is the address of the app, "" for the switch of the whole org. `field` is "" if the whole component is missing.
    `retrieved` is what the org has, `wanted` what the manifest says, and `step` says where a person sets it by hand.
    """

    app: str
    kind: str
    member: str
    field: str
    retrieved: str
    wanted: str
    step: SetupStep
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class MetadataComparison:
    """How a retrieved project differs from the manifests of `apps`; `diagnostics` are warnings."""

    apps: Sequence[ExternalClientApp]
    differences: Sequence[MetadataDifference]
    diagnostics: Sequence[Diagnostic]


@dataclass(frozen=True, slots=True)
class MetadataProject:
    """Which files were written, and into which folder; `diagnostics` are the warnings of the stack's files."""

    folder: str
    files: Sequence[str]
    diagnostics: Sequence[Diagnostic]
