"""Every way in which a log-in to Salesforce fails, over real HTTP: what `check` says of it, and what a failing `apply` says.

The goldens are what a person reads; `UPDATE_GOLDENS=1 make test` writes them anew, and then they are to be read word by word.
"""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stacks import KEY, SECRET, Ran, Stack
from tests.system.test_serve import Serving, serve

GOLDEN = Path(__file__).parent / "golden"
MY_DOMAIN = "my.salesforce.com"
OTHER = "0123456789-another-value"

ANNA = {"username": "anna@acme.example.crm", "email": "anna@acme.example"}
APPS: dict[str, dict[str, Any]] = {
    "e1-off-in-policies": {"flowInPolicies": False},
    "e1-without-run-as": {"runAs": ""},
    "e1-email-as-run-as": {"runAs": "anna@acme.example"},
    "e3-wrong-key": {"consumerKey": OTHER},
    "e3-new-app": {"knownAfterMs": 3_600_000},
    "e4-wrong-secret": {"consumerSecret": OTHER},
    "e6-off-in-settings": {"flowInSettings": False},
    "e7-not-approved": {"approved": False},
    "e10-inactive-user": {"runAs": ANNA["username"]},
    "instance-url": {},
    "ok": {},
    "scope": {"scopes": ["id", "web"]},
    "token-type": {"tokenType": "mac"},
    **{
        f"{fault.lower()}-{word}": {"fault": fault}
        for fault, word in (
            ("E2", "wrong-host"),
            ("E3b", "older-word"),
            ("E5", "grant-type"),
            ("E6b", "unauthorised"),
            ("E8", "not-installed"),
            ("E9", "ip-block"),
            ("E12", "rate-limit"),
            ("E13", "no-scope"),
            ("E14", "authentication"),
            ("E15", "approval"),
            ("E16", "malformed"),
            ("E17", "older-word"),
            ("half", "of-the-token"),
            ("drop", "the-token"),
        )
    },
}
ORGS: dict[str, dict[str, Any]] = {
    "e1-email-as-run-as": {"users": [ANNA]},
    "e10-inactive-user": {"users": [{**ANNA, "active": False}]},
    "e11-closed-org": {"fault": "E11"},
    "e18-maintenance": {"fault": "E18"},
    "instance-url": {"instanceUrl": "https://acme-renamed.my.salesforce.com"},
    "drop-everything": {"fault": "drop"},
    "page": {"fault": "page"},
    "redirect": {"fault": "redirect"},
    "slow": {"delayMs": 300},
}
NAMES = sorted({*APPS, *ORGS})
ACCEPTED = {"instance-url", "ok", "scope", "slow"}
BLOCKS = {"e1", "e2", "e4", "e5", "e6", "e6b", "e13", "e17"}


def org(name: str) -> dict[str, Any]:
    """The org of one row."""
    app = {"consumerKey": KEY, "consumerSecret": SECRET, "runAs": "integration@acme.example"} | APPS.get(name, {})
    return {"host": f"{name}.{MY_DOMAIN}", "apps": [app]} | ORGS.get(name, {})


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Serving]:
    orgs = {"apiVersion": "reconciler/v1", "kind": "SimulatedSalesforceOrgs", "orgs": [org(name) for name in NAMES]}
    (tmp_path / "orgs.yaml").write_text(yaml.safe_dump(orgs))
    with serve(tmp_path) as serving:
        yield serving


@pytest.fixture
def stack(tmp_path: Path, served: Serving) -> Stack:
    """A connection a row."""
    environ = {
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": served.told["clientId"],
        "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": served.told["clientSecret"],
        "RECONCILER_SALESFORCE_ENDPOINT": served.told["salesforceUrl"],
    }
    found = Stack.at(tmp_path / "stack", served.told["url"], environ)
    for name in NAMES:
        found.manifest(name, credentials={"instanceUrl": f"{name}.{MY_DOMAIN}"})
    return found


