"""Writes plain values as YAML that looks hand-written: keys keep their order, and a map with a single key is in braces.

A text stays on the line of its key, whatever is in it. Otherwise a part of it could look like a line of the file.
"""

import re
from typing import Any

import yaml

_WIDTH = 1_000_000_000
_BREAKS = re.compile("[\n\r\x85\u2028\u2029]")


class _Dumper(yaml.SafeDumper):
    """Writes YAML that `read_documents` reads back as the same values."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    single = len(value) == 1 and not any(isinstance(inner, dict | list) for inner in value.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=single and next(iter(value)) != "name")


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = '"' if _BREAKS.search(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(str, _text)


def write_yaml(value: dict[str, Any]) -> str:
    """Return the text of one YAML document that holds `value`."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
