"""`reconciler serve` as a process of its own: what it gives at its start, what it serves, how it fails on purpose and ends."""

import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.forking import environment, starter
from tests.serving import NO_TLS
from tests.stacks import HOST, KEY, SECRET, Stack, write_orgs

SALESFORCE = "/api/v1/app-connections/salesforce"


@dataclass
class Serving:
    """A served API: what it told at its start, and its process."""

    told: dict[str, str]
    process: "subprocess.Popen[str]"

    def client(self, **told: str) -> httpx.Client:
        """A client that is logged in with what the first start told."""
        found = self.told | told
        credentials = {"clientId": found["clientId"], "clientSecret": found["clientSecret"]}
        answer = httpx.post(f"{found['url']}/api/v1/auth/universal-auth/login", json=credentials, verify=NO_TLS)
        token = answer.raise_for_status().json()["accessToken"]
        return httpx.Client(base_url=found["url"], headers={"authorization": f"Bearer {token}"}, verify=NO_TLS)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def serve(folder: Path, *options: str) -> Iterator[Serving]:
    """Run the command until the block ends."""
    if not (folder / "orgs.yaml").exists():
        write_orgs(folder / "orgs.yaml")
    command = [*starter().command("-m reconciler"), "serve", "--port", "0", "--orgs", "orgs.yaml", *options]
    process = subprocess.Popen(
        command, cwd=folder, env=environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        assert select.select([process.stdout], [], [], 30)[0], "it did not start"
        line = process.stdout.readline()
        assert line, process.communicate()
        yield Serving(json.loads(line), process)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
        if process.stderr:
            process.stderr.close()


def body(name: str) -> dict[str, Any]:
    credentials = {"instanceUrl": HOST, "consumerKey": KEY, "consumerSecret": SECRET}
    return {"name": name, "method": "client-credentials", "credentials": credentials}


def test_the_first_start_gives_credentials_once(tmp_path: Path) -> None:
    with serve(tmp_path) as first:
        assert set(first.told) == {"url", "salesforceUrl", "organizationId", "clientId", "clientSecret"}
        with first.client() as client:
            assert client.post(SALESFORCE, json=body("crm")).status_code == 200
        assert first.stop() == 0
    with serve(tmp_path) as second:
        assert set(second.told) == {"url", "salesforceUrl", "organizationId"}
        assert second.told["organizationId"] == first.told["organizationId"]
        with second.client(**{key: first.told[key] for key in ("clientId", "clientSecret")}) as client:
            assert [one["name"] for one in client.get(SALESFORCE).json()["appConnections"]] == ["crm"]
    assert stat.S_IMODE((tmp_path / ".reconciler/infisical.db").stat().st_mode) == 0o600


def test_the_credentials_file_is_its_owners_and_keeps_credentials_when_addresses_move(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    found = []
    for _ in range(2):
        command = [sys.executable, "-m", "reconciler", "serve", "--port", "0", "--credentials-file", str(file)]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment({}), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stderr
        assert select.select([process.stderr], [], [], 30)[0]
        said = process.stderr.readline()
        found.append(json.loads(file.read_text()))
        assert said == f"Serving Infisical at {found[-1]['url']} and Salesforce at {found[-1]['salesforceUrl']}.\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        process.terminate()
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")
    first, second = found
    assert (first["clientId"], first["clientSecret"]) == (second["clientId"], second["clientSecret"])
    assert first["url"] != second["url"]


def test_the_sample_request_of_infisicals_page_gets_the_sample_answers_shape(tmp_path: Path) -> None:
    """https://infisical.com/docs/integrations/app-connections/salesforce; `version` is 2 in builds of today."""
    with serve(tmp_path, "--project", "crm") as served, served.client() as client:
        request = [
            "curl", "--silent", "--request", "POST", "--url", f"{served.told['url']}{SALESFORCE}",
            "--header", "Content-Type: application/json",
            "--header", f"Authorization: {client.headers['authorization']}",
            "--data", json.dumps(body("my-salesforce-connection")),
        ]  # fmt: skip
        answered = json.loads(subprocess.run(request, capture_output=True, check=True, text=True).stdout)
    sample = {
        "id": str, "name": str, "version": int, "orgId": str, "createdAt": str, "updatedAt": str, "app": str, "method": str,
        "credentials": dict,
    }  # fmt: skip
    found = answered["appConnection"]
    assert {key: type(found[key]) for key in sample} == sample
    assert (found["name"], found["app"], found["method"]) == ("my-salesforce-connection", "salesforce", "client-credentials")
    assert found["credentials"] == {"instanceUrl": HOST}
    assert SECRET not in json.dumps(answered)


def test_an_org_is_reached_by_its_hosts_name_on_either_port(tmp_path: Path) -> None:
    form = {"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET}
    with serve(tmp_path) as served:
        for url in (served.told["url"], served.told["salesforceUrl"]):
            answer = httpx.post(f"{url}/services/oauth2/token", data=form, headers={"host": HOST}, verify=NO_TLS)
            assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")
        assert httpx.get(f"{served.told['salesforceUrl']}/api/status", verify=NO_TLS).status_code == 404
        assert httpx.get(f"{served.told['url']}/api/status", verify=NO_TLS).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_that_began_is_answered_before_it_ends(tmp_path: Path, number: int) -> None:
    write_orgs(tmp_path / "orgs.yaml", delayMs=1500)
    with serve(tmp_path) as served, served.client() as client:
        told, token = served.told["url"].removeprefix("http://"), client.headers["authorization"]
        host, port = told.split(":")
        content = json.dumps(body("crm"))
        with socket.create_connection((host, int(port))) as raw:
            head = f"POST {SALESFORCE} HTTP/1.1\r\nhost: {told}\r\nauthorization: {token}\r\ncontent-type: application/json\r\n"
            raw.sendall(f"{head}content-length: {len(content)}\r\n\r\n{content}".encode())
            select.select([raw], [], [], 0.5)
            assert served.stop(number) == 0
            assert raw.recv(65536).startswith(b"HTTP/1.1 200")


FAULTS: dict[str, tuple[int | None, bool]] = {
    "drop": (None, False),
    "drop-after": (None, True),
    "500": (500, False),
    "500-after": (500, True),
    "503": (503, False),
    "truncate-after": (None, True),
    "html": (502, False),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_fails_as_it_says_and_is_carried_out_or_not(tmp_path: Path, kind: str) -> None:
    status, carried_out = FAULTS[kind]
    with serve(tmp_path) as good, serve(tmp_path, "--fault", f"{kind}=1") as bad, good.client() as client:
        url = f"{bad.told['url']}{SALESFORCE}"
        if status:
            answer = httpx.post(url, headers=client.headers, json=body("crm"), verify=NO_TLS)
            assert answer.status_code == status
            assert (kind == "html") == ("<html>" in answer.text)
        else:
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                httpx.post(url, headers=client.headers, json=body("crm"), verify=NO_TLS)
        assert len(client.get(SALESFORCE).json()["appConnections"]) == carried_out
        assert bad.stop() == 0
        assert bad.process.stderr
        assert bad.process.stderr.read() == ""


def test_the_same_seed_lets_the_same_requests_fail(tmp_path: Path) -> None:
    def statuses(seed: str) -> list[int]:
        with serve(tmp_path, "--fault", "500=0.5", "--seed", seed) as served, httpx.Client(verify=NO_TLS) as client:
            return [client.get(f"{served.told['url']}/api/status").status_code for _ in range(40)]

    first = statuses("1")
    assert first == statuses("1") != statuses("2")
    assert {*first} == {200, 500}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (
            ["--fault", "fire"],
            1,
            "`fire` is not a fault: choose one of drop, drop-after, 500, 500-after, 503, truncate-after, html",
        ),
        (["--fault", "drop=2"], 1, "`2` is not a chance: write a number from 0 to 1, such as drop=0.1"),
        (["--fault", "drop=0.7", "--fault", "html=0.7"], 1, "The chances of --fault add up to more than 1."),
        (["--project", "CRM"], 1, "not a project slug: 'CRM'"),
        (["--orgs", "nowhere.yaml"], 3, "nowhere.yaml cannot be read: No such file or directory."),
        (["--db", "/proc/none/infisical.db"], 1, "The database cannot be used"),
        (["--host", "203.0.113.1"], 1, "reconciler cannot listen on 203.0.113.1:0: Cannot assign requested address."),
        (["--credentials-file", "/proc/none/file"], 1, "The credentials cannot be written to /proc/none/file"),
    ],
)
def test_what_cannot_be_served_is_said(tmp_path: Path, options: list[str], code: int, said: str) -> None:
    ran = starter().run("reconciler", ["serve", "--port", "0", *options], tmp_path, environment({}), timeout=30)
    assert (ran.returncode, said in " ".join(ran.stderr.split()), ran.stdout) == (code, True, ""), ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "reconciler", "serve", "--port", port]
        ran = subprocess.run(
            command, cwd=tmp_path, env=environment({}), capture_output=True, text=True, timeout=30, check=False
        )
    assert (ran.returncode, f"reconciler cannot listen on 127.0.0.1:{port}: Address already in use." in ran.stderr) == (1, True)
    assert not (tmp_path / ".reconciler/infisical.db").exists(), "the credentials of a first start would be lost"


def test_without_uvicorn_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError\n")
    environ = environment({}) | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, [environment({}).get("PYTHONPATH")])])
    }
    command = [sys.executable, "-m", "reconciler", "serve"]
    ran = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, "in a clone of reconciler: pip install '.[serve]'" in ran.stderr) == (1, True), ran.stderr


