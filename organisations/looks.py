"""When doctors look at their day, so that the page can say what has happened since they last did."""

from datetime import datetime, timedelta

from .models import Doctor

# Looks with shorter gaps are one visit to the page: a reload does not make its news old.
ONE_VISIT = timedelta(minutes=30)
_WRITTEN_EVERY = timedelta(minutes=1)


def look_at_day(doctor: Doctor, *, now: datetime) -> datetime | None:
    """Note that the doctor looks; since when what happened is news to them, None the first time.

    At most one statement, and none within a minute of the last look.
    """
    seen_at = doctor.day_seen_at
    if seen_at is not None and now < seen_at + _WRITTEN_EVERY:
        return doctor.day_news_since
    if seen_at is None or now >= seen_at + ONE_VISIT:
        doctor.day_news_since = seen_at
    doctor.day_seen_at = now
    doctor.save(update_fields=["day_seen_at", "day_news_since"])
    return doctor.day_news_since
