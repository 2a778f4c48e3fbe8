"""Which doctor gets a booking that named none: fairly."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.db import connection

from common.clock import zone
from organisations.models import Doctor

# Counted are visits that take place and holds that run. Row numbers rise as bookings are made,
# also within one instant, so the highest one tells who was booked last.
_IN_FAIR_ORDER = """
SELECT candidate.id
FROM unnest(%(ids)s::bigint[], %(uids)s::text[], %(day_starts)s::timestamptz[], %(day_ends)s::timestamptz[])
    AS candidate (id, uid, day_start, day_end)
ORDER BY (
    SELECT count(*) FROM appointments_appointment visit
    WHERE visit.doctor_id = candidate.id
        AND visit.starts_at >= candidate.day_start AND visit.starts_at < candidate.day_end
        AND (visit.status IN ('confirmed', 'completed', 'no_show')
            OR visit.status = 'held' AND visit.hold_expires_at > %(now)s)
), (
    SELECT max(visit.id) FROM appointments_appointment visit
    WHERE visit.doctor_id = candidate.id
        AND (visit.status IN ('confirmed', 'completed', 'no_show')
            OR visit.status = 'held' AND visit.hold_expires_at > %(now)s)
) NULLS FIRST, candidate.uid COLLATE "C"
"""


def in_fair_order(doctors: Sequence[Doctor], *, starts_at: datetime, now: datetime) -> list[Doctor]:
    """Fewest appointments on that day (each doctor's own local day), then least recently booked, then uid.

    One statement; none for a single doctor.
    """
    if len(doctors) < 2:
        return list(doctors)
    days = [_local_day(doctor, starts_at) for doctor in doctors]
    with connection.cursor() as cursor:
        cursor.execute(
            _IN_FAIR_ORDER,
            {
                "ids": [doctor.pk for doctor in doctors],
                "uids": [doctor.uid for doctor in doctors],
                "day_starts": [start for start, _ in days],
                "day_ends": [end for _, end in days],
                "now": now,
            },
        )
        order = [pk for (pk,) in cursor.fetchall()]
    by_pk = {doctor.pk: doctor for doctor in doctors}
    return [by_pk[pk] for pk in order]


def _local_day(doctor: Doctor, instant: datetime) -> tuple[datetime, datetime]:
    """The local date of `instant` where the doctor is, from midnight to midnight."""
    local_zone = zone(doctor.timezone)
    date = instant.astimezone(local_zone).date()
    return (
        datetime.combine(date, time(), local_zone),
        datetime.combine(date + timedelta(days=1), time(), local_zone),
    )
