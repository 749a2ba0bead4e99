"""Machine identities: making them, what each may do, and the universal-auth log-in with its lock-out."""

import hashlib
import hmac
import json
import secrets
import sqlite3
import uuid
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from reconciler.embedded.infisical.auth.tokens import USUAL_RULES, TokenRules
from reconciler.embedded.infisical.database.store import Store
from reconciler.embedded.infisical.errors import UnauthorizedError
from reconciler.embedded.infisical.permissions import EVERYTHING, Membership, Permissions, encode_permissions

LOCK_AFTER_FAILURES = 3
FAILURES_LAPSE_SECONDS = 30
LOCK_SECONDS = 300
"""Infisical: three failures, each at most 30 s after the one before, lock a client id for 300 s."""


@dataclass(frozen=True, slots=True)
class IdentityCredentials:
    """What a machine identity logs in with. The secret is in this value and nowhere else."""

    client_id: str
    client_secret: str = field(repr=False)


def create_identity(
    database: Path, name: str, permissions: Permissions = EVERYTHING, tokens: TokenRules = USUAL_RULES
) -> IdentityCredentials:
    """Make a machine identity with universal auth and return its credentials.

    The database keeps only a salted hash of the client secret. Makes the database if it is not there yet. Blocks. Raises
    ValueError if the name is taken, and DatabaseUnusableError.
    """
    created = IdentityCredentials(str(uuid.uuid4()), secrets.token_hex(32))
    salt = secrets.token_bytes(16)
    with Store(database) as store, store.writing() as db:
        try:
            db.execute(
                """INSERT INTO identities (id, name, client_id, secret_salt, secret_hash, permissions, token_rules)
                VALUES (?, ?, ?, ?, ?, ?, ?)""",
                (
                    str(uuid.uuid4()),
                    name,
                    created.client_id,
                    salt,
                    _hashed(created.client_secret, salt),
                    encode_permissions(permissions),
                    None if tokens == USUAL_RULES else json.dumps(asdict(tokens)),
                ),
            )
        except sqlite3.IntegrityError:
            raise ValueError(f"a machine identity is already called {name!r}") from None
    return created


def token_rules_of(db: sqlite3.Connection, identity_id: str) -> TokenRules:
    """Return the rules for the tokens that the identity's log-ins give."""
    row = db.execute("SELECT token_rules FROM identities WHERE id = ?", (identity_id,)).fetchone()
    return USUAL_RULES if row is None or row[0] is None else TokenRules(**json.loads(row[0]))


def join_project(db: sqlite3.Connection, identity_id: str, permissions: Permissions, slug: str) -> None:
    """Make the identity a member of a project, allowed to do everything in it. Runs in the caller's transaction."""
    if permissions.projects is not None:
        joined = replace(permissions, projects={**permissions.projects, slug: Membership()})
        db.execute("UPDATE identities SET permissions = ? WHERE id = ?", (encode_permissions(joined), identity_id))


def verify_client(db: sqlite3.Connection, client_id: str, client_secret: str, now: float) -> str | UnauthorizedError:
    """Return the id of the identity that logs in, or the refusal. Counts failures in the caller's transaction.

    The refusal is returned, not raised, because raising it would undo the count. Infisical refuses a locked client id
    even with the right secret.
    """
    query = "SELECT id, secret_salt, secret_hash, failures, failed_at, locked_until FROM identities WHERE client_id = ?"
    row = db.execute(query, (client_id,)).fetchone()
    if row is None:
        return UnauthorizedError("Invalid credentials")
    identity_id, salt, expected, failures, failed_at, locked_until = row
    if now < locked_until:
        return UnauthorizedError("This identity auth method is temporarily locked, please try again later")
    if hmac.compare_digest(_hashed(client_secret, salt), expected):
        _record_failures(db, identity_id, 0, 0, 0)
        return str(identity_id)
    failures = 1 + (failures if now - failed_at <= FAILURES_LAPSE_SECONDS else 0)
    locked = failures >= LOCK_AFTER_FAILURES
    _record_failures(db, identity_id, 0 if locked else failures, now, now + LOCK_SECONDS if locked else 0)
    return UnauthorizedError("Invalid credentials")


def _record_failures(db: sqlite3.Connection, identity_id: str, failures: int, failed_at: float, locked_until: float) -> None:
    db.execute(
        "UPDATE identities SET failures = ?, failed_at = ?, locked_until = ? WHERE id = ?",
        (failures, failed_at, locked_until, identity_id),
    )


def _hashed(client_secret: str, salt: bytes) -> bytes:
    return hashlib.sha256(salt + client_secret.encode()).digest()
