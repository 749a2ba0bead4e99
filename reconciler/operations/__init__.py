"""The operations: one async function a verb. Each wires the parts together and returns values; none prints, prompts or exits.

`open_stack` opens a stack for all of them. `event_loop.run` is their sync face. Operations that only read files (validate,
show, `plan --offline`, `salesforce metadata`) need no event loop and are plain functions. Only `login.session` and `salesforce`
choose between the network and the embedded servers.
"""
