"""A server between the tool and the served API that changes what passes: what no real Infisical does on demand."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

LIST = "/api/v1/app-connections"
Change = Callable[[str, Any], Any]
"""(path, JSON answer) to the JSON answer that is passed on."""


@contextmanager
def between(url: str, change: Change) -> Iterator[str]:
    """Give the address of a server that passes everything on to `url` and its answers through `change`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name in http.server
            """Nothing is logged."""

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            left_out = {"host", "content-length", "accept-encoding", "connection", "if-none-match"}
            headers = {name: value for name, value in self.headers.items() if name.lower() not in left_out}
            answer = httpx.request(self.command, f"{url}{self.path}", content=body or None, headers=headers)
            try:
                changed = json.dumps(change(self.path, answer.json())).encode()
            except ValueError:
                changed = answer.content
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers.get("content-type", "application/json"))
            self.send_header("content-length", str(len(changed)))
            self.end_headers()
            self.wfile.write(changed)

        do_GET = do_POST = do_PATCH = do_DELETE = _pass  # noqa: N815  # their names in http.server

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def without(*names: str) -> Change:
    """Leave connections of these names out of the list; by their ids they are still there."""

    def change(path: str, answer: Any) -> Any:
        if path == LIST and isinstance(answer, dict):
            answer["appConnections"] = [one for one in answer.get("appConnections", ()) if one["name"] not in names]
        return answer

    return change
