"""How machine identities log in, and the access tokens that they get."""
