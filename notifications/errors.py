"""What the verbs of subscriptions and deliveries refuse; each surface translates these once."""


class AlreadyExists(Exception):
    """The organisation already subscribes this type to this target."""


class Invalid(Exception):
    """Bad input: `field` names what was wrong, `message` says it to a person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class Refused(Exception):
    """The state of the subscription or delivery forbids it; the text says why."""
