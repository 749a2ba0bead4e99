"""Parses YAML with libyaml, and keeps the tree of nodes, so that every value has a line and a column.

Any bytes lead to documents and diagnostics, never to an exception. No diagnostic quotes a value of the file.
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

from reconciler.documents.values import DEEPEST, INVALID_YAML, Invalid, Values, too_deep
from reconciler.model import Diagnostic, Location, Source, error, warning
from reconciler.model.source import Shown

Path = Sequence[str | int]

_NOTHING_KNOWN: Mapping[str, Shown] = MappingProxyType({})
_SURELY_FLAT = 4000
"""Characters. A shorter text cannot nest deeply enough to overflow the stack of libyaml's composer."""

_MARK = re.compile(r"^(?:---(?=\s|\Z)|(?P<end>\.\.\.(?=\s|\Z)[^\n]*\n?))", re.MULTILINE)
"""Matches where a document begins or ends."""
_ONLY_DIRECTIVES = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n|%[^\n]*\n)+")

_LINE = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_QUOTED = re.compile(r"""(?!':')(['"]).+\1""")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a file.

    `value` is its content as plain dicts with text keys, lists and scalars. `node` is the tree that the value was built from;
    it knows where everything stands.
    """

    file: str
    value: Any
    node: yaml.Node
    source: Source

    def location(self, path: Path = ()) -> Location:
        """Return where the value at `path` begins. If there is no such value, return where its nearest parent begins."""
        node = self.node
        for step in path:
            child = _child(node, step)
            if child is None:
                break
            node = child[1]
        return _place(self.file, node.start_mark, self.source)

    def key_location(self, path: Path) -> Location:
        """Return where the key of the value at `path` begins. A list item has no key: then return where the item begins."""
        parent = self.node
        for step in path[:-1]:
            child = _child(parent, step)
            if child is None:
                return _place(self.file, parent.start_mark, self.source)
            parent = child[1]
        child = _child(parent, path[-1])
        return _place(self.file, (child[0] if child else parent).start_mark, self.source)


def _resolvers(resolvers: Mapping[str, Any]) -> dict[str, Any]:
    """Return PyYAML's rules for plain scalars without those for dates and `=`: reconciler reads both as text."""
    text = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}
    return {first: [(tag, form) for tag, form in rules if tag not in text] for first, rules in resolvers.items()}


if hasattr(yaml, "CSafeLoader"):
    from yaml._yaml import CParser

    class _Loader(CParser, Resolver):
        """Turns text into nodes with libyaml's parser and composer."""

        yaml_implicit_resolvers = _resolvers(yaml.SafeLoader.yaml_implicit_resolvers)

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Resolver.__init__(self)

else:

    class _Loader(Reader, Scanner, Parser, Composer, Resolver):  # type: ignore[no-redef]
        """Does the same in Python, for a PyYAML that was built without libyaml."""

        yaml_implicit_resolvers = _resolvers(yaml.SafeLoader.yaml_implicit_resolvers)

        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            for base in (Scanner, Parser, Composer, Resolver):
                base.__init__(self)


def parse_yaml(file: str, data: bytes, keys: Mapping[str, Shown] = _NOTHING_KNOWN) -> Iterator[Document | Diagnostic]:
    """Yield each YAML document of `data`, and a diagnostic for each part that cannot be read.

    `data` is the content of a file, and `file` is the name that messages give it. `keys` has the keys that a message may
    quote. Empty documents are skipped. A broken document does not hide the documents before or after it.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        before = broken.object[: broken.start].decode("utf-8", "replace")
        place = Location(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        detail = "It looks like UTF-16." if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ""
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
    """Yield the text of each document by itself, so that an error in one does not hide the others."""
    first = begin = 0
    for end in [*(mark.end() if mark["end"] else mark.start() for mark in _MARK.finditer(text)), len(text)]:
        part = text[begin:end]
        only_directives = "%" in part and end < len(text) and _ONLY_DIRECTIVES.fullmatch(part)
        if part and not only_directives:  # directives belong to the next document
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
            for mark in values.ambiguous:
                yield warning(
                    "reconciler reads this as text, but other YAML readers read it as a number or a date.",
                    location=_place(file, mark, source),
                    hint="put it in quotes",
                )
            if value is not None:
                yield Document(file, value, node, source.mark_parsed())
    finally:
        loader.dispose()


def _refuse_depth(text: str) -> None:
    """Raise `Invalid` for a text that nests too deeply: libyaml's composer would overflow the stack of the process."""
    depth = 0
    for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise too_deep(event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the nodes of the key and the value that `step` leads to, None if there are none. A list item is its own key.

    Of several equal keys the last one counts: merged keys come before the map's own.
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
    """Return the diagnostic of a forbidden character.

    libyaml gives the offset in UTF-8 bytes, the Python reader in characters. So this looks for the character itself.
    """
    at = next((match.start() for match in Reader.NON_PRINTABLE.finditer(text)), 0)
    place = Location(file, text.count("\n", 0, at) + source.first, at - text.rfind("\n", 0, at), source)
    return error(
        "The file holds a character that YAML forbids.",
        detail=str(broken.reason),
        location=place,
        hint="remove the control character; a text file has none",
    )


def _invalid(file: str, text: str, broken: yaml.MarkedYAMLError, source: Source) -> Diagnostic:
    """Return the diagnostic of a text that is not YAML. It leaves out what PyYAML quotes, which may be a secret."""
    mark = broken.problem_mark or broken.context_mark
    problem = _QUOTED.sub("…", ", ".join(filter(None, (broken.context, broken.problem))))
    if broken.context_mark and mark and broken.context_mark.line < mark.line:
        problem += f" (it begins at line {broken.context_mark.line + source.first})"
    place = _place(file, mark, source) if mark else Location(file, source.first, 1, source)
    number = place.line - source.first
    lines = text.split("\n", number + 1)
    if number and len(lines) == number + 1 and not lines[number]:  # there is nothing to show after the last line
        number -= 1
        place = Location(file, place.line - 1, len(lines[number].rstrip("\r")) or 1, source)
        problem += ", and the document ends"
    there = lines[number][place.column - 1 :] if len(lines) > number else ""
    hint = broken.hint if isinstance(broken, Invalid) else ""
    return error(INVALID_YAML, detail=problem, location=place, hint=hint or _yaml_hint(problem, there))


def _yaml_hint(problem: str, there: str) -> str:
    """Return the next step for a `problem` of the parser. `there` is the rest of the line, from the place of the error."""
    if there.startswith("\t"):
        return "indent with spaces: YAML forbids tabs there"
    if "duplicate anchor" in problem:
        return "give the second anchor another name"
    if there.startswith(("@", "`", "%", "*", "&")):
        return "put the value in quotes"
    if "mapping values are not allowed" in problem:
        return "look for a missing quote or wrong indentation on this line or the one above"
    if "it begins at line" in problem:
        return "look for a quote or bracket that is not closed, or wrong indentation, from there to here"
    if problem.endswith("the document ends"):
        return "close the open quote or bracket; if the document is empty, remove it"
    return "look at this line and the one above: indentation, quotes, brackets"
