"""The way in for every file: its documents, as far as its schema accepts them, and all that is wrong with it."""

from collections.abc import Callable, Iterator

from reconciler.documents.schema import Kinds, Schema
from reconciler.documents.yaml import Document, parse_yaml
from reconciler.model import Diagnostic

Rules = Callable[[Document], list[Diagnostic]]
"""What a schema cannot say. Rules see documents that the schema refuses too: they take what is of the right type."""


def read_documents(
    file: str, data: bytes, schema: Schema | Kinds, rules: Rules | None = None
) -> Iterator[Document | Diagnostic]:
    """Return all problems of `data`, the bytes of `file` (a name for messages), and the documents that its schema accepts."""
    for found in parse_yaml(file, data, schema.keys):
        if isinstance(found, Diagnostic):
            yield found
            continue
        problems = schema.check(found)
        yield from problems
        if rules is not None:
            yield from rules(found)
        if not problems:
            yield found
