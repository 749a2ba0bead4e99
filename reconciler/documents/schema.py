"""JSON Schema findings in the user's words. The schema is the one source of truth; what to say and to write instead stands
in it too: a subschema may carry `x-problem` (what is wrong with a value it refuses) and `x-hint` (the next step).

Under `writeOnly` neither values nor keys that the schema does not know are shown: either may be a secret in a wrong place.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs

from reconciler.documents.yaml import Document, Path
from reconciler.model import Diagnostic, error
from reconciler.model.source import Shown

_LONGEST_SHOWN = 100
_TYPES = {
    "object": "a map of keys",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}


class Schema:
    """A JSON Schema (2020-12), given as the plain dict of its file.

    A fast validator says which documents are valid, `jsonschema` what is wrong with the others.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._quick = jsonschema_rs.Draft202012Validator(schema)

    def check(self, document: Document) -> list[Diagnostic]:
        """Return every problem of `document`, in the order they stand in the file.

        A document of another kind gets that said, and not every key of it called wrong.
        """
        if self.accepts(document.value):
            return []
        errors = list(self.findings(document.value))
        if other := [error for error in errors if list(error.absolute_path) == ["kind"] and not _near(error)]:
            errors = other
        found = [problem for error in errors for problem in _explain(document, error)]
        return sorted(found, key=lambda problem: problem.location or document.location())

    def accepts(self, value: Any) -> bool:
        """Tell whether `value` is valid, as fast as can be told: what it does not know it leaves to `check`."""
        try:
            return self._quick.is_valid(value)
        except ValueError:  # a number that JSON does not have
            return False

    def findings(self, value: Any) -> Iterator[Any]:
        """Return what `jsonschema` finds wrong with `value`, whatever the fast validator says."""
        found: Iterator[Any] = self._thorough.iter_errors(value)
        return found

    @cached_property
    def keys(self) -> Mapping[str, Shown]:
        """The keys of this schema, with what a message may quote of each. Of a key in several places: the least, but for the
        places inside of a reference: where the whole is not shown, its parts hide nothing elsewhere."""
        found: dict[str, Shown] = {}
        inside: dict[str, Shown] = {}
        for key, shown, within in _keys(self._schema, self._schema):
            into = inside if within else found
            into[key] = min(into.get(key, shown), shown, key=_LEAST.index)
        return inside | found

    @cached_property
    def _thorough(self) -> Any:
        from jsonschema import Draft202012Validator, validators

        extended: Any = validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
        return extended(self._schema)


class Kinds:
    """The schemas of documents that may stand in the same files, by their `kind`.

    A document of none of these kinds is told what is wrong by the schema of the nearest one, else by the first.
    """

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def check(self, document: Document) -> list[Diagnostic]:
        """See `Schema.check`."""
        return self._of(document.value).check(document)

    def _of(self, value: Any) -> Schema:
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            kind = ""
        found = self._schemas.get(kind) or self._schemas.get(_nearest(kind, self._schemas))
        return found or next(iter(self._schemas.values()))

    @cached_property
    def keys(self) -> Mapping[str, Shown]:
        """See `Schema.keys`; of a key that several kinds have, the least."""
        found: dict[str, Shown] = {}
        for schema in self._schemas.values():
            for key, shown in schema.keys.items():
                found[key] = min(found.get(key, shown), shown, key=_LEAST.index)
        return found


_LEAST = (Shown.NAME, Shown.KEYS, Shown.ANY_KEYS, Shown.VALUE)


def _keys(schema: Mapping[str, Any], root: Mapping[str, Any], *, secret: bool = False) -> Iterator[tuple[str, Shown, bool]]:
    """Return every key that a subschema knows, what is shown of it, and whether it is under `writeOnly`: what follows such a
    key is never shown."""
    secret = secret or bool(schema.get("writeOnly"))
    for key, under in schema.get("properties", {}).items():
        resolved = under | (root["$defs"][under["$ref"].rpartition("/")[2]] if "$ref" in under else {})
        private = secret or bool(resolved.get("writeOnly"))
        yield key, Shown.NAME if private else _shown(resolved), secret
        yield from _keys(resolved, root, secret=private)
    if isinstance(schema.get("items"), Mapping):
        yield from _keys(schema["items"], root, secret=secret)


def _shown(schema: Mapping[str, Any]) -> Shown:
    if schema.get("type") == "object":
        return Shown.ANY_KEYS if isinstance(schema.get("additionalProperties"), Mapping) else Shown.KEYS
    return Shown.KEYS if schema.get("items", {}).get("type") == "object" else Shown.VALUE


