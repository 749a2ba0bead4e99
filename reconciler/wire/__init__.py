"""The only way to the outside: requests go in, answers come out. Only this package uses httpx.

WireError
+-- NotSent         the request never reached the server: nothing happened
|   +-- Unresolved  there is no host of that name
|   +-- Untrusted   TLS failed: a certificate or a key is unusable or not accepted; never sent again
+-- AnswerLost      the request may have reached the server: look whether a write happened
+-- NotAnAnswer     something answered that is not the API (a proxy's page, a log-in page, incomplete JSON)
+-- Throttled       the server still limits the rate after every pause
"""

from reconciler.wire.answers import Answer
from reconciler.wire.ask import HALF, Asker, Reply, Stand, asking
from reconciler.wire.bearer import Renew
from reconciler.wire.client import ANSWER_SECONDS, VALIDATION_SECONDS, Client, connect
from reconciler.wire.errors import AnswerLost, NotAnAnswer, NotSent, Throttled, Unresolved, Untrusted, WireError
from reconciler.wire.headers import custom_headers
from reconciler.wire.log import HttpLog
from reconciler.wire.metadata import ask_metadata
from reconciler.wire.transport import Endpoint, Transport
from reconciler.wire.words import printable

__all__ = [
    "ANSWER_SECONDS",
    "HALF",
    "VALIDATION_SECONDS",
    "Answer",
    "AnswerLost",
    "Asker",
    "Client",
    "Endpoint",
    "HttpLog",
    "NotAnAnswer",
    "NotSent",
    "Renew",
    "Reply",
    "Stand",
    "Throttled",
    "Transport",
    "Unresolved",
    "Untrusted",
    "WireError",
    "ask_metadata",
    "asking",
    "connect",
    "custom_headers",
    "printable",
]
