"""What the acts of the editor say afterwards."""

from collections.abc import Sequence

from appointments.models import Appointment
from portals.lengths import counted


def now_outside(visits: Sequence[Appointment]) -> str:
    """A second sentence about the visits an edit has left outside; "" for none."""
    if not visits:
        return ""
    is_are = "is" if len(visits) == 1 else "are"
    return f" {counted(len(visits), 'booked visit')} {is_are} outside your hours now: see above."
