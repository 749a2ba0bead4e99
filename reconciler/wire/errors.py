"""How a request can end without an answer; see the package's docstring for the tree."""

from reconciler.model import ReconcilerError


class WireError(ReconcilerError):
    """A request got no usable answer."""


class NotSent(WireError):
    """The request never reached the server."""


class Unresolved(NotSent):
    """There is no host of that name, as far as this machine's name service tells."""


class Untrusted(NotSent):
    """TLS did not come about: a certificate or a key is missing, unusable or not accepted. Trying again changes nothing."""


class AnswerLost(WireError):
    """The request may have been carried out; its answer was lost."""


class NotAnAnswer(WireError):
    """What answered is not the API. `status` is its HTTP status."""

    def __init__(self, sentence: str, hint: str, status: int) -> None:
        super().__init__(sentence, hint)
        self.status = status


class Throttled(WireError):
    """The rate limit did not let the request through, however long we waited."""
