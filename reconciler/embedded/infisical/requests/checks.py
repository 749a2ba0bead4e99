"""Checks the fields of a request's body and collects everything that is wrong with them.

Each complaint has the words of zod, the schema library that Infisical uses.
"""

import enum
import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from reconciler.embedded.infisical.errors import Issue, ValidationFailureError
from reconciler.embedded.infisical.slugs import is_slug

LONGEST_NAME = 64


class Absent(enum.Enum):
    """A key that the body does not have. Unlike null, it leaves the stored value as it is."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
Maybe: TypeAlias = str | Absent | None
"""The text of a field that can be null or absent."""

# The characters that trim() of ECMAScript removes. str.strip() removes other ones.
_WHITE_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
_WHITE_SPACE += "\u202f\u205f\u3000\ufeff"
_SECRET_NAME = re.compile(r"[^:/]+")
_SECRET_NAME_RULE = "Secret name cannot contain colon or slash"  # noqa: S105  # nosec B105  # a sentence


class BodyCheck:
    """Checks one object and collects the issues. `within` holds the keys that lead to it from the body's root."""

    def __init__(self, value: object, within: tuple[str, ...] = (), issues: list[Issue] | None = None) -> None:
        self.within = within
        self.issues: list[Issue] = [] if issues is None else issues
        self.fields: Mapping[str, object] = value if isinstance(value, dict) else {}
        # Without an object, complaints about its fields would only repeat this complaint.
        self.blind = not isinstance(value, dict)
        if self.blind:
            self.add(wrong_type_issue(within, "object", value))

    def add(self, issue: Issue) -> None:
        """Add an issue to the collection."""
        self.issues.append(issue)

    def has(self, key: str) -> bool:
        """Return whether the object has this key."""
        return key in self.fields

    def text(
        self,
        key: str,
        *,
        shortest: int = 0,
        longest: int | None = None,
        optional: bool = False,
        nullable: bool = False,
        trimmed: bool = True,
    ) -> Maybe:
        """Return a string field, ABSENT if it is not there or not valid. Lengths are UTF-16 units, as ECMAScript counts.

        `nullable` is the `nullish` of zod: null and a missing key are both allowed, and the result tells them apart.
        """
        value = self.fields.get(key, ABSENT)
        path = (*self.within, key)
        if self.blind or (value is ABSENT and (optional or nullable)):
            return ABSENT
        if value is None and nullable:
            return None
        if not isinstance(value, str):
            self.add(wrong_type_issue(path, "string", value))
            return ABSENT
        text = _well_formed(value)
        text = trim(text) if trimmed else text
        units = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
        if units < shortest:
            self.add(too_short_issue(path, shortest))
        if longest is not None and units > longest:
            self.add(_issue("too_big", path, f"String must contain at most {longest} character(s)"))
        return text

    def name(self, key: str, *, optional: bool = False) -> Maybe:
        """Return a slug of 1 to 64 characters. Infisical refuses capitals and does not lower them."""
        value = self.text(key, shortest=1, longest=LONGEST_NAME, optional=optional)
        if isinstance(value, str) and value and not is_slug(value):
            self.add(_issue("custom", (*self.within, key), f"{key.capitalize()} must be a valid slug"))
        return value

    def literal(self, key: str, wanted: str) -> None:
        """Require that a field has exactly this value."""
        if not self.blind and self.fields.get(key) != wanted:
            sentence = f"Invalid discriminator value. Expected '{wanted}'"
            self.add(_issue("invalid_union_discriminator", (*self.within, key), sentence))

    def unsupported(self, harmless: Mapping[str, bool | None]) -> None:
        """Require that each of these fields is missing, or has the value that changes nothing."""
        for key, value in harmless.items():
            if key in self.fields and self.fields[key] is not value:
                self.add(_issue("custom", (*self.within, key), f"{key} is not supported for Salesforce connections"))

    def inner(self, key: str) -> "BodyCheck":
        """Return a check of the object at `key`, which adds its issues to this one's."""
        if self.blind:
            return self
        return BodyCheck(self.fields.get(key, ABSENT), (*self.within, key), self.issues)

    def finish(self) -> None:
        """Raise ValidationFailureError with all issues, if there are any."""
        if self.issues:
            raise ValidationFailureError(self.issues)


def trim(text: str) -> str:
    """Return the text without white space at its ends, as ECMAScript trims."""
    return text.strip(_WHITE_SPACE)


def secret_name_issue(name: str, key: str) -> Issue | None:
    """Return what is wrong with the name of a secret, None if nothing is. Infisical: it has no colon and no slash."""
    return None if _SECRET_NAME.fullmatch(name) else _issue("custom", (key,), _SECRET_NAME_RULE)


def bad_uuid_issue(path: tuple[str, ...]) -> Issue:
    """Return the complaint about a text that is not a UUID."""
    return _issue("invalid_string", path, "Invalid uuid")


def too_short_issue(path: tuple[str, ...], shortest: int) -> Issue:
    """Return the complaint about a text that is shorter than `shortest`."""
    return _issue("too_small", path, f"String must contain at least {shortest} character(s)")


def wrong_type_issue(path: tuple[str, ...], expected: str, value: object) -> Issue:
    """Return the complaint about a value of the wrong JSON type, or about a missing one."""
    message = "Required" if value is ABSENT else f"Expected {expected}, received {_type_name(value)}"
    return _issue("invalid_type", path, message)


def _issue(code: str, path: tuple[str, ...], message: str) -> Issue:
    return {"code": code, "path": list(path), "message": message}


def _type_name(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _well_formed(text: str) -> str:
    """Return the text with U+FFFD for each half of a surrogate pair, which JSON can spell. ECMAScript's encoder does so."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
