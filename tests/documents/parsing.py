"""What a file holds and what is wrong with it, apart."""

from reconciler import documents
from reconciler.documents import Document
from reconciler.model import Diagnostic


def parse(file: str, data: bytes) -> tuple[list[Document], list[Diagnostic]]:
    """Return all documents and all problems of `data`."""
    found = list(documents.parse_yaml(file, data))
    return [one for one in found if isinstance(one, Document)], [one for one in found if isinstance(one, Diagnostic)]
