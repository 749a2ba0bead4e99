"""YAML nodes to plain values, stricter than PyYAML: keys are text and written once, nothing is deep or repeated without end,
and a tag makes nothing."""

import re
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor

INVALID = "This is not valid YAML."
DEEPEST = 100
_MOST_REPEATED = 1_000_000
"""Characters and nodes of one document once its aliases are written out: a few lines can stand for gigabytes."""

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
_ELSEWHERE = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)[eE][-+]?\d+|0o[0-7]+|\d{4}-\d{1,2}-\d{1,2}([Tt\s].*)?")
"""Unquoted text that other YAML readers take for a number (YAML 1.2) or a date (YAML 1.1)."""

_NUMERIC = frozenset("0123456789+-.")
_KINDS = {_STR: "scalar", _SEQ: "sequence", _MAP: "mapping"} | dict.fromkeys(_SCALARS, "scalar")


class Invalid(ConstructorError):
    """A document that YAML allows and this does not; `problem` repeats nothing of it."""

    def __init__(self, problem: str, mark: Any) -> None:
        super().__init__(None, None, problem, mark)


class Values:
    """The values of one document, of `characters` at most.

    `duplicates` are the marks of keys written twice: (the second, the first); `surprises` those of text that other readers
    of YAML take for something else.
    """

    def __init__(self, characters: int) -> None:
        self._most = 2 * characters + _MOST_REPEATED
        self.duplicates: list[tuple[Any, Any]] = []
        self.surprises: list[Any] = []
        self._depth = self._size = 0
        self._made: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()

    def value_of(self, node: yaml.Node) -> Any:
        """Return the value of `node`. Raises `Invalid`."""
        if isinstance(node, yaml.ScalarNode):
            self._grow(1 + len(node.value), node)
            if node.tag != _STR:
                return _scalar(node)
            if node.value[:1] in _NUMERIC and not node.style and _ELSEWHERE.fullmatch(node.value):
                self.surprises.append(node.start_mark)
            return node.value
        if (made := self._made.get(id(node))) is not None:
            self._grow(made[1], node)
            return made[0]
        if id(node) in self._open:
            raise Invalid("found an alias inside what it stands for", node.start_mark)
        if node.tag != (_MAP if isinstance(node, yaml.MappingNode) else _SEQ):
            raise _wrong_tag(node)
        if self._depth >= DEEPEST:
            raise Invalid(f"found more than {DEEPEST} levels of nesting", node.start_mark)
        before = self._size
        self._grow(1, node)
        self._depth += 1
        self._open.add(id(node))
        value = self._mapping(node) if isinstance(node, yaml.MappingNode) else [self.value_of(item) for item in node.value]
        self._open.remove(id(node))
        self._depth -= 1
        self._made[id(node)] = value, self._size - before
        return value

    def _grow(self, by: int, node: yaml.Node) -> None:
        self._size += by
        if self._size > self._most:
            raise Invalid("found aliases that repeat too much", node.start_mark)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        first: dict[str, Any] = {}
        merges = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Invalid("found a key that is not plain text", key.start_mark)
            if key.tag == _MERGE:
                merges.append(value)
            elif key.value in first:
                self.duplicates.append((key.start_mark, first[key.value]))
            else:
                first[key.value] = key.start_mark
            self._size += len(key.value)
        if merges:
            node.value = [
                *(pair for merged in merges for pair in self._merged(merged)),
                *((key, value) for key, value in node.value if key.tag != _MERGE),
            ]
        return {key.value: self.value_of(value) for key, value in node.value}

    def _merged(self, node: yaml.Node) -> list[Any]:
        """Return the pairs that a `<<` brings in, those of the first of several maps last: it wins."""
        maps = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for one in maps:
            if not isinstance(one, yaml.MappingNode):
                raise Invalid("expected a mapping or list of mappings for merging", one.start_mark)
            self.value_of(one)
        return [pair for one in reversed(maps) for pair in one.value]


def _scalar(node: yaml.ScalarNode) -> Any:
    """PyYAML's own errors are of any kind here (ValueError, KeyError, IndexError) and repeat the value."""
    if node.tag == _MERGE:
        return node.value
    construct = _SCALARS.get(node.tag)
    if construct is None:
        raise _wrong_tag(node)
    try:
        return construct(node)
    except (ValueError, LookupError):
        raise Invalid("found a value that its type cannot hold", node.start_mark) from None


def _wrong_tag(node: Any) -> Invalid:
    """PyYAML repeats the tag: an unquoted value that begins with `!` is one."""
    kind = _KINDS.get(node.tag)
    return Invalid(f"expected a {kind} node, but found {node.id}" if kind else "found a tag", node.start_mark)
