"""YAML with libyaml's parser, kept together with its node tree so that every value has a line and a column.

Whatever bytes come in, what goes out are documents and diagnostics; and no diagnostic repeats a value of the file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import Resolver
from yaml.scanner import Scanner

from reconciler.documents.values import DEEPEST, INVALID, Invalid, Values
from reconciler.model import Diagnostic, Location, Source, error, warning
from reconciler.model.source import Shown

Path = Sequence[str | int]

_NOTHING_KNOWN: Mapping[str, Shown] = MappingProxyType({})
_SURELY_FLAT = 4000
"""Characters: a text this short cannot nest deeply enough to overflow the stack of libyaml's composer."""

_MARK = re.compile(r"^(?:---(?=\s|\Z)|(?P<end>\.\.\.(?=\s|\Z)[^\n]*\n?))", re.MULTILINE)
"""Where a document begins or ends."""
_ONLY_DIRECTIVES = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n|%[^\n]*\n)+")

_LINE = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_QUOTED = re.compile(r"""(?!':')(['"]).+\1""")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its plain `value` (dicts with text keys, lists, scalars) and the nodes it was made from."""

    file: str
    value: Any
    node: yaml.Node
    source: Source

    def location(self, path: Path = ()) -> Location:
        """Return where the value at `path` begins; of a path that is not there, the nearest parent that is."""
        node = self.node
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            node = found[1]
        return _place(self.file, node.start_mark, self.source)

    def key_location(self, path: Path) -> Location:
        """Return where the key of the value at `path` stands (of a list's item, the item)."""
        parent = self.node
        for step in path[:-1]:
            found = _child(parent, step)
            if found is None:
                return _place(self.file, parent.start_mark, self.source)
            parent = found[1]
        found = _child(parent, path[-1])
        return _place(self.file, (found[0] if found else parent).start_mark, self.source)


def _as_yaml_says(resolvers: Mapping[str, Any]) -> dict[str, Any]:
    """What plain scalars are read as, but for dates and `=`, which stay text."""
    text = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}
    return {first: [(tag, form) for tag, form in known if tag not in text] for first, known in resolvers.items()}


if hasattr(yaml, "CSafeLoader"):
    from yaml._yaml import CParser

    class _Loader(CParser, Resolver):
        """libyaml's own composer: text to nodes."""

        yaml_implicit_resolvers = _as_yaml_says(yaml.SafeLoader.yaml_implicit_resolvers)

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Resolver.__init__(self)

else:

    class _Loader(Reader, Scanner, Parser, Composer, Resolver):  # type: ignore[no-redef]
        """The same in Python, where PyYAML came without libyaml."""

        yaml_implicit_resolvers = _as_yaml_says(yaml.SafeLoader.yaml_implicit_resolvers)

        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            for base in (Scanner, Parser, Composer, Resolver):
                base.__init__(self)


