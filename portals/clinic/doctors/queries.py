"""The doctors of a clinic as its list shows them: their hours, what is missing, who is stopped."""

from datetime import datetime
from enum import StrEnum

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, Left, Lower

from appointments.models import AppointmentType
from availability.models import AvailabilityWindow, BookingStop
from organisations.models import Doctor, DoctorNotice, Organisation
from reminders.models import RecipientGroup, ReminderRule

_LETTERS_SORTED_BY = 40  # a cursor has to hold them


class Show(StrEnum):
    """The tabs of the list; all but the first are about active doctors only."""

    ALL = "all"
    NO_WINDOWS = "no-windows"
    NO_NUMBER = "no-number"
    STOPPED = "stopped"


CONDITIONS: dict[Show, Q] = {
    Show.ALL: Q(),
    Show.NO_WINDOWS: Q(is_active=True, window_count=0),
    Show.NO_NUMBER: Q(is_active=True, is_number_missing=True),
    Show.STOPPED: Q(is_active=True, is_stopped=True),
}


def stops_in_force(now: datetime) -> QuerySet[BookingStop]:
    return BookingStop.objects.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)


def doctors_of(organisation: Organisation, now: datetime) -> QuerySet[Doctor]:
    """Each with window_count, is_stopped, stopped_until, is_number_missing, and the key of the list's order."""
    mine = OuterRef("pk")
    # A window that ends today may still be in force where the doctor is.
    windows = AvailabilityWindow.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=now.date()), doctor=mine
    )
    stops = stops_in_force(now).filter(doctor=mine)
    text_rules = ReminderRule.objects.living().filter(
        recipient_group=RecipientGroup.DOCTOR,
        send_sms=True,
        appointment_type__is_active=True,
        appointment_type__doctors=mine,
    )
    rank = Case(When(is_active=True, then=Value("0")), default=Value("1"))
    return Doctor.objects.of(organisation).annotate(
        window_count=_count(windows),
        is_stopped=Exists(stops),
        stopped_until=Subquery(stops.values("until")[:1]),
        # Who wants no text messages needs no number for them.
        is_number_missing=Q(
            Exists(text_rules),
            ~Q(declined_notices__contains=[DoctorNotice.REMINDER_SMS]),
            mobile_phone="",
        ),
        order_key=Concat(rank, Left(Lower(F("display_name")), _LETTERS_SORTED_BY)),
    )


def _count(rows: QuerySet[AvailabilityWindow]) -> Coalesce:
    counted = rows.order_by().annotate(number=Func(F("pk"), function="COUNT")).values("number")
    return Coalesce(Subquery(counted), 0)


def with_types(doctors: QuerySet[Doctor]) -> QuerySet[Doctor]:
    """One more query for the active types of all of them."""
    active = AppointmentType.objects.filter(is_active=True).order_by("name")
    return doctors.prefetch_related(
        Prefetch("appointment_types", queryset=active, to_attr="active_types")
    )


def counts(doctors: QuerySet[Doctor]) -> dict[str, int]:
    """How many each tab holds, in one query."""
    return doctors.aggregate(
        **{str(show): Count("pk", filter=condition) for show, condition in _COUNTED.items()}
    )


_COUNTED = {**CONDITIONS, Show.ALL: Q(pk__isnull=False)}
