"""What holds for any manifests: a plan of what was just applied is empty but for what is held or protected, and no secret
is left anywhere."""

import base64
import json
import os
import random
import signal
import string
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote, quote_plus

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cli.main import cli
from tests.stacks import EMBEDDED, HOST, KEY, Stack, write_orgs

ADDRESSES = ("crm", "sales", "service-desk", "a", "b2")
_PUNCTUATION = '"\\%/+&=<>\u00e9\U0001f511 '

secrets = st.integers(min_value=0).map(
    lambda seed: "".join(random.Random(seed).choices(string.ascii_letters + string.digits + _PUNCTUATION, k=22))
).map(lambda text: f"s{text}t")  # fmt: skip


def connections() -> st.SearchStrategy[dict[str, Any]]:
    """The variable part of a manifest."""
    text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
    return st.fixed_dictionaries(
        {},
        optional={
            "description": text,
            "project": st.sampled_from(["crm", "sales"]),
            "labels": st.dictionaries(st.sampled_from(["team", "tier"]), text, max_size=2),
            "lifecycle": st.fixed_dictionaries(
                {},
                optional={
                    "preventDestroy": st.booleans(),
                    "onRemoval": st.sampled_from(["destroy", "retain"]),
                    "onCredentialDrift": st.sampled_from(["hold", "reassert", "accept"]),
                    "ignoreChanges": st.lists(st.sampled_from(["description", "name"]), unique=True),
                },
            ),
            "version": st.sampled_from(["1", "2"]),
        },
    )


stacks = st.dictionaries(st.sampled_from(ADDRESSES), connections(), min_size=1)


@contextmanager
def signals_kept() -> Iterator[None]:
    """An apply that ends ignores signals; what this process starts later must not begin its life deaf to them."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Runner:
    """Runs commands of one stack in this process and keeps all that they printed."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.printed: list[str] = []

    def __call__(self, *arguments: str) -> int:
        clean = {"PATH": os.environ["PATH"], **self.stack.environ}
        with mock.patch.dict(os.environ, clean, clear=True), signals_kept():
            result = CliRunner().invoke(cli, [*arguments, "--chdir", str(self.stack.folder)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        self.printed += [result.stdout, result.stderr]
        return result.exit_code


def write(stack: Stack, wanted: dict[str, dict[str, Any]]) -> None:
    """Make the manifests of a stack exactly these."""
    for old in (stack.folder / "connections").glob("*.yaml"):
        old.unlink()
    for address, found in wanted.items():
        spec = {key: found[key] for key in ("description", "project") if key in found}
        credentials = {
            "consumerSecret": {"fromFile": "secret.txt"},
            **({"version": found["version"]} if "version" in found else {}),
        }
        metadata = {"labels": found["labels"]} if "labels" in found else {}
        stack.manifest(address, metadata=metadata, credentials=credentials, lifecycle=found.get("lifecycle"), **spec)


def settled(runner: Runner) -> bool:
    """Whether the last plan has no change; what is held or protected may be left."""
    assert runner("plan", "--format", "json") in {0, 4}
    plan = json.loads(runner.printed[-2])
    return (
        all(set(one["change"]["actions"]) == {"no-op"} for one in plan["resource_changes"])
        and not plan["reconciler"]["changes"]
    )


def traces(secret: str) -> Iterator[bytes]:
    """A secret as it could turn up: plain, JSON-escaped, URL-encoded, and inside any base64."""
    yield secret.encode()
    for text in (
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret),
        quote_plus(secret),
        quote(secret, safe=""),
    ):
        yield text.encode()
    for before in range(3):
        coded = base64.b64encode(b"x" * before + secret.encode())
        inner = coded[4 if before else 0 : -4]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def assert_nowhere(secret: str, runner: Runner) -> None:
    """No file but those that hold it as input, and nothing printed, has a trace of `secret`."""
    inputs = {"orgs.yaml", "secret.txt"}
    places = {
        str(path): path.read_bytes() for path in runner.stack.folder.rglob("*") if path.is_file() and path.name not in inputs
    }
    places["printed"] = "".join(runner.printed).encode()
    for trace in traces(secret):
        for place, content in places.items():
            assert trace not in content, f"{trace!r} in {place}"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@settings(max_examples=int(os.environ.get("RECONCILER_EXAMPLES", "25")), deadline=None, suppress_health_check=list(HealthCheck))
@given(first=stacks, second=stacks, secret=secrets, rotated=secrets)
def test_a_plan_of_what_was_just_applied_is_empty_and_no_secret_is_left_anywhere(
    first: dict[str, Any], second: dict[str, Any], secret: str, rotated: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack.embedded(Path(folder))
        stack.configure(**EMBEDDED, guards={"maxDeletePercent": 100, "maxUpdatePercent": 100})
        stack.environ = {"CRM_KEY": KEY}
        runner = Runner(stack)
        for wanted, value in ((first, secret), (second, rotated)):
            write(stack, wanted)
            (stack.folder / "secret.txt").write_text(f"{value}\n")
            write_orgs(stack.folder / "orgs.yaml", {HOST: "something-else-entirely-1"})
            runner("apply", "--auto-approve")
            write_orgs(stack.folder / "orgs.yaml", {HOST: value.strip()})
            runner("validate")
            assert runner("plan", "--out", str(stack.folder / "plan.json")) in {0, 1, 4}
            if runner("apply", "--auto-approve") in {0, 4}:
                # Twice: an apply lifts a protection, the next goes on. The last connection of all stays guarded.
                runner("apply", "--auto-approve")
                assert settled(runner)
            runner("apply", "--auto-approve", "--format", "json")
        for address in ADDRESSES:
            runner("state", "show", address)
        for value in (secret, rotated):
            assert_nowhere(value.strip(), runner)
        assert_nowhere(KEY, runner)