def parse_yaml(file: str, data: bytes, keys: Mapping[str, Shown] = _NOTHING_KNOWN) -> Iterator[Document | Diagnostic]:
    """Read the YAML documents of `data`, the bytes of `file` (a name for messages), one after the other.

    Documents that hold nothing are left out. What cannot be read is a diagnostic; the documents before it and after it are
    read all the same. `keys` are those that the messages may quote.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        before = broken.object[: broken.start].decode("utf-8", "replace")
        place = Location(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        detail = "It begins as UTF-16 does." if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ""
        yield error("The file is not UTF-8.", detail=detail, location=place, hint="save it as UTF-8")
        return
    for source, part in _parts(text, keys):
        try:
            yield from _documents(file, part, source)
        except ReaderError as broken:
            yield _unreadable(file, part, broken, source)
        except yaml.MarkedYAMLError as broken:
            yield _invalid(file, part, broken, source)


def _parts(text: str, keys: Mapping[str, Shown]) -> Iterator[tuple[Source, str]]:
    """Return the text from each `---` to the next: an error in one document hides nothing of the others."""
    first = begin = 0
    for end in [*(found.end() if found["end"] else found.start() for found in _MARK.finditer(text)), len(text)]:
        part = text[begin:end]
        if part and not ("%" in part and end < len(text) and _ONLY_DIRECTIVES.fullmatch(part)):  # they are the next one's
            yield Source(part, keys, first + 1), part
            first += len(_LINE.findall(part))
            begin = end


def _documents(file: str, text: str, source: Source) -> Iterator[Document | Diagnostic]:
    if len(text) > _SURELY_FLAT:
        _refuse_depth(text)
    loader = _Loader(text)
    try:
        while loader.check_node():
            values = Values(len(text))
            node: Any = loader.get_node()
            value = values.value_of(node)
            values.duplicates.sort(key=lambda pair: pair[0].index)
            for again, before in values.duplicates:
                yield error(
                    "A key is written twice.",
                    location=_place(file, again, source),
                    hint=f"keep one; the other is at line {before.line + source.first}",
                )
            for mark in values.surprises:
                yield warning(
                    "This is text here, and a number or a date to other readers of YAML.",
                    location=_place(file, mark, source),
                    hint="put it in quotes",
                )
            if value is not None:
                yield Document(file, value, node, source.parsed())
    finally:
        loader.dispose()


def _refuse_depth(text: str) -> None:
    """libyaml's parser has no limit of depth, but its composer overflows the stack of the process."""
    depth = 0
    for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise Invalid(f"found more than {DEEPEST} levels of nesting", event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


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


def _place(file: str, mark: Any, source: Source) -> Location:
    return Location(file, mark.line + source.first, mark.column + 1, source)


def _unreadable(file: str, text: str, broken: ReaderError, source: Source) -> Diagnostic:
    """libyaml gives the offset in UTF-8 bytes, the Python reader in characters; the first bad character settles both."""
    at = next((match.start() for match in Reader.NON_PRINTABLE.finditer(text)), 0)
    place = Location(file, text.count("\n", 0, at) + source.first, at - text.rfind("\n", 0, at), source)
    return error(
        "The file holds a character that YAML forbids.",
        detail=str(broken.reason),
        location=place,
        hint="remove the control character; a text file has none",
    )


def _invalid(file: str, text: str, broken: yaml.MarkedYAMLError, source: Source) -> Diagnostic:
    """What PyYAML quotes may be a value of the file, so it is left out."""
    mark = broken.problem_mark or broken.context_mark
    said = _QUOTED.sub("…", ", ".join(filter(None, (broken.context, broken.problem))))
    if broken.context_mark and mark and broken.context_mark.line < mark.line:
        said += f" (it begins at line {broken.context_mark.line + source.first})"
    place = _place(file, mark, source) if mark else Location(file, source.first, 1, source)
    number = place.line - source.first
    lines = text.split("\n", number + 1)
    if number and len(lines) == number + 1 and not lines[number]:  # behind the last line there is nothing to show
        number -= 1
        place = Location(file, place.line - 1, len(lines[number].rstrip("\r")) or 1, source)
        said += ", and the document ends"
    there = lines[number][place.column - 1 :] if len(lines) > number else ""
    return error(INVALID, detail=said, location=place, hint=_yaml_hint(said, there))


def _yaml_hint(said: str, there: str) -> str:
    """Return the next step. `there` is the line from the place of the error on."""
    if there.startswith("\t"):
        return "indent with spaces: YAML forbids tabs there"
    if "not plain text" in said:
        return (
            "placeholders such as {{ name }} are not filled in; for a credential write { fromEnv: NAME }, else put it in quotes"
        )
    if "duplicate anchor" in said:
        return "give the second anchor another name"
    if "found a tag" in said:
        return "tags such as !vault do nothing here; for a credential write { fromEnv: NAME }, else put the value in quotes"
    if "repeat" in said or "inside what it stands for" in said:
        return "write the values out instead of & and *; if it is none of ours, move the file, or narrow `manifests`"
    if "levels of nesting" in said:
        return "nothing of ours is deeper than a few levels; move the file, or narrow `manifests`"
    if "its type cannot hold" in said or there.startswith(("@", "`", "%", "*", "&")):
        return "put the value in quotes"
    if "mapping values are not allowed" in said:
        return "look for a missing quote or wrong indentation on this line or the one above"
    if "it begins at line" in said:
        return "look for a quote or bracket that is not closed, or wrong indentation, from there to here"
    if said.endswith("the document ends"):
        return "close the quote or bracket that is open; remove the document if there is nothing in it"
    return "look at this line and the one above: indentation, quotes, brackets"
