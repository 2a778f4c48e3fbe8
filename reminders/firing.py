"""Firing the reminders that are due: in chunks, each its own transaction, the mark moving in the last."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from appointments.models import Appointment
from common.retrying import retrying
from common.tracing import where

from . import batch, due, sent_rows
from .due import Due
from .models import Outcome, ReminderRule
from .sent_rows import Row

CHUNK = 1000  # reminders a transaction: how long a cancellation may have to wait for a lock

_log = logging.getLogger(__name__)


def fire_due(now: datetime) -> dict[str, int]:
    """Deal with every reminder that is due at `now`; returns how many fired, were skipped, missed, failed.

    Safe to run any number of times, in any number of processes, and to kill at any moment: what one
    run did not commit the next one finds. One reminder that cannot be prepared is recorded as failed
    and does not stop the others. Raises what the database raises when it is away.
    """
    found = due.find(now)
    *all_but_last, last = _chunks(found.due)
    counts: Counter[str] = Counter()
    for chunk in all_but_last:
        counts += _deal_with(chunk, now, finish=_nothing_more)
    counts += _deal_with(last, now, finish=found.complete)
    return {str(outcome): counts[outcome] for outcome in Outcome}


def _chunks(found: Sequence[Due]) -> list[Sequence[Due]]:
    """At least one, for the mark has to move even when nothing is due."""
    return [found[start : start + CHUNK] for start in range(0, max(len(found), 1), CHUNK)]


def _nothing_more() -> None:
    pass


def _deal_with(chunk: Sequence[Due], now: datetime, finish: Callable[[], None]) -> Counter[str]:
    """One transaction; when one of the chunk breaks it, its halves, down to the one that does."""

    def work() -> Counter[str]:
        counts = batch.deal_with(chunk, now=now) if chunk else Counter[str]()
        finish()
        return counts

    try:
        return retrying(work)
    except (OperationalError, InterfaceError, SoftTimeLimitExceeded):
        raise  # the database is away, or the time is up: nobody's data is to blame
    except Exception as error:
        if not chunk:
            raise
        if len(chunk) == 1:
            return retrying(partial(_record_failure, chunk[0], error, now, finish))
    middle = len(chunk) // 2
    counts = _deal_with(chunk[:middle], now, _nothing_more)
    return counts + _deal_with(chunk[middle:], now, finish)


def _record_failure(
    one: Due, error: Exception, now: datetime, finish: Callable[[], None]
) -> Counter[str]:
    """Let the appointment's log say that this reminder could not be prepared, and go on."""
    kind = type(error).__name__
    _log.error(
        "reminder could not be prepared: %s (appointment %s, rule %s) at %s",
        kind,
        one.appointment_id,
        one.rule_id,
        where(error),
    )
    rule = ReminderRule.objects.get(pk=one.rule_id)
    row = Row(
        appointment_id=one.appointment_id,
        rule_id=one.rule_id,
        recipient_uid="",  # nobody in particular: finding the recipients may be what broke
        organisation_id=Appointment.objects.values_list("organisation_id").get(
            pk=one.appointment_id
        )[0],
        recipient_group=rule.recipient_group,
        minutes_before=one.minutes_before,
        due_at=one.due_at,
        outcome=Outcome.FAILED,
        reason=f"could not be prepared ({kind})",
    )
    sent_rows.write([row], now=now)
    finish()
    return Counter({str(Outcome.FAILED): 1})
