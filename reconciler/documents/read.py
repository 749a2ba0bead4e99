"""Reads the documents of a file: parses them, and checks each against its schema and further rules."""

from collections.abc import Callable, Iterator

from reconciler.documents.schema import Kinds, Schema
from reconciler.documents.yaml import Document, parse_yaml
from reconciler.model import Diagnostic

Rules = Callable[[Document], list[Diagnostic]]
"""Checks that a schema cannot express. Rules also get documents that break their schema, so they must not assume any types."""


def read_documents(
    file: str, data: bytes, schema: Schema | Kinds, rules: Rules | None = None
) -> Iterator[Document | Diagnostic]:
    """Yield every problem of `data`, and every document that `schema` accepts.

    `data` is the content of a file. `file` is the name that messages give it.
    """
    for item in parse_yaml(file, data, schema.keys):
        if isinstance(item, Diagnostic):
            yield item
            continue
        problems = schema.check(item)
        yield from problems
        if rules is not None:
            yield from rules(item)
        if not problems:
            yield item
