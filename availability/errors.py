"""What an edit of availability can be refused for."""

from collections.abc import Sequence


class Invalid(Exception):
    """A value that cannot be stored; `field` is the field of the form or the body."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class WindowOverlap(Exception):
    """The window would overlap others of its doctor; `overlaps_with` holds their uids."""

    def __init__(self, wanted: str, others: Sequence[tuple[str, str]]) -> None:
        """`others` are (uid, words) pairs; `wanted` is the refused window in words."""
        self.overlaps_with = [uid for uid, _ in others]
        self.message = f"{wanted} overlaps {' and '.join(words for _, words in others)}."
        super().__init__(self.message)


class AlreadyExists(Exception):
    """The date has hours of its own already."""

    message = "This date has hours of its own already. Change those."


class Stale(Exception):
    """Somebody else has changed or removed the row since it was read."""
