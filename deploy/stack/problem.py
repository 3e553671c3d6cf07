"""What is wrong with this machine or these options, and how to mend it: printed instead of a traceback."""


class Trouble(Exception):
    """The stack cannot go on. `remedy` says what the operator can do."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(f"{sentence}\n  {remedy}")
        self.sentence = sentence
        self.remedy = remedy
