"""Small JSON Schemas, and functions that make larger ones of them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from reconciler.embedded.infisical.requests.checks import LONGEST_NAME

JsonSchema: TypeAlias = dict[str, Any]

TEXT: JsonSchema = {"type": "string"}
UUID: JsonSchema = {"type": "string", "format": "uuid"}
SLUG: JsonSchema = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}
MOMENT: JsonSchema = {"type": "string", "format": "date-time"}
NULL: JsonSchema = {"type": "null"}
FALSE: JsonSchema = {"type": "boolean", "const": False}
FILLED: JsonSchema = {"type": "string", "minLength": 1, "pattern": r"\S"}
WHOLE_SECONDS: JsonSchema = {"type": "integer", "minimum": 0}
NO_COLON_OR_SLASH: JsonSchema = {"type": "string", "minLength": 1, "pattern": "^[^:/]*$"}


def ref(name: str) -> JsonSchema:
    """Return a reference to the component of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: JsonSchema) -> JsonSchema:
    """Return a schema that also allows null."""
    return {**schema, "type": [schema["type"], "null"]}


def list_of(items: JsonSchema) -> JsonSchema:
    """Return the schema of an array of such items."""
    return {"type": "array", "items": items}


def closed(properties: Mapping[str, JsonSchema], *, optional: tuple[str, ...] = ()) -> JsonSchema:
    """Return the schema of an object that has all these keys and no others. The `optional` ones may be missing."""
    required = [key for key in properties if key not in optional]
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}


def at_least(properties: Mapping[str, JsonSchema], *required: str) -> JsonSchema:
    """Return the schema of an object that has at least the `required` keys."""
    return {"type": "object", "properties": dict(properties), "required": list(required)}
