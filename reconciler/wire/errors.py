"""How a request can end without an answer. The docstring of the package shows the tree."""

from reconciler.model import ReconcilerError


class WireError(ReconcilerError):
    """A request got no usable answer."""


class NotSent(WireError):
    """The request never reached the server."""


class Unresolved(NotSent):
    """The name service of this machine knows no host of that name."""


class Untrusted(NotSent):
    """TLS failed: a certificate or a key is missing, unusable or not accepted. Trying again changes nothing."""


class AnswerLost(WireError):
    """The answer is lost. The server may have carried out the request."""


class NotAnAnswer(WireError):
    """What answered is not the API. `status` is its HTTP status."""

    def __init__(self, sentence: str, hint: str, status: int) -> None:
        super().__init__(sentence, hint)
        self.status = status


class Throttled(WireError):
    """The server limits the rate, and refused the request after every pause."""
