"""What the verbs of this package raise."""


class Invalid(Exception):
    """An input that cannot be used; nothing was written. `message` is for people and names no value."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
