"""Turns components into the files of a Salesforce DX project, and edits and compares the files that somebody retrieved."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.etree import ElementTree  # nosec B405  # read by `_parsed` alone, which refuses what entities need

from reconciler.model import ExternalClientApp, Location, MetadataDifference, SetupStep
from reconciler.salesforce.metadata import (
    APP_FIELD,
    APPLICATION,
    DEFAULTS,
    KINDS,
    LISTS,
    NAMESPACE,
    ORG,
    POLICIES,
    Component,
    MetadataType,
    Phase,
    components,
    org_switch,
)

_PRIVATE = frozenset({"consumerKey", "consumerSecret"})
"""Fields of a retrieved project that are never shown."""
_TAG = f"{{{NAMESPACE}}}"
_FLAG = re.compile(r"^(is|should|enable)[A-Z]")
_BREAKS = re.compile("[\n\r\x85\u2028\u2029]")
"""What ends a line. It is written as a number, so that no part of a text stands on a line of its own."""
_MARK = "\ufffe"
"""Stands for `&#` until the document is text. No XML document can hold this character itself."""


class Unreadable(Exception):
    """A metadata file cannot be read. `str()` says why."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A component in a file. `app` is the API name of its app, "" for the org's settings. `fields` are texts by name."""

    kind: MetadataType
    member: str
    app: str
    fields: Mapping[str, str]
    file: str
    text: str

    def location(self, field: str) -> Location:
        """Return where a field is in the file, or the beginning of the file if it is not there."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if (column := line.find(f"<{field}>")) >= 0:
                return Location(self.file, number, column + 1)
        return Location(self.file, 1, 1)


def read_component(file: str, content: bytes) -> Retrieved | None:
    """Return the component of a metadata file, None for a file of another type. Raises `Unreadable`."""
    name = PurePosixPath(file).name
    kind = next((kind for kind in KINDS if name.endswith((f".{kind.suffix}-meta.xml", f".{kind.suffix}"))), None)
    if kind is None or (kind is ORG and not name.startswith("ExternalClientApp.")):
        return None
    member = name.removesuffix("-meta.xml").removesuffix(f".{kind.suffix}")
    root = _parsed(content)
    fields = {_bare(child.tag): (child.text or "").strip() for child in root if not len(child)}
    app = member if kind is APPLICATION else fields.get(APP_FIELD, "")
    return Retrieved(kind, member, app, fields, file, content.decode("utf-8", "replace"))


def project_files(apps: Sequence[ExternalClientApp], retrieved: Iterable[Retrieved] = ()) -> dict[str, str]:
    """Return the files of a project for apps of one org, by path. Retrieved policies keep their names, and the fields that the
    manifest does not decide."""
    there = {(component.kind, component.app): component for component in retrieved}
    files = {"sfdx-project.json": _project_file(apps)}
    for component in (*(component for app in apps for component in components(app)), org_switch(apps)):
        base = there.get((component.kind, component.app)) if component.kind.phase is Phase.POLICIES else None
        file = component.kind.file(base.member) if base else component.file
        files[file] = _xml(component, base)
    return files


def compare_apps(apps: Sequence[ExternalClientApp], retrieved: Iterable[Retrieved]) -> list[MetadataDifference]:
    """Return where a retrieved project of one org differs from the manifests, in the order of deployment."""
    there = {(component.kind, component.app): component for component in retrieved}
    differences = []
    for app in apps:
        for component in components(app):
            differences += _compared(app.address, component, there.get((component.kind, component.app)))
        policy = there.get((POLICIES, app.api_name))
        wanted = f"{app.api_name}_plcy"
        if app.rotation_target and policy is not None and policy.member != wanted:
            place = Location(policy.file, 1, 1)
            differences.append(
                MetadataDifference(
                    app.address, POLICIES.name, policy.member, "fullName", policy.member, wanted, SetupStep.POLICIES, place
                )
            )
    if apps:
        differences += _compared("", org_switch(apps), there.get((ORG, "")))
    return differences


def holds_a_key(component: Retrieved) -> bool:
    """Tell whether a file contains a key or a secret, which must not be in version control."""
    return bool(_PRIVATE & component.fields.keys())


def _compared(app: str, component: Component, there: Retrieved | None) -> list[MetadataDifference]:
    kind, member = component.kind.name, component.member
    if there is None:
        return [MetadataDifference(app, kind, member, "", "", "", component.fields[0].step)]
    differences = []
    for field in component.fields:
        has = there.fields.get(field.name, DEFAULTS.get(field.name, "false" if _FLAG.match(field.name) else ""))
        if _comparable(field.name, has) != _comparable(field.name, field.value):
            place = there.location(field.name)
            differences.append(MetadataDifference(app, kind, there.member, field.name, has, field.value, field.step, place))
    wanted = {field.name for field in component.fields}
    for name in sorted((LISTS | {"clientCredentialsFlowUser", "description"}) - wanted):
        if there.fields.get(name):
            place = there.location(name)
            has = there.fields[name]
            differences.append(MetadataDifference(app, kind, there.member, name, has, "", SetupStep.POLICIES, place))
    return differences


def _comparable(name: str, value: str) -> object:
    if name in LISTS:
        return frozenset(part.strip().lower() for part in value.split(",") if part.strip())
    return value.strip().lower() if _FLAG.match(name) or name in {"clientCredentialsFlowUser", APP_FIELD} else value.strip()


def _project_file(apps: Sequence[ExternalClientApp]) -> str:
    document = {
        "packageDirectories": [{"path": phase.value, "default": phase is Phase.APP} for phase in Phase],
        "namespace": "",
        "sourceApiVersion": max((app.api_version for app in apps), default="65.0"),
    }
    return json.dumps(document, indent=2) + "\n"


def _xml(component: Component, base: Retrieved | None) -> str:
    """Return the text of a component: the retrieved fields, with ours in their place, sorted as Salesforce sorts them."""
    root = _parsed(base.text.encode()) if base else ElementTree.Element(f"{_TAG}{component.kind.name}")
    ours = {field.name: field.value for field in component.fields}
    if component.kind is not APPLICATION and component.app:
        ours.setdefault("label", component.member if base is None else base.fields.get("label", base.member))
    kept = [child for child in root if _bare(child.tag) not in ours]
    for child in list(root):
        root.remove(child)
    for name, value in ours.items():
        element = ElementTree.Element(f"{_TAG}{name}")
        element.text = value
        kept.append(element)
    root.extend(sorted(kept, key=lambda child: _bare(child.tag)))
    ElementTree.register_namespace("", NAMESPACE)
    ElementTree.indent(root, "    ")
    for element in root.iter():
        if not len(element) and element.text:
            element.text = _BREAKS.sub(lambda found: f"{_MARK}{ord(found[0])};", element.text)
    text = ElementTree.tostring(root, encoding="unicode").replace(_MARK, "&#")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


class _NoEntities(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise Unreadable("it has a document type, and metadata never has one")


def _parsed(content: bytes) -> ElementTree.Element:
    parser = ElementTree.XMLParser(target=_NoEntities())  # noqa: S314  # nosec B314  # without a document type there are no entities
    try:
        parser.feed(content)
        return parser.close()
    except (ElementTree.ParseError, ValueError, LookupError) as broken:
        raise Unreadable(f"it is not XML: {broken}") from None


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]
