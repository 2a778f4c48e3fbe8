"""The six statuses, their named sets, and the only moves between them."""

from django.db import models


class Status(models.TextChoices):
    HELD = "held"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


# These take the doctor's time; the exclusion constraint looks at exactly them.
ACTIVE = (Status.HELD, Status.CONFIRMED)
# The visit was to take place: joining works, rates count them.
BOOKED_OR_OVER = (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)
OVER = (Status.COMPLETED, Status.NO_SHOW)

MOVES: dict[Status, frozenset[Status]] = {
    Status.HELD: frozenset({Status.CONFIRMED, Status.CANCELLED, Status.EXPIRED}),
    Status.CONFIRMED: frozenset({Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW}),
    Status.CANCELLED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.COMPLETED: frozenset({Status.NO_SHOW}),
    Status.NO_SHOW: frozenset({Status.COMPLETED}),
}
