"""The fields of a change and what drifted, as values: made once from the plan, laid out by each format in its own way.

Every text in these values is visible: no character in it controls a terminal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.model import Action, Lifecycle, Record
from reconciler.model import action as paths
from reconciler.planning import Attributes, Change, Drift, differences
from reconciler.planning.salesforce_connection import of_record
from reconciler.reports import words
from reconciler.reports.characters import visible


class Mark(StrEnum):
    """What happens to the field of a line."""

    ADDED = "+"
    REMOVED = "-"
    CHANGED = "~"
    UNKNOWN = "?"
    RECORDED = "="
    SAME = " "


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a change.

    `value` is the value after the change, the one that stays or goes, or a remark in words. `before` is the value before the
    change, None unless both are shown.
    """

    mark: Mark
    label: str
    value: str
    before: str | None = None

    @property
    def text(self) -> str:
        """What stands behind the label, in one line."""
        return self.value if self.before is None else f"{self.before} -> {self.value}"


def change_lines(change: Change) -> tuple[Line, ...]:
    """Return the fields of a change that people read: all of a connection that comes or goes, else what changes."""
    return tuple(_change_lines(change))


def _change_lines(change: Change) -> Iterator[Line]:
    before, after = change.before, change.after
    if change.id:
        yield Line(Mark.SAME, "id", visible(change.id))
    if before is None and after is not None:
        yield from (Line(Mark.ADDED, label, value) for label, value in (*_values(after), *_local_values(after)))
    elif after is None and before is not None:
        mark = Mark.REMOVED if change.action is Action.DELETE else Mark.SAME
        yield from (Line(mark, label, value) for label, value in _values(before))
    elif before is not None and after is not None:
        if change.previous_address:
            yield Line(Mark.CHANGED, "address", visible(change.address), visible(change.previous_address))
        for path in change.fields:
            yield from _field_lines(path, before, after)
        if not change.compared and not change.sends_credentials:
            yield Line(Mark.UNKNOWN, "credentials", words.COMPARED_AT_APPLY)


def _field_lines(path: str, before: Attributes, after: Attributes) -> Iterator[Line]:
    match path:
        case paths.ADDRESS:
            return
        case paths.CONSUMER_KEY | paths.CONSUMER_SECRET:
            line = _field_line(path, before, after)
            yield line if before.references and line.before is not None else _masked(words.FIELD_TITLES[path])
        case paths.CREDENTIALS:
            yield _masked(words.FIELD_TITLES[paths.CONSUMER_KEY])
            yield _masked(words.FIELD_TITLES[paths.CONSUMER_SECRET])
            old_host, new_host = before.values[paths.INSTANCE_URL] or "", after.values[paths.INSTANCE_URL] or ""
            if old_host != new_host:
                yield Line(Mark.CHANGED, words.FIELD_TITLES[paths.INSTANCE_URL], visible(new_host), visible(old_host))
        case paths.RECORD:
            yield Line(Mark.RECORDED, "record", words.RECORD_LAGS)
        case paths.ACCEPTED:
            yield Line(Mark.RECORDED, "credentials", words.CREDENTIALS_ACCEPTED)
        case paths.LIFECYCLE:
            yield from _lifecycle_lines(before.lifecycle, after.lifecycle)
        case paths.LABELS:
            yield from _label_lines(before.labels, after.labels)
        case _:
            yield _field_line(path, before, after)


def _field_line(path: str, before: Attributes, after: Attributes) -> Line:
    label = words.FIELD_TITLES[path]
    old, new = dict(_values(before, empty=True))[label], dict(_values(after, empty=True))[label]
    return Line(Mark.CHANGED, label, new, old) if old != new else Line(Mark.RECORDED, label, new)


def _masked(label: str) -> Line:
    """Return the line of a value that nobody may see: that it changes is all there is to show."""
    return Line(Mark.CHANGED, label, "*** (after)", "*** (before)")


def _lifecycle_lines(before: Lifecycle, after: Lifecycle) -> Iterator[Line]:
    order = list(after.lasting())
    changed = differences(before.lasting(), after.lasting())
    for difference in sorted(changed, key=lambda difference: order.index(difference.path[0])):
        yield Line(Mark.CHANGED, _camel(difference.path), _plain(difference.after), _plain(difference.before))


def _label_lines(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Line]:
    """One line with the labels that differ; those that stay are left out."""
    keys = [difference.path[0] for difference in differences(before, after)]
    if keys:
        yield Line(Mark.CHANGED, words.FIELD_TITLES[paths.LABELS], _chosen_labels(after, keys), _chosen_labels(before, keys))


