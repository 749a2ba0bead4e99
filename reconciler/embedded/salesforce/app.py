"""The simulated orgs as one ASGI app, for clients that reach them over HTTP."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from reconciler.embedded.date_header import DateHeader
from reconciler.embedded.faults import Drop
from reconciler.embedded.salesforce.answers import HungUp, SalesforceAnswer, UnknownHost, ask_salesforce, ask_versions
from reconciler.embedded.salesforce.orgs import SimulatedOrg


def salesforce_app(orgs: Iterable[SimulatedOrg], drop: Drop | None = None) -> Starlette:
    """Return an ASGI app that answers for the simulated orgs. It finds the org by the Host header.

    The app serves `POST /services/oauth2/token` and `GET /services/data`. A host that no org has gets a 404 page. An org
    that is to break the connection uses `drop`; without `drop` the app answers 500. Every answer has a Date header: run
    uvicorn with `date_header=False`, or each answer has two.
    """
    known = tuple(orgs)

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        return await _response(request, partial(ask_salesforce, known, _host_of(request), form), drop)

    async def versions(request: Request) -> Response:
        return await _response(request, partial(ask_versions, known, _host_of(request)), drop)

    return Starlette(
        routes=[
            Route("/services/oauth2/token", token, methods=["POST"]),
            Route("/services/data", versions),
            Route("/services/data/", versions),
        ],
        middleware=[Middleware(DateHeader)],
    )


async def _response(request: Request, ask: Callable[[], Awaitable[SalesforceAnswer]], drop: Drop | None) -> Response:
    try:
        answer = await ask()
    except UnknownHost:
        return HTMLResponse("<html><head><title>404 Not Found</title></head><body>Not Found</body></html>", 404)
    except HungUp:
        if drop is not None and request.client is not None:
            drop((request.client.host, request.client.port))
        return Response(status_code=500)
    headers = {"location": answer.location} if answer.location else None
    return Response(answer.body, answer.status, headers, media_type=answer.content_type)


def _host_of(request: Request) -> str:
    return request.headers.get("host", "").partition(":")[0].lower()
