"""When doctors are taken: the padded ranges of active appointments, as integers, in one statement."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from appointments.models import Appointment
from common.clock import from_epoch
from common.intervals import Interval

# A visit lasts 480 minutes at most, each buffer 240 (constraints of Appointment): what began longer
# ago than this is over. The bound lets the partial index `appointment_busy` answer alone.
LONGEST_BLOCK_SECONDS = (480 + 240 + 240) * 60

# The statuses stand in the text so that the planner can prove the partial index fits.
_STATEMENT = """
    SELECT doctor_id,
           array_agg(date_part('epoch', blocked_from)::bigint ORDER BY blocked_from),
           array_agg(date_part('epoch', blocked_until)::bigint ORDER BY blocked_from)
      FROM appointments_appointment
     WHERE doctor_id = ANY(%(doctors)s)
       AND status IN ('held', 'confirmed')
       AND blocked_from >= %(reach)s AND blocked_from < %(end)s AND blocked_until > %(start)s
       AND (status = 'confirmed' OR hold_expires_at > %(now)s)
"""


def busy(
    doctors: Sequence[int],
    *,
    start: int,
    end: int,
    now: datetime,
    leaving_out: Appointment | None = None,
) -> dict[int, list[Interval]]:
    """Per doctor id what meets [start, end), sorted by start; a free doctor has no entry.

    A hold that has run out at `now` takes no time. `leaving_out` is the visit being rebooked.
    """
    statement = _STATEMENT + ("" if leaving_out is None else " AND id <> %(leaving_out)s")
    with connection.cursor() as cursor:
        cursor.execute(
            statement + " GROUP BY doctor_id",
            {
                "doctors": list(doctors),
                "reach": from_epoch(start - LONGEST_BLOCK_SECONDS),
                "start": from_epoch(start),
                "end": from_epoch(end),
                "now": now,
                "leaving_out": None if leaving_out is None else leaving_out.pk,
            },
        )
        rows: list[tuple[int, list[int], list[int]]] = cursor.fetchall()
    return {doctor: list(zip(since, until, strict=True)) for doctor, since, until in rows}
