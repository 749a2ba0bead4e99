"""Checks documents against a JSON Schema, and explains each violation in plain words.

The schema is the only source of truth, also for the words. A subschema may have an `x-problem`, which says what is wrong with
a value that it refuses, and an `x-hint`, which says what to write instead.

Under `writeOnly` no message shows a value, or a key that the schema does not know: either may be a secret in a wrong place.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any

import jsonschema_rs

from reconciler.documents.yaml import Document, Path
from reconciler.model import Diagnostic, error
from reconciler.model.source import Shown

_LONGEST_SHOWN = 100
_MOST_COMPARED = 50
"""How many violations of a stored document are looked at to find the one that says most."""
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
    """A JSON Schema (2020-12), made from the plain dict of its file.

    A fast validator tells which documents are valid. `jsonschema` then finds what is wrong with the others.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._fast = jsonschema_rs.Draft202012Validator(schema)

    def check(self, document: Document) -> list[Diagnostic]:
        """Return every problem of `document`, in the order of the file.

        A document of another kind has only that one problem: its other keys are not judged.
        """
        if self.accepts(document.value):
            return []
        errors = list(self.violations(document.value))
        if wrong_kind := [error for error in errors if list(error.absolute_path) == ["kind"] and not _meant_choice(error)]:
            errors = wrong_kind
        problems = [problem for error in errors for problem in _explain(document, error)]
        return sorted(problems, key=lambda problem: problem.location or document.location())

    def accepts(self, value: Any) -> bool:
        """Tell whether the fast validator accepts `value`. It also refuses the few values that it cannot judge."""
        try:
            return self._fast.is_valid(value)
        except ValueError:  # JSON has no such number
            return False

    def violation(self, value: Any) -> str:
        """Return what is wrong with `value` in a clause that names the place, "" if nothing is.

        It is for documents that reconciler stores itself: people see that such a document cannot be used and why, and there is
        no line to correct.
        """
        if self.accepts(value):
            return ""
        from jsonschema.exceptions import best_match

        worst: Any = best_match(islice(self.violations(value), _MOST_COMPARED))
        if worst is None:
            return "it has a number that is too large, or its values are nested too deeply"
        where, rule = _path_text(list(worst.absolute_path)), str(worst.validator)
        schema: Mapping[str, Any] = worst.schema if isinstance(worst.schema, Mapping) else {}
        if rule == "required":
            return f"{where} lacks `{next(key for key in worst.validator_value if key not in worst.instance)}`"
        return _sentence(worst, rule, where, schema).removesuffix(".")

    def violations(self, value: Any) -> Iterator[Any]:
        """Yield the errors that `jsonschema` finds in `value`. The fast validator has no say in this."""
        errors: Iterator[Any] = self._thorough.iter_errors(value)
        return errors

    @cached_property
    def keys(self) -> Mapping[str, Shown]:
        """The keys of this schema, and how much a message may quote of each.

        If the schema has a key in several places, the most careful of them counts. Places inside `writeOnly` count only if
        the key is nowhere else: nothing in there is quoted anyway.
        """
        public: dict[str, Shown] = {}
        secret: dict[str, Shown] = {}
        for key, shown, inside_secret in _keys(self._schema, self._schema):
            keys = secret if inside_secret else public
            keys[key] = min(keys.get(key, shown), shown, key=_CAREFUL_FIRST.index)
        return secret | public

    @cached_property
    def _thorough(self) -> Any:
        from jsonschema import Draft202012Validator, validators

        extended: Any = validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
        return extended(self._schema)


class Kinds:
    """The schemas of the kinds of documents that one file may hold, by the document's `kind`.

    A document of an unknown kind is checked against the schema of the kind with the most similar name. If no name is similar,
    it is checked against the first schema.
    """

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def check(self, document: Document) -> list[Diagnostic]:
        """See `Schema.check`."""
        return self._schema_for(document.value).check(document)

    def _schema_for(self, value: Any) -> Schema:
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            kind = ""
        schema = self._schemas.get(kind) or self._schemas.get(_nearest(kind, self._schemas))
        return schema or next(iter(self._schemas.values()))

    @cached_property
    def keys(self) -> Mapping[str, Shown]:
        """See `Schema.keys`. If several kinds have a key, the most careful of them counts."""
        keys: dict[str, Shown] = {}
        for schema in self._schemas.values():
            for key, shown in schema.keys.items():
                keys[key] = min(keys.get(key, shown), shown, key=_CAREFUL_FIRST.index)
        return keys


_CAREFUL_FIRST = (Shown.NAME, Shown.KEYS, Shown.ANY_KEYS, Shown.VALUE)


def _keys(schema: Mapping[str, Any], root: Mapping[str, Any], *, secret: bool = False) -> Iterator[tuple[str, Shown, bool]]:
    """Yield every key that a subschema knows, how much a message may quote of it, and whether it is under `writeOnly`."""
    secret = secret or bool(schema.get("writeOnly"))
    for key, subschema in schema.get("properties", {}).items():
        resolved = subschema | (root["$defs"][subschema["$ref"].rpartition("/")[2]] if "$ref" in subschema else {})
        private = secret or bool(resolved.get("writeOnly"))
        yield key, Shown.NAME if private else _quotable(resolved), secret
        yield from _keys(resolved, root, secret=private)
    if isinstance(schema.get("items"), Mapping):
        yield from _keys(schema["items"], root, secret=secret)


def _quotable(schema: Mapping[str, Any]) -> Shown:
    if schema.get("type") == "object":
        return Shown.ANY_KEYS if isinstance(schema.get("additionalProperties"), Mapping) else Shown.KEYS
    return Shown.KEYS if schema.get("items", {}).get("type") == "object" else Shown.VALUE


