"""Every verb that changes an appointment, under one name: `from appointments import lifecycle`.

Each is one transaction, all or nothing; takes `now` and the actor; returns the appointment as it
is now with its relations loaded; and raises Refused or Invalid (`errors`).
"""

from .booking import book, book_again
from .cancelling import cancel
from .completion import complete, complete_finished, mark_no_show
from .holds import confirm, expire_stale_holds, hold
from .keeping import keep_outside_hours, lift_keep
from .rebooking import rebook

__all__ = [
    "book",
    "book_again",
    "cancel",
    "complete",
    "complete_finished",
    "confirm",
    "expire_stale_holds",
    "hold",
    "keep_outside_hours",
    "lift_keep",
    "mark_no_show",
    "rebook",
]
