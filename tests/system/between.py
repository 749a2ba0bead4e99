"""A server between the tool and the served API that changes what passes: what no real Infisical does on demand."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.loopback import Reply, Request, answering

LIST = "/api/v1/app-connections"
Change = Callable[[str, Any], Any]
"""(path, JSON answer) to the JSON answer that is passed on."""


@contextmanager
def between(url: str, change: Change) -> Iterator[str]:
    """Give the address of a server that passes everything on to `url` and its answers through `change`."""

    def pass_on(request: Request) -> Reply:
        left_out = {"host", "content-length", "accept-encoding", "connection", "if-none-match"}
        headers = {name: value for name, value in request.headers.items() if name not in left_out}
        answer = httpx.request(request.method, f"{url}{request.path}", content=request.body or None, headers=headers)
        try:
            changed = json.dumps(change(request.path, answer.json())).encode()
        except ValueError:
            changed = answer.content
        return Reply(answer.status_code, changed, {"content-type": answer.headers.get("content-type", "application/json")})

    with answering(pass_on) as address:
        yield f"http://{address}"


def without(*names: str) -> Change:
    """Leave connections of these names out of the list; by their ids they are still there."""

    def change(path: str, answer: Any) -> Any:
        if path == LIST and isinstance(answer, dict):
            answer["appConnections"] = [one for one in answer.get("appConnections", ()) if one["name"] not in names]
        return answer

    return change
