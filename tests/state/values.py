"""States: any there can be, and one with something of everything."""

from hypothesis import strategies as st

from reconciler.model import (
    ORGANISATION,
    CredentialDrift,
    Fingerprints,
    Intent,
    Lifecycle,
    OnRemoval,
    Record,
    Scope,
    State,
    Superseded,
    Verb,
)

texts = st.text(max_size=20)
some = st.text(min_size=1, max_size=20)
addresses = st.from_regex(r"[a-z0-9]{1,4}(-[a-z0-9]{1,4}){0,3}", fullmatch=True)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
scopes = st.just(ORGANISATION) | st.builds(Scope, some, st.none() | some)
lifecycles = st.builds(
    Lifecycle,
    prevent_destroy=st.booleans(),
    on_removal=st.sampled_from(OnRemoval),
    on_credential_drift=st.sampled_from(CredentialDrift),
    ignore_changes=st.lists(st.sampled_from(["name", "description", "credentials"]), max_size=3).map(tuple),
    adopt=st.booleans() | some,
    renamed_from=st.none() | some,
)


def records(address: str) -> st.SearchStrategy[Record]:
    return st.builds(
        Record,
        address=st.just(address),
        id=texts,
        scope=scopes,
        name=texts,
        description=texts,
        instance_url=texts,
        credentials_hash=st.none() | texts,
        fingerprints=st.none() | st.builds(Fingerprints, digests, digests),
        version=st.none() | texts,
        lifecycle=lifecycles,
        labels=st.dictionaries(texts, texts, max_size=3),
        file=texts,
    )


def intents(address: str) -> st.SearchStrategy[Intent]:
    return st.builds(
        Intent,
        verb=st.sampled_from(Verb),
        address=st.just(address),
        connection_id=texts,
        record=st.none() | records(address),
        sends_credentials=st.booleans(),
        since=texts,
    )


states = st.builds(
    State,
    lineage=texts,
    serial=st.integers(0, 10**9),
    key=st.binary(min_size=32, max_size=32),
    organisation_id=texts,
    organisation_name=texts,
    records=st.sets(addresses, max_size=3).flatmap(
        lambda chosen: st.fixed_dictionaries({address: records(address) for address in chosen})
    ),
    superseded=st.lists(st.builds(Superseded, addresses, texts, scopes, texts), max_size=3).map(tuple),
    intents=st.lists(addresses.flatmap(intents), max_size=3).map(tuple),
)


def a_record(address: str = "crm", **changes: object) -> Record:
    values: dict[str, object] = {
        "address": address,
        "id": f"id-of-{address}",
        "scope": Scope("project-1", "crm"),
        "name": address,
        "description": "Größe",
        "instance_url": "acme.my.salesforce.com",
        "credentials_hash": "a" * 64,
        "fingerprints": Fingerprints("b" * 64, "c" * 64),
        "version": "2026-11",
        "lifecycle": Lifecycle(prevent_destroy=True, adopt="some-id", renamed_from="crm-old"),
        "labels": {"team": "crm"},
        "file": "connections/crm.yaml",
    }
    return Record(**(values | changes))  # type: ignore[arg-type]


def a_state(count: int = 2, serial: int = 7) -> State:
    return State(
        lineage="5f0f6d5e-8f1f-4f43-8f4c-0d5f9c1f2a3b",
        serial=serial,
        key=bytes(range(32)),
        organisation_id="org-1",
        organisation_name="Acme",
        records={f"crm-{number}": a_record(f"crm-{number}") for number in range(count)},
        superseded=(Superseded("crm-0", "old-id", ORGANISATION, "crm-old"),),
        intents=(Intent(Verb.UPDATE, "crm-1", "id-of-crm-1", a_record("crm-1"), True, "2026-11-01T10:00:00+00:00"),),
    )
