"""What becomes of a visit under a rule whose instant has come: fire, skip or miss. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .models import Outcome

BOOKED_LATE = "booked too late for this reminder"
RULE_IS_NEWER = "the reminder was set up after this time"
MANAGER_WAS_DOWN = "the maintenance manager did not run in time"


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    reason: str = ""


_FIRE = Verdict(Outcome.FIRED)


def due_at(starts_at: datetime, minutes_before: int) -> datetime:
    """Elapsed time: an hour before is an hour before, whatever the clocks on the wall do."""
    return starts_at - timedelta(minutes=minutes_before)


def judge(
    *,
    starts_at: datetime,
    confirmed_at: datetime,
    minutes_before: int,
    rule_created_at: datetime,
    offset_changed_at: datetime | None,
    now: datetime,
) -> Verdict:
    """The verdict on a confirmed visit at `now`, for a rule that is due by then.

    An edit starts afresh for the visits that were booked before it: what its new instant lies in
    the past of fires at once while the visit is ahead.
    """
    due = due_at(starts_at, minutes_before)
    is_edited_since = offset_changed_at is not None and confirmed_at <= offset_changed_at
    if not is_edited_since:
        if due < confirmed_at:
            return Verdict(Outcome.SKIPPED, BOOKED_LATE)
        if due < rule_created_at:
            return Verdict(Outcome.SKIPPED, RULE_IS_NEWER)
    if now >= starts_at:
        return Verdict(Outcome.MISSED, MANAGER_WAS_DOWN)
    return _FIRE
