"""YAML with libyaml's safe loader, kept together with its node tree so that every value has a line and a column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.model import Diagnostic, Location, error

Path = Sequence[str | int]

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its plain `value` (dicts, lists, scalars) and the nodes it was made from."""

    file: str
    value: Any
    node: yaml.Node

    def location(self, path: Path = ()) -> Location:
        """Return where the value at `path` begins; of a path that is not there, the nearest parent that is."""
        node = self.node
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            node = found[1]
        return _place(self.file, node.start_mark)

    def key_location(self, path: Path) -> Location:
        """Return where the key of the value at `path` stands (of a list's item, the item)."""
        parent = self.node
        for step in path[:-1]:
            found = _child(parent, step)
            if found is None:
                return _place(self.file, parent.start_mark)
            parent = found[1]
        found = _child(parent, path[-1])
        return _place(self.file, (found[0] if found else parent).start_mark)


class _Loader(_Base):  # type: ignore[misc]
    """The safe loader, noting duplicate keys, which YAML forbids and PyYAML lets the last one win."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.duplicates: list[tuple[str, Any, Any]] = []

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: dict[str, Any] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                self.duplicates.append((key.value, key.start_mark, seen[key.value]))
            seen.setdefault(key.value, key.start_mark)
        return super().construct_mapping(node, deep)


def parse(file: str, data: bytes) -> tuple[list[Document], list[Diagnostic]]:
    """Read all YAML documents of `data`, the bytes of `file` (a name for messages).

    Documents that hold nothing are left out. What cannot be read is a diagnostic; the documents before it are returned.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        before = data[: broken.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        place = Location(file, line, len(before) - before.rfind("\n"))
        return [], [error("The file is not UTF-8.", location=place, hint="save it as UTF-8")]
    documents: list[Document] = []
    problems: list[Diagnostic] = []
    try:
        for node, value, duplicates in _nodes(text):
            for key, again, first in duplicates:
                problems.append(
                    error(
                        f"`{key}` is written twice.",
                        location=_place(file, again),
                        hint=f"keep one; the other is at line {first.line + 1}",
                    )
                )
            if value is not None:
                documents.append(Document(file, value, node))
    except yaml.reader.ReaderError as broken:
        problems.append(_unreadable(file, text, broken))
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        place = _place(file, mark) if mark else Location(file, 1, 1)
        said = " ".join(filter(None, (broken.context, broken.problem)))
        problems.append(error("This is not valid YAML.", detail=said, location=place, hint=_yaml_hint(said)))
    except (ValueError, RecursionError) as broken:
        what = "nested too deeply" if isinstance(broken, RecursionError) else str(broken)
        problems.append(error("A value cannot be read.", detail=what, location=Location(file, 1, 1)))
    return documents, problems


def _nodes(text: str) -> Iterator[tuple[yaml.Node, Any, list[tuple[str, Any, Any]]]]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            loader.duplicates = []
            value = loader.construct_document(node)
            yield node, value, loader.duplicates
    finally:
        loader.dispose()


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Return (key, value) nodes of one step down; a list's item is its own key."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _place(file: str, mark: Any) -> Location:
    return Location(file, mark.line + 1, mark.column + 1)


def _unreadable(file: str, text: str, broken: yaml.reader.ReaderError) -> Diagnostic:
    """libyaml gives the offset in UTF-8 bytes, the Python reader in characters; the first bad character settles both."""
    at = next((match.start() for match in yaml.reader.Reader.NON_PRINTABLE.finditer(text)), 0)
    place = Location(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return error(
        "The file holds a character that YAML forbids.",
        detail=str(broken.reason),
        location=place,
        hint="remove the control character; a text file has none",
    )


def _yaml_hint(said: str) -> str:
    if "\\t" in said or "tab" in said:
        return "indent with spaces: YAML forbids tabs there"
    if "could not determine a constructor" in said:
        return "remove the tag: values here are plain text, numbers, lists and maps"
    if "mapping values are not allowed" in said:
        return "look for a missing quote or wrong indentation on this line or the one above"
    return "look at this line and the one above: indentation, quotes, brackets"
