"""Vouches for an identity of the API that stands in for Infisical Cloud in a page: see issuer.sh beside it.

A place that gives tokens is served by a process of its own, which ends by itself.
"""

import json
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from reconciler.embedded.testing import trust_access_key, trust_issuer

SECONDS = 60
HOME = Path.home()


def vouch(method: str, audience: str) -> str:
    """Return the identity's id; write a token of its issuer to ~/jwt."""
    if method == "aws-auth":
        return trust_access_key(HOME / "infisical.db", method, audience)
    key = ec.generate_private_key(ec.SECP256R1())
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    claims = {"aud": audience, "sub": "repo:acme/crm", "exp": int(time.time()) + 600}
    (HOME / "jwt").write_text(jwt.encode(claims, key, "ES256"))
    return trust_issuer(HOME / "infisical.db", method, method, jwks={"keys": [public]}, audience=audience)


def serve(shape: str) -> None:
    """Give the token to whoever asks, in the shape of a place; write the port to ~/port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            token = (HOME / "jwt").read_text()
            answer = {"github": {"value": token}, "azure": {"access_token": token}}.get(shape)
            self.send_response(200)
            self.end_headers()
            self.wfile.write((json.dumps(answer) if answer else token).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.timeout = 1
        part = HOME / "port.part"
        part.write_text(str(server.server_port))
        part.replace(HOME / "port")
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            server.handle_request()


def main() -> None:
    """Print what a shell is to export."""
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
        return
    method, audience, *place = sys.argv[1:]
    print(f"export INFISICAL_MACHINE_IDENTITY_ID={vouch(method, audience)}")  # noqa: T201  # this is its output
    if not place:
        return
    (HOME / "port").unlink(missing_ok=True)
    quiet = subprocess.DEVNULL
    command = ["issuer.py", "--serve", place[0]]
    subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    while not (HOME / "port").exists():
        time.sleep(0.02)
    url = f"127.0.0.1:{(HOME / 'port').read_text()}"
    exports = {
        "github": f"ACTIONS_ID_TOKEN_REQUEST_URL=http://{url}/token?v=1 ACTIONS_ID_TOKEN_REQUEST_TOKEN=of-the-job",
        "azure": f"AZURE_POD_IDENTITY_AUTHORITY_HOST=http://{url}",
        "google": f"GCE_METADATA_HOST={url}",
    }
    print(f"export {exports[place[0]]}")  # noqa: T201  # this is its output


if __name__ == "__main__":
    os.chdir(HOME)
    main()