def _pattern(validator: Any, pattern: str, value: object, schema: Mapping[str, Any]) -> Iterator[Any]:
    """Match a pattern as JSON Schema means it: its `$` is the end. Python's `$` also matches before a last line break."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), value):
        yield ValidationError("does not match")


def _explain(document: Document, violation: Any) -> Iterator[Diagnostic]:
    path: Path = list(violation.absolute_path)
    rule: str = str(violation.validator)
    schema: Mapping[str, Any] = violation.schema if isinstance(violation.schema, Mapping) else {}
    hint = str(schema.get("x-hint", ""))
    where = _path_text(path)
    if rule == "additionalProperties":
        secret = schema.get("writeOnly")
        known = list(schema.get("properties", {}))
        for key in violation.instance.keys() - set(known):
            meant = _nearest(key, known)
            unknown = "This key (not shown, because it may be a secret)" if secret else f"`{_shorten(key)}`"
            yield error(
                f"{unknown} is not a key of {where}.",
                location=document.key_location([*path, key]),
                hint=f"did you mean `{meant}`?" if meant else hint if secret and hint else f"known keys: {', '.join(known)}",
            )
    elif rule == "required":
        mistyped = {_nearest(key, schema.get("properties", {})) for key in violation.instance}
        missing = [key for key in violation.validator_value if key not in violation.instance and key not in mistyped]
        if missing and violation.message.startswith(repr(missing[0])):  # there is an error for each key: name all in the first
            keys = ", ".join(f"`{key}`" for key in missing)
            place = document.key_location(path) if path else document.location()
            add = hint or f"add {'it' if len(missing) == 1 else 'them'}: {_descriptions(schema, missing)}"
            yield error(_capitalise(f"{where} lacks {keys}."), location=place, hint=add)
    else:
        sentence = _capitalise(_sentence(violation, rule, where, schema))
        yield error(sentence, location=document.location(path), hint=_next_step(violation, rule, hint))


def _nearest(key: str, known: Iterable[str]) -> str:
    """Return the known key that `key` probably is a misspelling of, "" if there is none or `key` is known itself."""
    similar = [] if key in known else difflib.get_close_matches(key[:_LONGEST_SHOWN], list(known), n=1, cutoff=0.6)
    return similar[0] if similar else ""


def _descriptions(schema: Mapping[str, Any], keys: Iterable[str]) -> str:
    return " ".join(f"`{key}`: {schema['properties'][key].get('description', 'see the reference.')}" for key in keys)


def _sentence(violation: Any, rule: str, where: str, schema: Mapping[str, Any]) -> str:
    if problem := schema.get("x-problem"):
        return f"{where} {problem}."
    wanted, value = violation.validator_value, violation.instance
    shown = "" if schema.get("writeOnly") or not isinstance(value, str) or len(value) > _LONGEST_SHOWN else f" `{value}`"
    match rule:
        case "type":
            types = [wanted] if isinstance(wanted, str) else list(wanted)
            return f"{where} must be {' or '.join(_TYPES[name] for name in types)}, not {_kind(value)}."
        case "const" | "enum":
            choices = [wanted] if rule == "const" else wanted
            few = "one of " if len(choices) > 1 else ""
            return f"{where} must be {few}{', '.join(f'`{choice}`' for choice in choices)}, not{shown or ' ' + _kind(value)}."
        case "pattern" | "minLength" | "minItems" if not value:
            return f"{where} must not be empty."
        case "pattern":
            return f"{where} cannot be{shown}." if shown else f"{where} cannot have this value."
        case "maxLength":
            return f"{where} is longer than {wanted} characters."
        case "minProperties":
            return f"{where} is empty."
        case "maxProperties" if schema.get("writeOnly"):
            return f"{where} names more than one source for its value."
        case "maxProperties":
            return f"{where} has {len(value)} keys; it takes {'one' if wanted == 1 else wanted}."
        case "minimum" | "maximum":
            return f"{where} must be {'at least' if rule == 'minimum' else 'at most'} {wanted}."
        case "uniqueItems":
            return f"{where} has the same item twice."
        case _:
            return f"{where} is not valid."


def _next_step(violation: Any, rule: str, hint: str) -> str:
    value = violation.instance
    if violation.schema.get("writeOnly") and rule in {"minProperties", "maxProperties"}:
        known = [key for key in violation.schema.get("properties", {}) if key in value]
        return f"keep one: {' or '.join(known)}" if known else "write { fromEnv: NAME } or { fromFile: path }"
    if meant := _meant_choice(violation):
        return f"did you mean `{meant}`?"
    if rule == "type" and violation.validator_value in ("string", ["string", "null"]) and isinstance(value, bool | int | float):
        return f"put it in quotes: YAML reads it as {_kind(value)}"
    return hint or ("write a value, or remove the key" if rule == "type" and value is None else "")


def _meant_choice(violation: Any) -> str:
    """Return the choice that was probably meant, "" if none is similar."""
    value = violation.instance
    if violation.validator not in {"enum", "const"} or not isinstance(value, str):
        return ""
    wanted = violation.validator_value if violation.validator == "enum" else [violation.validator_value]
    return _nearest(value, [str(choice) for choice in wanted])


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


def _path_text(path: Path) -> str:
    if not path:
        return "the document"
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_shorten(step)}" for step in path)
    return f"`{text.removeprefix('.')}`"


def _shorten(key: str) -> str:
    return key if len(key) <= 60 else f"{key[:60]}…"


def _capitalise(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
