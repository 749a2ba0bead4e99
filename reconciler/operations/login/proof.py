"""What every way to prove an identity without a secret of its own has in common: it can fail."""

from reconciler.model import ReconcilerError


class NoProof(ReconcilerError):
    """Nothing here proves the identity. The sentence says why and has no full stop; neither it nor the hint shows a token."""
