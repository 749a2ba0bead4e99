# Sourced by hidden scripts of pages: `. "$DOCS_ISSUER" METHOD AUDIENCE [PLACE]` lets an identity of the served API log in by METHOD.
# Writes a JWT to ~/jwt and exports INFISICAL_MACHINE_IDENTITY_ID; a PLACE (github, azure, google) gives the JWT over loopback.
eval "$(issuer.py "$@")"
