"""Consumer keys and secrets are used and dropped: nothing written or logged holds them."""

import base64
import logging
import secrets
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from reconciler.embedded import SimulatedApp, SimulatedOrg, create_identity, infisical_app, issue_token
from tests.embedded.conftest import HOST, SALESFORCE, body, credentials, in_process

pytestmark = pytest.mark.anyio


def spellings(value: str) -> list[bytes]:
    """The value as it is, URL-encoded, and what its base64 shows at each of the three alignments."""
    raw = value.encode()
    aligned = [base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
    return [raw, quote_plus(value).encode(), raw.hex().encode(), *aligned]


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_no_file_beside_the_database_ever_holds_a_consumer_key_or_secret(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pairs = [(f"3MVG9+{secrets.token_hex(24)}/k", f"S/{secrets.token_hex(24)}+&") for _ in range(6)]
    app = infisical_app(database, [SimulatedOrg(HOST, tuple(SimulatedApp(*pair) for pair in pairs[:4]))])
    async with in_process(app, issue_token(database)) as client:
        for number, pair in enumerate(pairs[:3]):
            sent = body(f"crm-{number}", credentials=credentials(HOST, *pair))
            connection = (await client.post(SALESFORCE, json=sent)).json()["appConnection"]
        place = f"{SALESFORCE}/{connection['id']}"
        assert (await client.patch(place, json={"credentials": credentials(HOST, *pairs[3])})).status_code == 200
        assert (await client.patch(place, json={"credentials": credentials(HOST, *pairs[4])})).status_code == 400
        refused = await client.post(SALESFORCE, json=body("crm-9", credentials=credentials(HOST, *pairs[5])))
        assert refused.status_code == 400
        assert (await client.delete(place)).status_code == 200
        written = files_of(database.parent)
        assert written.keys() == {"embedded.db", "embedded.db-wal", "embedded.db-shm"}
    app.close()
    everything = b"".join([*written.values(), *files_of(database.parent).values(), caplog.text.encode()])

    found = [value for pair in pairs for value in pair for spelling in spellings(value) if spelling in everything]
    assert found == []
    assert HOST.encode() in everything


async def test_the_files_are_readable_by_their_owner_only(database: Path) -> None:
    app = infisical_app(database)
    async with in_process(app, issue_token(database)) as client:
        await client.post("/api/v1/projects", json={"projectName": "crm"})
        modes = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
    app.close()

    assert modes == {"embedded.db": 0o600, "embedded.db-wal": 0o600, "embedded.db-shm": 0o600}


def test_a_client_secret_is_kept_as_a_salted_hash_only(database: Path) -> None:
    first, second = create_identity(database, "one"), create_identity(database, "two")

    written = database.read_bytes()
    for identity in (first, second):
        assert not any(spelling in written for spelling in spellings(identity.client_secret))
        assert bytes.fromhex(identity.client_secret) not in written
        assert identity.client_secret not in repr(identity)
