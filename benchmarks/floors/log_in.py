"""Floor of `salesforce check`: the same questions to each host and log-ins, the same number in flight, and nothing else.

`python log_in.py URL FORMS IN_FLIGHT`; FORMS is a JSON list of host, consumer key and consumer secret.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx


async def log_in(url: str, forms: list[list[str]], in_flight: int) -> None:
    """Ask every host for its versions, then POST every form."""
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        hosts = sorted({host for host, _, _ in forms})
        asked = await asyncio.gather(*(client.get("/services/data", headers={"host": host}) for host in hosts))
        for answer in asked:
            answer.raise_for_status().json()
        left = iter(forms)
        await asyncio.gather(*(_work(client, left) for _ in range(in_flight)))


async def _work(client: httpx.AsyncClient, left: Iterator[list[str]]) -> None:
    for host, key, secret in left:
        form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
        answer = await client.post("/services/oauth2/token", data=form, headers={"host": host})
        answer.raise_for_status().json()


if __name__ == "__main__":
    asyncio.run(log_in(sys.argv[1], json.loads(Path(sys.argv[2]).read_bytes()), int(sys.argv[3])))
