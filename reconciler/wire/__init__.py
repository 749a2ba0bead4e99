"""The one seam to the outside: requests go in, answers come out, and only this package knows httpx.

WireError
+-- NotSent         the request never reached the server: nothing happened
+-- AnswerLost      it may have reached the server: a write may have happened, look
+-- NotAnAnswer     something answered that is not the API (a proxy's page, a log-in page, half a JSON)
+-- Throttled       still rate-limited after every pause
"""

from reconciler.wire.client import ANSWER_SECONDS, VALIDATION_SECONDS, Answer, Client, Endpoint, connect
from reconciler.wire.errors import AnswerLost, NotAnAnswer, NotSent, Throttled, WireError
from reconciler.wire.words import printable

__all__ = [
    "ANSWER_SECONDS",
    "VALIDATION_SECONDS",
    "Answer",
    "AnswerLost",
    "Client",
    "Endpoint",
    "NotAnAnswer",
    "NotSent",
    "Throttled",
    "WireError",
    "connect",
    "printable",
]
