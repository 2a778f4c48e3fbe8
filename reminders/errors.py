"""How the verbs of reminder rules say no; each surface translates these once."""


class AlreadyExists(Exception):  # a refusal is an answer, not an error
    """The type already reminds this group this long before the start."""

    message = "There is already a reminder for this group and time."


class Invalid(Exception):  # as above
    """Bad input: `field` names what is wrong, `message` says it to a person."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(field, message)
