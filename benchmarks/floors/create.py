"""Floor of `apply`: the same creates, the same number in flight, and nothing else. `python create.py URL BODIES IN_FLIGHT`.

BODIES is a JSON list of what is POSTed, with a project's slug where the API wants its id, so that is asked for once.
The token is in INFISICAL_TOKEN.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx


async def create(url: str, bodies: list[dict[str, Any]], in_flight: int) -> None:
    """POST every body."""
    headers = {"authorization": f"Bearer {os.environ['INFISICAL_TOKEN']}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        ids: dict[str, str] = {}
        for slug in sorted({body["projectId"] for body in bodies if "projectId" in body}):
            ids[slug] = (await client.get(f"/api/v1/projects/slug/{slug}")).raise_for_status().json()["id"]
        left = iter([{**body, "projectId": ids[body["projectId"]]} if "projectId" in body else body for body in bodies])
        await asyncio.gather(*(_work(client, left) for _ in range(in_flight)))


async def _work(client: httpx.AsyncClient, left: Iterator[dict[str, Any]]) -> None:
    for body in left:
        answer = await client.post("/api/v1/app-connections/salesforce", json=body)
        answer.raise_for_status().json()


if __name__ == "__main__":
    asyncio.run(create(sys.argv[1], json.loads(Path(sys.argv[2]).read_bytes()), int(sys.argv[3])))
