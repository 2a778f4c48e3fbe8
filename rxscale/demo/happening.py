"""What goes on in the demo's clinic at this minute, for its front page. No patient is named."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments.models import Appointment
from appointments.status import Status
from organisations.models import Organisation

from .clinic import NORTHSIDE

MINUTES_BEFORE = 15
REMINDED_BEFORE = timedelta(minutes=MINUTES_BEFORE)

JUST_LEFT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Happening:
    """`next`: the visit whose reminder of a quarter of an hour leaves next, or just left; `reminded_at`: when."""

    running: Appointment | None = None
    next: Appointment | None = None
    hold: Appointment | None = None
    has_reminded: bool = False

    @property
    def reminded_at(self) -> datetime | None:
        return self.next.starts_at - REMINDED_BEFORE if self.next else None

    def __bool__(self) -> bool:
        return any((self.running, self.next, self.hold))


def happening_now(now: datetime) -> Happening:
    """Four statements; nothing while the clinic is not there yet."""
    organisation = Organisation.objects.filter(name=NORTHSIDE.name).first()
    if organisation is None:
        return Happening()
    visits = Appointment.objects.of(organisation).select_related("doctor", "appointment_type")
    confirmed = visits.filter(status=Status.CONFIRMED).order_by("starts_at", "uid")
    reminded = confirmed.filter(
        appointment_type__reminder_rules__minutes_before=MINUTES_BEFORE,
        appointment_type__reminder_rules__deleted_at=None,
    )
    held = visits.with_status_now([Status.HELD], now)
    ahead = reminded.filter(starts_at__gt=now + REMINDED_BEFORE - JUST_LEFT).first()
    return Happening(
        running=confirmed.filter(starts_at__lte=now, ends_at__gt=now).last(),
        next=ahead,
        hold=held.order_by("hold_expires_at", "uid").first(),
        has_reminded=ahead is not None and ahead.starts_at <= now + REMINDED_BEFORE,
    )
