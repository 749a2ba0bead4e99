"""Reads the files of plans as the product does: with the schema that is shipped."""

from reconciler import planning, schemas
from reconciler.documents import Schema
from reconciler.planning import Plan

SCHEMA = Schema(schemas.load("plan-file"))


def decode(data: bytes) -> Plan:
    """Return the plan of a file."""
    return planning.decode(data, SCHEMA.violation)
