"""Plain values to YAML as a person would write it: keys in their order, a mapping of one key in braces."""

from typing import Any

import yaml

_WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Writes what `read_documents` reads back as the same values."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    single = len(value) == 1 and not any(isinstance(inner, dict | list) for inner in value.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=single and next(iter(value)) != "name")


_Dumper.add_representer(dict, _mapping)


def write_yaml(value: dict[str, Any]) -> str:
    """Return `value` as one YAML document."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
