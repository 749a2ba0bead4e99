"""One function a verb: each wires the parts together and returns values; none prints, prompts or exits.

Only here is it chosen whether Infisical is a server over the network or the embedded one.
"""
