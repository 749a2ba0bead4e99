"""YAML with libyaml's parser, kept together with its node tree so that every value has a line and a column.

Whatever bytes come in, what goes out are documents and diagnostics; and no diagnostic repeats a value of the file.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import ConstructorError, SafeConstructor

from reconciler.model import Diagnostic, Location, error

Path = Sequence[str | int]

_DEEPEST = 100
_MOST_REPEATED = 1_000_000
"""Characters and nodes of one document once its aliases are written out: a few lines can stand for gigabytes."""

_MERGE = "tag:yaml.org,2002:merge"
_QUOTED = re.compile(r"""(?!':')(['"]).+\1""")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its plain `value` (dicts with text keys, lists, scalars) and the nodes it was made from."""

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


def _without(resolvers: dict[str, Any], *tags: str) -> dict[str, Any]:
    return {first: [(tag, form) for tag, form in known if tag not in tags] for first, known in resolvers.items()}


def _number(construct: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """PyYAML's own errors are of any kind here (ValueError, KeyError, IndexError) and repeat the value."""

    def constructed(loader: Any, node: Any) -> Any:
        try:
            return construct(loader, node)
        except (ValueError, LookupError):
            raise ConstructorError(None, None, "found a value that its type cannot hold", node.start_mark) from None

    return constructed


if hasattr(yaml, "CSafeLoader"):
    # Composed in Python: libyaml's composer overflows the process's stack on deep nesting.
    _Base: Any = type("_Base", (Composer, yaml.CSafeLoader), {})
else:
    _Base = yaml.SafeLoader


class _Loader(_Base):  # type: ignore[misc]
    """The safe loader, stricter: keys are text, dates stay text, nothing is deep or repeated without end, and duplicate
    keys, which YAML forbids and PyYAML lets the last one win, are noted."""

    yaml_implicit_resolvers = _without(
        yaml.SafeLoader.yaml_implicit_resolvers, "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"
    )
    yaml_multi_constructors: dict[str, Any] = {}  # noqa: RUF012  # PyYAML's own way of declaring
    yaml_constructors: dict[str | None, Any] = {  # noqa: RUF012
        "tag:yaml.org,2002:null": SafeConstructor.construct_yaml_null,
        "tag:yaml.org,2002:bool": _number(SafeConstructor.construct_yaml_bool),
        "tag:yaml.org,2002:int": _number(SafeConstructor.construct_yaml_int),
        "tag:yaml.org,2002:float": _number(SafeConstructor.construct_yaml_float),
        "tag:yaml.org,2002:str": SafeConstructor.construct_yaml_str,
        "tag:yaml.org,2002:seq": SafeConstructor.construct_yaml_seq,
        "tag:yaml.org,2002:map": SafeConstructor.construct_yaml_map,
    }

    def __init__(self, text: str) -> None:
        getattr(yaml, "CSafeLoader", yaml.SafeLoader).__init__(self, text)
        self.anchors: dict[str, Any] = {}
        self.duplicates: list[tuple[Any, Any]] = []
        self._depth = self._size = 0
        self._sizes: dict[int, int] = {}

    def compose_document(self) -> Any:
        self.duplicates, self._sizes, self._size = [], {}, 0
        return super().compose_document()

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(self.get_event())
        if self._depth >= _DEEPEST:
            raise ConstructorError(None, None, f"found more than {_DEEPEST} levels of nesting", event.start_mark)
        before = self._size
        self._size += 1
        if isinstance(event, yaml.ScalarEvent):
            self._size += len(event.value)
            node = self.compose_scalar_node(event.anchor)
        else:
            self._depth += 1
            sequence = isinstance(event, yaml.SequenceStartEvent)
            node = (self.compose_sequence_node if sequence else self.compose_mapping_node)(event.anchor)
            self._depth -= 1
        if event.anchor is not None:
            self._sizes[id(node)] = self._size - before
        return node

    def _aliased(self, event: Any) -> Any:
        node = self.anchors.get(event.anchor)
        if node is None:
            raise ConstructorError(None, None, "found an alias of nothing", event.start_mark)
        if node.end_mark is None:
            raise ConstructorError(None, None, "found an alias inside what it stands for", event.start_mark)
        self._size += self._sizes[id(node)]
        if self._size > _MOST_REPEATED:
            raise ConstructorError(None, None, "found aliases that repeat too much", event.start_mark)
        return node

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen: dict[str, Any] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConstructorError(None, None, "found a key that is not plain text", key.start_mark)
            if key.value in seen and key.tag != _MERGE:
                self.duplicates.append((key.start_mark, seen[key.value]))
            seen.setdefault(key.value, key.start_mark)
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise ConstructorError(None, None, f"expected a mapping node, but found {node.id}", node.start_mark)
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}

    def construct_undefined(self, node: Any) -> Any:
        """Not PyYAML's own, which repeats the tag: an unquoted value that begins with `!` is one."""
        raise ConstructorError(None, None, "found a tag", node.start_mark)


_Loader.yaml_constructors[None] = _Loader.construct_undefined


def parse(file: str, data: bytes) -> tuple[list[Document], list[Diagnostic]]:
    """Read all YAML documents of `data`, the bytes of `file` (a name for messages).

    Documents that hold nothing are left out. What cannot be read is a diagnostic; the documents before it are returned.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        before = broken.object[: broken.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        place = Location(file, line, len(before) - before.rfind("\n"))
        return [], [error("The file is not UTF-8.", location=place, hint="save it as UTF-8")]
    documents: list[Document] = []
    problems: list[Diagnostic] = []
    try:
        for node, value, duplicates in _nodes(text):
            duplicates.sort(key=lambda one: one[0].index)
            problems += [_duplicate(file, *one) for one in duplicates]
            if value is not None:
                documents.append(Document(file, value, node))
    except yaml.reader.ReaderError as broken:
        problems.append(_unreadable(file, text, broken))
    except yaml.MarkedYAMLError as broken:
        problems.append(_invalid(file, text, broken))
    return documents, problems


def _nodes(text: str) -> Iterator[tuple[yaml.Node, Any, list[tuple[Any, Any]]]]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            value = loader.construct_document(node)
            yield node, value, loader.duplicates
    finally:
        loader.dispose()


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Return (key, value) nodes of one step down; a list's item is its own key.

    The last of several equal keys is the one in force: merged keys stand before a map's own.
    """
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):
            if key.value == step:
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _place(file: str, mark: Any) -> Location:
    return Location(file, mark.line + 1, mark.column + 1)


def _duplicate(file: str, again: Any, first: Any) -> Diagnostic:
    return error(
        "A key is written twice.",
        location=_place(file, again),
        hint=f"keep one; the other is at line {first.line + 1}",
    )


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


def _invalid(file: str, text: str, broken: yaml.MarkedYAMLError) -> Diagnostic:
    """What PyYAML quotes may be a value of the file, so it is left out."""
    mark = broken.problem_mark or broken.context_mark
    said = _QUOTED.sub("…", ", ".join(filter(None, (broken.context, broken.problem))))
    place = _place(file, mark) if mark else Location(file, 1, 1)
    lines = text.split("\n", place.line)
    there = lines[place.line - 1][place.column - 1 :] if len(lines) >= place.line else ""
    return error("This is not valid YAML.", detail=said, location=place, hint=_yaml_hint(said, there))


def _yaml_hint(said: str, there: str) -> str:
    """Return the next step. `there` is the line from the place of the error on."""
    if there.startswith("\t"):
        return "indent with spaces: YAML forbids tabs there"
    if "not plain text" in said:
        return "quote text that holds { or [; placeholders such as {{ name }} are not filled in here"
    if "found a tag" in said:
        return "put text that begins with ! in quotes; values here are plain text, numbers, lists and maps"
    if "levels of nesting" in said or "repeat" in said or "inside what it stands for" in said:
        return "write it out flat: nothing here is deeper than a few levels"
    if "its type cannot hold" in said or there.startswith(("@", "`", "%", "*", "&")):
        return "put the value in quotes"
    if "mapping values are not allowed" in said:
        return "look for a missing quote or wrong indentation on this line or the one above"
    return "look at this line and the one above: indentation, quotes, brackets"