def like_golden(name: str, text: str) -> None:
    """Compare, but for ports, times, ids and the digest."""
    for pattern, word in (
        (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:8443"),
        (r"(?<=after )\d+\.\ds", "0.1s"),
        (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "00000000-0000-4000-8000-000000000000"),
        (r"\breq-\w+", "req-00000000000000"),
        (r"(?<=Digest: )[0-9a-f]{64}", "0" * 64),
    ):
        text = re.sub(pattern, word, text)
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDENS"):
        file.write_text(text)
    assert text == file.read_text()


def no_secret(ran: Ran) -> None:
    for secret in (KEY, SECRET, OTHER, "00D0", "access_token"):
        assert secret not in ran.all


def test_check_says_of_every_log_in_what_is_wrong_and_where_to_mend_it(stack: Stack) -> None:
    ran = stack.run("salesforce", "check")
    assert ran.code == 1
    no_secret(ran)
    like_golden("salesforce-check.txt", f"{ran.out}\n{ran.err}")


def test_check_as_json_has_the_same(stack: Stack) -> None:
    ran = stack.run("salesforce", "check", "--format", "json")
    found = {one["address"]: one for one in ran.json["connections"]}
    assert (ran.code, ran.json["valid"], sorted(found)) == (1, False, NAMES)
    assert found["ok"]["problems"] == []
    assert found["ok"]["org_id"].startswith("00D")
    assert found["ok"]["run_as_user_id"].startswith("005")
    blocking = {name.partition("-")[0] for name, one in found.items() for two in one["problems"] if two["same_from_everywhere"]}
    assert blocking == BLOCKS
    assert all(one["problems"] for name, one in found.items() if name not in {"ok", "slow"})
    no_secret(ran)


def test_check_of_one_address_asks_for_that_alone_and_exits_0_when_all_is_well(stack: Stack) -> None:
    ran = stack.run("salesforce", "check", "ok", "slow", "ok")
    assert ran.code == 0
    assert [line.split()[-1] for line in ran.out.splitlines() if line.startswith("ok")] == ["ok", "slow"]


def test_check_needs_no_infisical_unless_a_value_is_kept_there(stack: Stack) -> None:
    stack.module = "tests.hasty"
    stack.configure(infisical={"url": "https://127.0.0.1:1"})
    assert stack.run("salesforce", "check", "ok", INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET="").code == 0
    stack.configure(infisical={"url": "https://127.0.0.1:1"}, secretSources={"infisical": {"allow": ["crm/**"]}})
    secret = {"fromInfisical": {"project": "crm", "environment": "prod", "key": "KEY"}}
    stack.manifest("kept", credentials={"consumerSecret": secret})
    ran = stack.run("salesforce", "check", "kept")
    assert (ran.code, "Could not log in to https://127.0.0.1:1" in ran.err) == (1, True)


def test_check_of_an_unknown_address_names_the_nearest(stack: Stack) -> None:
    ran = stack.run("salesforce", "check", "okk", "nobody-near")
    assert ran.code == 1
    assert "There is no connection `okk` in the manifests." in ran.err
    assert "did you mean `ok`?" in ran.err
    assert "There is no connection `nobody-near`" in ran.err


def test_check_without_a_value_looks_at_the_way_and_says_what_is_missing(stack: Stack) -> None:
    ran = stack.run("salesforce", "check", "ok", CRM_SECRET="")
    assert ran.code == 1
    assert "`ok` has no consumerSecret: the variable CRM_SECRET is not set." in ran.err
    row = ran.out.splitlines()[1].replace("not checked", "?").split()
    assert row == ["ok", "?", "?", "ok", "?", "-", "-", "-", "ok"]


def test_an_apply_is_stopped_before_its_first_write_with_all_that_is_wrong(stack: Stack, served: Serving) -> None:
    ran = stack.run("apply", "--auto-approve")
    assert ran.code == 1
    assert not (stack.folder / ".reconciler/state.json").exists()
    with served.client() as client:
        assert client.get("/api/v1/app-connections").json()["appConnections"] == []
    no_secret(ran)
    like_golden("salesforce-blocked.txt", ran.err)


@pytest.mark.parametrize("preflight", ["off", "warn"])
def test_what_infisical_refuses_is_explained_with_the_check(stack: Stack, served: Serving, preflight: str) -> None:
    stack.configure(infisical={"url": served.told["url"]}, salesforce={"preflight": preflight})
    ran = stack.run("apply", "--auto-approve", "--parallelism", "1")
    assert ran.code == 7
    assert set(stack.run("state", "list").out.split()) == ACCEPTED
    no_secret(ran)
    like_golden(f"salesforce-refused-{preflight}.txt", ran.out[ran.out.index("Digest:") :])


def test_what_does_not_block_is_a_warning_and_the_apply_goes_on(stack: Stack) -> None:
    for name in NAMES:
        if name not in {"scope", "instance-url", "slow", "ok"}:
            stack.remove(name)
    ran = stack.run("apply", "--auto-approve")
    assert ran.code == 0
    assert "warning: `scope`: the scope `api` is missing (scope)." in ran.out
    said = " ".join(ran.out.split())
    assert "warning: `instance-url`: the org names another host than instanceUrl (instance_url)." in said
    assert "Done: 4 created." in ran.out


def test_warnings_of_the_check_are_lines_of_json_too(stack: Stack) -> None:
    for name in NAMES:
        if name != "scope":
            stack.remove(name)
    ran = stack.run("apply", "--auto-approve", "--format", "json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    said = [line["diagnostic"]["summary"] for line in lines if line["type"] == "diagnostic"]
    assert "`scope`: the scope `api` is missing (scope)." in said


def test_the_check_passes_and_infisical_still_refuses(stack: Stack, tmp_path: Path) -> None:
    """Infisical stands elsewhere: its own Salesforce is another process here, which does not know the app."""
    (tmp_path / "elsewhere").mkdir()
    orgs = {"apiVersion": "reconciler/v1", "kind": "SimulatedSalesforceOrgs", "orgs": [org("ok") | {"fault": "E9"}]}
    (tmp_path / "elsewhere" / "orgs.yaml").write_text(yaml.safe_dump(orgs))
    for name in NAMES:
        if name != "ok":
            stack.remove(name)
    with serve(tmp_path / "elsewhere") as infisical:
        told = infisical.told
        stack.configure(infisical={"url": told["url"]})
        ran = stack.run(
            "apply",
            "--auto-approve",
            INFISICAL_UNIVERSAL_AUTH_CLIENT_ID=told["clientId"],
            INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET=told["clientSecret"],
        )
    assert ran.code == 1
    assert "The same log-in succeeds from this machine. Salesforce was down, or the org" in ran.out


def test_every_output_says_that_salesforce_is_asked_elsewhere(stack: Stack) -> None:
    for command in ("plan", "salesforce check ok", "apply --auto-approve"):
        ran = stack.run(*command.split())
        assert "reconciler sends Salesforce requests to http://127.0.0.1:" in ran.all
        assert "(RECONCILER_SALESFORCE_ENDPOINT)" in ran.all


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1:80", "https://127.0.0.1:1", "http://127.0.0.1.evil.example", "http://u@127.0.0.1"]
)
def test_an_endpoint_that_is_not_loopback_is_refused_before_anything_is_read(stack: Stack, url: str) -> None:
    for command in ("plan", "salesforce check", "apply --auto-approve"):
        ran = stack.run(*command.split(), RECONCILER_SALESFORCE_ENDPOINT=url)
        assert ran.code == 1
        assert "RECONCILER_SALESFORCE_ENDPOINT is not an address of this machine." in ran.err


def test_connections_that_log_in_alike_are_asked_for_once_and_told_together(stack: Stack, tmp_path: Path) -> None:
    for name in NAMES:
        stack.remove(name)
    host = f"e4-wrong-secret.{MY_DOMAIN}"
    for name in "abcde":
        stack.manifest(name, credentials={"instanceUrl": host})
    ran = stack.run("salesforce", "check")
    assert ran.code == 1
    assert [line[:12] for line in ran.err.splitlines() if line.startswith("error:")] == ["error: `a`, "]
    assert "`a`, `b`, `c` and 2 more: Salesforce refuses: the consumer secret is wrong" in " ".join(ran.err.split())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_check_ends_the_apply_before_any_write(tmp_path: Path, number: int) -> None:
    """The org answers the check so late that the signal comes first; Infisical was asked for nothing yet."""
    stack = Stack.embedded(tmp_path / "stack")
    stack.orgs(delayMs=30_000)
    stack.manifest("crm")
    log = tmp_path / "http.jsonl"
    process = stack.popen("apply", "--auto-approve", "--log-http", str(log))
    deadline = time.monotonic() + 60
    while not log.exists() or "GET" not in log.read_text():  # it has looked, and goes on to the check
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert "Nothing was written" in err
    assert "POST" not in log.read_text()
    assert not (stack.folder / ".reconciler/state.json").exists()
    assert "created" not in out.splitlines()[-1]
