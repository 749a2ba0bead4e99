"""Floor of `plan`: the list of all connections once, decoded. `python list_call.py URL` writes the seconds it took.

The interpreter is warm and the connection open when the clock starts. The token is in INFISICAL_TOKEN.
"""

import os
import sys
import time

import httpx

with httpx.Client(base_url=sys.argv[1], headers={"authorization": f"Bearer {os.environ['INFISICAL_TOKEN']}"}) as client:
    client.get("/api/status").raise_for_status()
    started = time.perf_counter()
    client.get("/api/v1/app-connections", timeout=120).raise_for_status().json()
    sys.stdout.write(f"{time.perf_counter() - started}\n")
