"""Logging in to Infisical.

`choose` picks the method: from `reconciler.yaml`, or from the variables that are set. `jwt_sources` and `aws` get the proof of
the identity. `session` logs in, over the network or to the embedded Infisical. `check` is the operation `login --check`.
"""
