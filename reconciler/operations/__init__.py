"""The operations: one async function for each verb. Each connects the parts and returns values. None prints, asks or exits.

`open_stack` opens a stack for all of them. `event_loop.run` calls them from sync code. Operations that only read files
(validate, show, `plan --offline`, `salesforce metadata`) need no event loop and are plain functions. Only `login.session` and
`salesforce` choose between the network and the embedded servers.
"""
