"""JSON that reconciler stores and reads back, read strictly: anybody may have edited it, or made it up."""

import json
import re
from collections.abc import Sequence
from typing import Any

_VERSION = re.compile(r"\d{1,9}\.\d{1,9}")


class UnusableJson(ValueError):
    """The bytes are not JSON that can be used. The text completes the sentence "FILE cannot be used: …"."""


class NotJson(UnusableJson):
    """The bytes are not JSON at all, or no longer: something cut them off or edited them."""


def parse_json(data: bytes) -> Any:
    """Return the JSON value in `data`. Raises `UnusableJson`.

    JSON itself leaves open what a key means that is there twice, and Python reads numbers that JSON does not have. Both are
    refused, so that everybody who reads the bytes sees the same values.
    """
    if not data.strip():
        raise NotJson("it is empty")
    try:
        return json.loads(data, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as broken:
        raise NotJson(f"it is not JSON at line {broken.lineno}, column {broken.colno}") from None
    except UnicodeDecodeError:
        raise NotJson("it is not JSON, because it is not UTF-8") from None
    except RecursionError:
        raise UnusableJson("its values are nested too deeply") from None
    except UnusableJson:
        raise
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise UnusableJson("a number in it is too long") from None


def has_major_of(version: str, known: str) -> bool:
    """Tell whether `version`, as a document gives it, has the same major version as `known`, so that it can be read."""
    return _VERSION.fullmatch(version) is not None and version.partition(".")[0] == known.partition(".")[0]


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise UnusableJson(f"it has the key `{twice[:60]}` twice in one place")
    return values


def _refuse_constant(name: str) -> None:
    raise UnusableJson(f"it has the value {name}, which is not JSON")
