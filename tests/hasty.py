"""`python -m tests.hasty ARGUMENT...` is the command line, but its wire waits for nothing between two tries of a request."""

from unittest import mock

from reconciler.cli import main
from reconciler.wire import client

if __name__ == "__main__":
    with mock.patch.object(client, "backoff", return_value=0.0):
        main()
