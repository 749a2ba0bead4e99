"""The base of every error that a person can act on: one sentence that says what is wrong, and one that says what to do."""


class ReconcilerError(Exception):
    """Something went wrong that a person can mend.

    `str(error)` is a sentence that says what is wrong. `hint` says what to do next; it is "" when there is nothing to say.
    Neither ever holds a secret value.
    """

    hint: str = ""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        if hint:
            self.hint = hint