def _chosen_labels(labels: Mapping[str, str], keys: Sequence[str]) -> str:
    if not labels:
        return "none"
    return ", ".join(f"{visible(key)}={visible(labels[key])}" if key in labels else f"no {visible(key)}" for key in keys)


def record_values(record: Record) -> tuple[tuple[str, str], ...]:
    """Return what is recorded of one address as label and value; its fingerprints are left out."""
    attributes = of_record(record).attributes
    return (
        ("address", visible(record.address)),
        ("id", visible(record.id)),
        *_values(attributes),
        *_lifecycle_values(record.lifecycle),
        ("labels", _labels(attributes)),
        ("credentials", "compared by fingerprint" if record.fingerprints else "cannot be compared yet"),
        ("credentialsHash", visible(record.credentials_hash or "not known")),
        ("file", visible(record.file)),
    )


def _values(attributes: Attributes, *, empty: bool = False) -> list[tuple[str, str]]:
    """Return the attributes as label and value; those without a value only if `empty`."""
    values, references = attributes.values, attributes.references
    scope = attributes.scope
    rows = [
        (paths.NAME, _quoted(attributes.name)),
        (paths.DESCRIPTION, _quoted(description) if (description := values[paths.DESCRIPTION]) else ""),
        (paths.PROJECT, visible(scope.project_slug or scope.project_id or "") if scope.project_id else "organisation"),
        (paths.INSTANCE_URL, _quoted(values[paths.INSTANCE_URL] or "")),
        (paths.CONSUMER_KEY, visible(references.get(paths.CONSUMER_KEY, ""))),
        (paths.CONSUMER_SECRET, visible(references.get(paths.CONSUMER_SECRET, ""))),
        (paths.VERSION, _quoted(version) if (version := values[paths.VERSION]) else ""),
    ]
    return [(words.FIELD_TITLES[path], value or "none") for path, value in rows if value or empty]


def _local_values(attributes: Attributes) -> list[tuple[str, str]]:
    """Return what a new connection has that is kept here alone: its labels, and the rules of its lifecycle that it sets."""
    usual = _lifecycle_values(Lifecycle())
    rules = [row for row in _lifecycle_values(attributes.lifecycle) if row not in usual]
    return [*([("labels", _labels(attributes))] if attributes.labels else []), *rules]


def _lifecycle_values(lifecycle: Lifecycle) -> list[tuple[str, str]]:
    return [(_camel((key,)), _plain(value)) for key, value in lifecycle.lasting().items()]


def _labels(attributes: Attributes) -> str:
    return _chosen_labels(attributes.labels, sorted(attributes.labels))


def _camel(path: Sequence[str]) -> str:
    """Return what a manifest calls the key of a lifecycle that the state writes as `path`."""
    steps = []
    for key in path:
        first, *others = key.split("_")
        steps.append(first + "".join(word.capitalize() for word in others))
    return ".".join(steps)


def _plain(value: Any) -> str:
    """Return a plain value of a lifecycle in words."""
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ", ".join(map(_plain, value)) or "none"
        case Mapping():
            return ", ".join(f"{_camel((key,))}: {_plain(inner)}" for key, inner in value.items()) or "none"
        case None | "":
            return "none"
        case _:
            return visible(str(value))


def _quoted(text: str) -> str:
    return f'"{visible(text)}"'


def drift_sentences(drift: Sequence[Drift]) -> tuple[str, ...]:
    """Return what happened outside, a sentence each; connections that were lost with their project share one."""
    lost: dict[str, list[str]] = {}
    for each in drift:
        if each.with_project:
            lost.setdefault(each.with_project, []).append(each.address)
    projects = (
        f"project {visible(slug)}: gone, and with it {words.named(map(visible, addresses))}" for slug, addresses in lost.items()
    )
    others = (sentence for each in drift if not each.with_project for sentence in _drift_sentences(each))
    return (*projects, *others)


def _drift_sentences(drift: Drift) -> Iterator[str]:
    address = visible(drift.address)
    if drift.after is None:
        yield f"{address}: deleted [id={visible(drift.id)}]"
        return
    for path in drift.fields:
        if path == paths.CREDENTIALS:
            yield f"{address}: credentials written"
        else:
            line = _field_line(path, drift.before, drift.after)
            yield f"{address}: {line.label} {line.before if line.before is not None else line.value} -> {line.value}"


def secret_names(paths_of_fields: Sequence[str]) -> tuple[str, ...]:
    """Return what people call the changed fields of which nobody may see the value."""
    return tuple(words.FIELD_TITLES[path] for path in paths_of_fields if path in {paths.CONSUMER_KEY, paths.CONSUMER_SECRET})
