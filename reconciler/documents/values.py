"""Turns YAML nodes into plain values, and is stricter than PyYAML.

Keys are text, and a map has each key once. Nesting and repetition have limits. A tag never constructs an object.
"""

import re
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor

INVALID_YAML = "This is not valid YAML."
DEEPEST = 100
_MOST_REPEATED = 1_000_000
"""How many characters and nodes a document may have beyond its own text, once its aliases are written out.

A few lines of aliases can expand to gigabytes.
"""

_STR = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_SEQ = "tag:yaml.org,2002:seq"
_MAP = "tag:yaml.org,2002:map"
_SAFE = SafeConstructor()
_SCALARS = {
    "tag:yaml.org,2002:null": _SAFE.construct_yaml_null,
    "tag:yaml.org,2002:bool": _SAFE.construct_yaml_bool,
    "tag:yaml.org,2002:int": _SAFE.construct_yaml_int,
    "tag:yaml.org,2002:float": _SAFE.construct_yaml_float,
}
_AMBIGUOUS = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)[eE][-+]?\d+|0o[0-7]+|\d{4}-\d{1,2}-\d{1,2}([Tt\s].*)?")
"""Unquoted text that other YAML readers read as a number (YAML 1.2) or as a date (YAML 1.1)."""

_NUMERIC = frozenset("0123456789+-.")
_KINDS = {_STR: "scalar", _SEQ: "sequence", _MAP: "mapping"} | dict.fromkeys(_SCALARS, "scalar")


_ALIASES_HINT = "write the values out instead of using & and *; if this file is not a manifest, move it, or narrow `manifests`"
_PLACEHOLDER_HINT = (
    "reconciler does not fill in placeholders such as {{ name }}: for a credential write { fromEnv: NAME }; "
    "put any other text in quotes"
)
_TAG_HINT = (
    "reconciler does not support tags such as !vault: for a credential write { fromEnv: NAME }; put any other text in quotes"
)


class Invalid(ConstructorError):
    """YAML allows the document, but reconciler does not.

    `problem` quotes nothing of the file. `hint` is the next step, "" if the parser's general hints fit.
    """

    def __init__(self, problem: str, mark: Any, hint: str = "") -> None:
        super().__init__(None, None, problem, mark)
        self.hint = hint


def too_deep(mark: Any) -> Invalid:
    """Return the error of a document that has more than `DEEPEST` levels; `mark` is where the first one too many begins."""
    hint = "a manifest has only a few levels; if this file is not a manifest, move it, or narrow `manifests`"
    return Invalid(f"found more than {DEEPEST} levels of nesting", mark, hint)


class Values:
    """Builds the plain values of one document, whose text has `characters` characters.

    `duplicates` has a pair of marks for each key that is written twice: the second place and the first. `ambiguous` has the
    marks of unquoted text that other YAML readers do not read as text.
    """

    def __init__(self, characters: int) -> None:
        self._most = 2 * characters + _MOST_REPEATED
        self.duplicates: list[tuple[Any, Any]] = []
        self.ambiguous: list[Any] = []
        self._depth = self._size = 0
        self._built: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()

    def value_of(self, node: yaml.Node) -> Any:
        """Return the plain value of `node`. Raises `Invalid`."""
        if isinstance(node, yaml.ScalarNode):
            self._grow(1 + len(node.value), node)
            if node.tag != _STR:
                return _scalar(node)
            if node.value[:1] in _NUMERIC and not node.style and _AMBIGUOUS.fullmatch(node.value):
                self.ambiguous.append(node.start_mark)
            return node.value
        if (built := self._built.get(id(node))) is not None:
            self._grow(built[1], node)
            return built[0]
        if id(node) in self._open:
            raise Invalid("found an alias inside its own anchor", node.start_mark, _ALIASES_HINT)
        if node.tag != (_MAP if isinstance(node, yaml.MappingNode) else _SEQ):
            raise _wrong_tag(node)
        if self._depth >= DEEPEST:
            raise too_deep(node.start_mark)
        before = self._size
        self._grow(1, node)
        self._depth += 1
        self._open.add(id(node))
        value = self._mapping(node) if isinstance(node, yaml.MappingNode) else [self.value_of(item) for item in node.value]
        self._open.remove(id(node))
        self._depth -= 1
        self._built[id(node)] = value, self._size - before
        return value

    def _grow(self, by: int, node: yaml.Node) -> None:
        self._size += by
        if self._size > self._most:
            raise Invalid("found aliases that expand to too much text", node.start_mark, _ALIASES_HINT)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        first: dict[str, Any] = {}
        merges = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Invalid("found a key that is not plain text", key.start_mark, _PLACEHOLDER_HINT)
            if key.tag == _MERGE:
                merges.append(value)
            elif key.value in first:
                self.duplicates.append((key.start_mark, first[key.value]))
            else:
                first[key.value] = key.start_mark
            self._size += len(key.value)
        if merges:
            node.value = [
                *(pair for value in merges for pair in self._merged_pairs(value)),
                *((key, value) for key, value in node.value if key.tag != _MERGE),
            ]
        return {key.value: self.value_of(value) for key, value in node.value}

    def _merged_pairs(self, node: yaml.Node) -> list[Any]:
        """Return the pairs that a `<<` merges in. The first of several maps comes last, since the last value of a key wins."""
        maps = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for merged in maps:
            if not isinstance(merged, yaml.MappingNode):
                raise Invalid("expected a mapping or list of mappings for merging", merged.start_mark)
            self.value_of(merged)
        return [pair for merged in reversed(maps) for pair in merged.value]


def _scalar(node: yaml.ScalarNode) -> Any:
    """Return the value of a scalar that is not text.

    PyYAML raises errors of many kinds here (ValueError, KeyError, IndexError), and quotes the value in them.
    """
    if node.tag == _MERGE:
        return node.value
    construct = _SCALARS.get(node.tag)
    if construct is None:
        raise _wrong_tag(node)
    try:
        return construct(node)
    except (ValueError, LookupError):
        raise Invalid("found a value that does not fit its type", node.start_mark, "put the value in quotes") from None


def _wrong_tag(node: Any) -> Invalid:
    """Return an error that does not quote the tag, as PyYAML would: an unquoted secret that begins with `!` is a tag."""
    kind = _KINDS.get(node.tag)
    if kind:
        return Invalid(f"expected a {kind} node, but found {node.id}", node.start_mark)
    return Invalid("found a tag", node.start_mark, _TAG_HINT)
