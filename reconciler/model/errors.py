"""The base of every error that a person can act on: one sentence that says what is wrong, and one that says what to do."""


class ReconcilerError(Exception):
    """Something went wrong that a person can correct.

    `str(error)` is a sentence that says what is wrong. `hint` says what to do next; it is "" if there is nothing to say.
    Neither ever contains a secret value.
    """

    hint: str = ""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        if hint:
            self.hint = hint