def _pattern(validator: Any, pattern: str, value: object, schema: Mapping[str, Any]) -> Iterator[Any]:
    """JSON Schema's `$` is the end; Python's also stands before a last line break, which a block of text has."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), value):
        yield ValidationError("does not match")


def _explain(document: Document, found: Any) -> Iterator[Diagnostic]:
    path: Path = list(found.absolute_path)
    rule: str = str(found.validator)
    schema: Mapping[str, Any] = found.schema if isinstance(found.schema, Mapping) else {}
    hint = str(schema.get("x-hint", ""))
    where = _dotted(path)
    if rule == "additionalProperties":
        secret = schema.get("writeOnly")
        known = list(schema.get("properties", {}))
        for key in found.instance.keys() - set(known):
            near = _nearest(key, known)
            unknown = "This key (not shown: it may be a value)" if secret else f"`{_short(key)}`"
            yield error(
                f"{unknown} is not a key of {where}.",
                location=document.key_location([*path, key]),
                hint=f"did you mean `{near}`?" if near else hint if secret and hint else f"known here: {', '.join(known)}",
            )
    elif rule == "required":
        meant = {_nearest(key, schema.get("properties", {})) for key in found.instance}
        missing = [key for key in found.validator_value if key not in found.instance and key not in meant]
        if missing and found.message.startswith(repr(missing[0])):  # iter_errors gives one finding a key: say them once
            keys = ", ".join(f"`{key}`" for key in missing)
            place = document.key_location(path) if path else document.location()
            add = hint or f"add {'it' if len(missing) == 1 else 'them'}: {_described(schema, missing)}"
            yield error(_capital(f"{where} lacks {keys}."), location=place, hint=add)
    else:
        sentence = _capital(_sentence(found, rule, where, schema))
        yield error(sentence, location=document.location(path), hint=_next(found, rule, hint))


def _nearest(key: str, known: Iterable[str]) -> str:
    """Return the known key that was probably meant by one that is none, "" if there is none so near."""
    near = [] if key in known else difflib.get_close_matches(key[:_LONGEST_SHOWN], list(known), n=1, cutoff=0.6)
    return near[0] if near else ""


def _described(schema: Mapping[str, Any], keys: Iterable[str]) -> str:
    return " ".join(f"`{key}`: {schema['properties'][key].get('description', 'see the reference.')}" for key in keys)


def _sentence(found: Any, rule: str, where: str, schema: Mapping[str, Any]) -> str:
    if problem := schema.get("x-problem"):
        return f"{where} {problem}."
    wanted, value = found.validator_value, found.instance
    shown = "" if schema.get("writeOnly") or not isinstance(value, str) or len(value) > _LONGEST_SHOWN else f" `{value}`"
    match rule:
        case "type":
            types = [wanted] if isinstance(wanted, str) else list(wanted)
            return f"{where} must be {' or '.join(_TYPES[name] for name in types)}, not {_kind(value)}."
        case "const" | "enum":
            choices = [wanted] if rule == "const" else wanted
            few = "one of " if len(choices) > 1 else ""
            return f"{where} must be {few}{', '.join(f'`{one}`' for one in choices)}, not{shown or ' ' + _kind(value)}."
        case "pattern" | "minLength" | "minItems" if not value:
            return f"{where} must not be empty."
        case "pattern":
            return f"{where} cannot be{shown or ' what is written here'}."
        case "maxLength":
            return f"{where} is longer than {wanted} characters."
        case "minProperties":
            return f"{where} is empty."
        case "maxProperties" if schema.get("writeOnly"):
            return f"{where} says twice where its value comes from."
        case "maxProperties":
            return f"{where} has {len(value)} keys; it takes {'one' if wanted == 1 else wanted}."
        case "minimum" | "maximum":
            return f"{where} must be {'at least' if rule == 'minimum' else 'at most'} {wanted}."
        case "uniqueItems":
            return f"{where} names something twice."
        case _:
            return f"{where} is not possible like this."


def _next(found: Any, rule: str, hint: str) -> str:
    value = found.instance
    if found.schema.get("writeOnly") and rule in {"minProperties", "maxProperties"}:
        known = [key for key in found.schema.get("properties", {}) if key in value]
        return f"keep one: {' or '.join(known)}" if known else "write { fromEnv: NAME } or { fromFile: path }"
    if near := _near(found):
        return f"did you mean `{near}`?"
    if rule == "type" and found.validator_value in ("string", ["string", "null"]) and isinstance(value, bool | int | float):
        return f"put it in quotes: YAML reads it as {_kind(value)}"
    return hint or ("write a value, or remove the key" if rule == "type" and value is None else "")


def _near(found: Any) -> str:
    """Return the choice that was probably meant, if any."""
    value = found.instance
    if found.validator not in {"enum", "const"} or not isinstance(value, str):
        return ""
    wanted = found.validator_value if found.validator == "enum" else [found.validator_value]
    return _nearest(value, [str(one) for one in wanted])


def _kind(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case int():
            return "a number"
        case float():
            return "a number with a point"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a map of keys"


def _dotted(path: Path) -> str:
    if not path:
        return "the document"
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_short(step)}" for step in path)
    return f"`{text.removeprefix('.')}`"


def _short(key: str) -> str:
    return key if len(key) <= 60 else f"{key[:60]}…"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
