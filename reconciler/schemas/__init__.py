"""The JSON Schemas: `schemas/` of the repository, which a wheel carries inside this package."""

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_FOLDERS = (_HERE, _HERE.parent.parent / "schemas")


def load(name: str) -> dict[str, Any]:
    """Return the schema `<name>.schema.json` as a dict. Raises FileNotFoundError when the installation lacks it."""
    for folder in _FOLDERS:
        path = folder / f"{name}.schema.json"
        if path.is_file():
            schema: dict[str, Any] = json.loads(path.read_bytes())
            return schema
    raise FileNotFoundError(f"{name}.schema.json is not part of this installation")
