"""JSON Schema findings in the user's words. The schema is the one source of truth; what to write instead stands in it too.

A subschema may carry `x-hint`, the next step for a value it refuses. A value under `writeOnly` is never shown.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.documents.yaml import Document, Path
from reconciler.model import Diagnostic, error

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
    """A JSON Schema (2020-12), given as the plain dict of its file."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        from jsonschema import Draft202012Validator

        self._validator = Draft202012Validator(schema)

    def check(self, document: Document) -> list[Diagnostic]:
        """Return every problem of `document`, in the order they stand in the file."""
        found = [problem for error in self._validator.iter_errors(document.value) for problem in _explain(document, error)]
        return sorted(found, key=lambda problem: problem.location or document.location())


def _explain(document: Document, found: Any) -> Iterator[Diagnostic]:
    path: Path = list(found.absolute_path)
    rule: str = str(found.validator)
    schema: Mapping[str, Any] = found.schema if isinstance(found.schema, Mapping) else {}
    hint = str(schema.get("x-hint", ""))
    where = _dotted(path)
    if rule == "additionalProperties":
        known = list(schema.get("properties", {}))
        for key in found.instance:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.6)
                yield error(
                    f"`{_shown_key(key)}` is not a key of {where}.",
                    location=document.key_location([*path, key]),
                    hint=f"did you mean `{near[0]}`?" if near else hint or f"known here: {', '.join(known)}",
                )
    elif rule == "required":
        missing = [key for key in found.validator_value if key not in found.instance]
        if missing and found.message.startswith(repr(missing[0])):  # iter_errors gives one finding a key: say them once
            keys = ", ".join(f"`{key}`" for key in missing)
            yield error(f"{where} lacks {keys}.", location=document.location(path), hint=hint)
    else:
        yield error(_sentence(found, rule, where, schema), location=document.location(path), hint=hint or _next(found, rule))


def _sentence(found: Any, rule: str, where: str, schema: Mapping[str, Any]) -> str:
    wanted, value = found.validator_value, found.instance
    shown = "" if schema.get("writeOnly") or not isinstance(value, str) or len(value) > 100 else f" `{value}`"
    match rule:
        case "type":
            types = [wanted] if isinstance(wanted, str) else list(wanted)
            return f"{where} must be {' or '.join(_TYPES[name] for name in types)}, not {_kind(value)}."
        case "const":
            return f"{where} must be `{wanted}`, not{shown or ' ' + _kind(value)}."
        case "enum":
            return f"{where} must be one of {', '.join(f'`{one}`' for one in wanted)}, not{shown or ' ' + _kind(value)}."
        case "pattern":
            return f"{where} cannot be{shown or ' what is written here'}."
        case "maxLength":
            return f"{where} is longer than {wanted} characters."
        case "minLength" | "minItems":
            return f"{where} must not be empty."
        case "minProperties":
            return f"{where} is empty."
        case "maxProperties":
            return f"{where} has {len(value)} keys; it takes {'one' if wanted == 1 else wanted}."
        case "minimum" | "maximum":
            return f"{where} must be {'at least' if rule == 'minimum' else 'at most'} {wanted}."
        case "uniqueItems":
            return f"{where} names something twice."
        case "format":
            return f"{where} must be a {wanted}."
        case _:
            return f"{where} is not possible like this."


def _next(found: Any, rule: str) -> str:
    value = found.instance
    if rule == "type" and "string" in found.validator_value and not isinstance(value, dict | list):
        return "put it in quotes" if value is not None else "write a value"
    if rule in {"enum", "const"} and isinstance(value, str):
        wanted = found.validator_value if rule == "enum" else [found.validator_value]
        near = difflib.get_close_matches(value, [str(one) for one in wanted], n=1)
        return f"did you mean `{near[0]}`?" if near else ""
    return ""


def _kind(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a map of keys"
        case _:
            return "a date"


def _dotted(path: Path) -> str:
    if not path:
        return "the document"
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return f"`{text.removeprefix('.')}`"


def _shown_key(key: object) -> str:
    text = str(key)
    return text if len(text) <= 60 else f"{text[:60]}…"