def test_the_command_line_works_against_it(tmp_path: Path) -> None:
    with serve(tmp_path, "--project", "crm") as served:
        login = {
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": served.told["clientId"],
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": served.told["clientSecret"],
            "RECONCILER_SALESFORCE_ENDPOINT": served.told["salesforceUrl"],
        }
        stack = Stack.at(tmp_path / "stack", served.told["url"], login)
        stack.manifest("crm", project="crm")
        assert stack.run("apply", "--auto-approve").code == 0
        assert stack.run("plan", "--detailed-exitcode").code == 0


def test_a_second_signal_breaks_off_what_a_first_one_lets_end(tmp_path: Path) -> None:
    write_orgs(tmp_path / "orgs.yaml", delayMs=30_000)
    with serve(tmp_path) as served, served.client() as client:
        told, token = served.told["url"].removeprefix("http://"), client.headers["authorization"]
        host, _, port = told.partition(":")
        content = json.dumps(body("crm"))
        with socket.create_connection((host, int(port))) as asked:
            head = [f"POST {SALESFORCE} HTTP/1.1", f"host: {told}", f"authorization: {token}", "content-type: application/json"]
            asked.sendall("\r\n".join([*head, f"content-length: {len(content)}", "", content]).encode())
            time.sleep(0.5)
            began = time.monotonic()
            served.process.send_signal(signal.SIGINT)
            time.sleep(0.5)
            assert served.process.poll() is None
            assert served.stop(signal.SIGINT) == 0
            assert time.monotonic() - began < 4, "it waited as if nobody was in a hurry"


def test_on_an_older_build_the_check_of_the_log_in_knows_the_organisation_as_plan_does(tmp_path: Path) -> None:
    """It has no route that tells the organisation; the connections that it lists tell it."""
    with serve(tmp_path, "--project", "crm", "--older-build") as served:
        environ = {
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": served.told["clientId"],
            "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": served.told["clientSecret"],
            "RECONCILER_SALESFORCE_ENDPOINT": served.told["salesforceUrl"],
        }
        stack = Stack.at(tmp_path / "stack", served.told["url"], environ)
        stack.manifest("crm", project="crm")
        stack.apply()
        stack.manifest("crm", project="crm", description="the first connection tells it, so this apply records it")
        stack.apply()

        planned = stack.run("plan", "--detailed-exitcode")
        checked = stack.run("login", "--check")

        assert stack.state()["organisation"]["id"] == served.told["organizationId"]
        assert planned.code == 0, planned.all
        assert checked.code == 0, checked.all
        assert served.told["organizationId"] in checked.out
