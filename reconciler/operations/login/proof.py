"""The error of every way to prove an identity without a secret of Infisical."""

from reconciler.model import ReconcilerError


class NoProof(ReconcilerError):
    """Nothing proves the identity. The sentence says why, and has no full stop. Neither it nor the hint contains a token."""
