"""Serves the embedded Infisical and its simulated Salesforce over HTTP, for other programs and for tests.

`prepare` makes the app that is served, and what a client must know. `listen` takes requests for it on two sockets.
"""

from collections.abc import Callable

from reconciler.embedded.faults import Fault
from reconciler.model import Stop, Stopped, error
from reconciler.operations.interruption import Interruption
from reconciler.operations.serving.prepare import Served, Serving, prepare, write_credentials

__all__ = ["Fault", "Served", "Serving", "serve", "write_credentials"]


def serve(serving: Serving, ready: Callable[[Served], None], interruption: Interruption) -> None:
    """Serve until `interruption` asks for the end, then answer the requests that began.

    It calls `ready` once both sockets take requests. Raises `Stopped` if uvicorn is not installed, if a port is taken, and if
    the database or the org file cannot be used.
    """
    try:
        import uvicorn  # noqa: F401  # an extra
    except ImportError:
        hint = "in a clone of reconciler: pip install '.[serve]'"
        missing = error("`reconciler serve` needs uvicorn, which is not installed.", hint=hint)
        raise Stopped(Stop.FAILED, missing) from None
    from reconciler.operations.serving.listen import Connections, listen, serve_until_stopped

    connections = Connections()
    with (
        listen(serving.host, serving.port) as infisical,
        listen(serving.host, serving.salesforce_port) as salesforce,
        prepare(serving, salesforce.port, connections.drop) as prepared,
    ):
        served = prepared.describe(infisical.url, salesforce.url)
        serve_until_stopped(prepared.app, [infisical, salesforce], connections, lambda: ready(served), interruption)
