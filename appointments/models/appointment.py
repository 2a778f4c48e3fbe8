"""The appointment: a patient's hold on a doctor's time, and what became of it."""

import secrets
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from appointments.status import ACTIVE, OVER, Status
from common.uids import new_uid
from organisations.actors import ActorKind
from organisations.models import (
    UID_LENGTH,
    Doctor,
    Organisation,
    OwnedQuerySet,
    Patient,
    Shop,
)

from .configuration import AppointmentType, RebookingMode

LONGEST_VISIT = timedelta(minutes=480)  # `appointment_lasts_5_to_480_minutes` keeps it


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def _minutes(field: str) -> Any:
    return F(field) * Value(timedelta(minutes=1), output_field=models.DurationField())


class AppointmentQuerySet(OwnedQuerySet["Appointment"]):
    """Sentences about appointments. `status` sentences take `now`: a hold that ran out is expired."""

    def with_status_now(self, statuses: tuple[Status, ...] | list[Status], now: datetime) -> Self:
        """Rows whose status as of `now` is one of these, whether or not the manager has run."""
        run_out = Q(status=Status.HELD, hold_expires_at__lte=now)
        wanted = Q(status__in=[s for s in statuses if s != Status.HELD])
        if Status.HELD in statuses:
            wanted |= Q(status=Status.HELD, hold_expires_at__gt=now)
        if Status.EXPIRED in statuses:
            wanted |= run_out
        return self.filter(wanted)

    def upcoming(self, now: datetime) -> Self:
        """Not yet over: holds that run, and confirmed visits that have not ended, begun or not."""
        still = self.with_status_now(ACTIVE, now).filter(ends_at__gt=now)
        # Says nothing new, but bounds the range of the index by start.
        return still.filter(starts_at__gt=now - LONGEST_VISIT)

    def past(self, now: datetime) -> Self:
        """Over: completed, no-show, and confirmed visits that have ended. Never one that is upcoming."""
        over = Q(status__in=OVER) | Q(status=Status.CONFIRMED, ends_at__lte=now)
        return self.filter(over, starts_at__lte=now)

    def called_off(self) -> Self:
        """Cancelled after they had been confirmed, the moved ones among them."""
        return self.filter(status=Status.CANCELLED, confirmed_at__isnull=False)

    def never_confirmed(self, since: datetime) -> Self:
        """Holds that ran out or were given back, and have rested as that since before `since`."""
        over = self.filter(status__in=(Status.EXPIRED, Status.CANCELLED), confirmed_at=None)
        return over.filter(status_changed_at__lt=since)

    def kept(self) -> Self:
        """Outside their doctor's hours, and somebody has decided that they stay (`keeping`)."""
        return self.filter(kept_outside_hours_at__isnull=False)

    def starting_between(self, start: datetime, end: datetime) -> Self:
        """Both bounds inclusive, as the contract's `from` and `to`."""
        return self.filter(starts_at__gte=start, starts_at__lte=end)

    def for_display(self) -> Self:
        """With everything the contract's representation names, in one statement."""
        return self.select_related(
            "organisation",
            "doctor",
            "patient",
            "appointment_type",
            "shop",
            "previous",
            "rebooked_to",
        )


class OnBehalfOf(models.TextChoices):
    PATIENT = "patient"
    DOCTOR = "doctor"
    CLINIC = "clinic"


class Appointment(models.Model):
    """One visit. `lifecycle` is the only door to `status`; the constraints refuse double booking."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "mtg"), editable=False
    )
    # db_index=False: a composite index below begins with the column.
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+")
    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="appointments", db_index=False
    )
    doctor = models.ForeignKey(Doctor, models.PROTECT, related_name="appointments", db_index=False)
    appointment_type = models.ForeignKey(
        AppointmentType, models.PROTECT, related_name="appointments"
    )
    meeting_type = models.CharField(max_length=20, default="CONSULTATION")
    client_reference = models.CharField(max_length=200, blank=True)
    previous = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="rebooked_to"
    )

    status = models.CharField(max_length=10, choices=Status)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    blocked_from = models.DateTimeField(help_text="Start less the buffer before.")
    blocked_until = models.DateTimeField(help_text="End plus the buffer after.")

    # Stamped from the type when held; a rebook obeys the old visit's stamps.
    buffer_before_minutes = models.SmallIntegerField()
    buffer_after_minutes = models.SmallIntegerField()
    cancellation_notice_minutes = models.IntegerField()
    rebooking_notice_minutes = models.IntegerField()
    rebooking_mode = models.CharField(max_length=20, choices=RebookingMode)

    hold_expires_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=10, choices=ActorKind, blank=True)
    cancelled_on_behalf_of = models.CharField(max_length=10, choices=OnBehalfOf, blank=True)
    cancellation_reason = models.CharField(max_length=500, blank=True)
    cancellation_message = models.CharField(max_length=2000, blank=True)
    status_changed_by = models.CharField(max_length=10, choices=ActorKind)
    status_changed_at = models.DateTimeField()
    was_completed_automatically = models.BooleanField(default=False)
    kept_outside_hours_at = models.DateTimeField(
        null=True, help_text="When somebody decided that it stays although outside the hours."
    )
    kept_outside_hours_by = models.CharField(max_length=254, blank=True, default="", db_default="")

    link_nonce = models.CharField(
        max_length=32, default=partial(secrets.token_urlsafe, 16), editable=False
    )
    invitation_sequence = models.IntegerField(default=0, help_text="SEQUENCE of the visit's ICS.")
    last_event_timestamp = models.BigIntegerField(default=0, help_text="Events of this row rise.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="appointment_no_doctor_twice_at_once",
                expressions=[
                    ("doctor", RangeOperators.EQUAL),
                    (TsTzRange("blocked_from", "blocked_until"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=ACTIVE),
            ),
            ExclusionConstraint(
                name="appointment_no_patient_twice_at_once",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status=Status.CONFIRMED),
            ),
            models.CheckConstraint(
                condition=Q(blocked_from=F("starts_at") - _minutes("buffer_before_minutes"))
                & Q(blocked_until=F("ends_at") + _minutes("buffer_after_minutes")),
                name="appointment_blocks_itself_and_its_buffers",
            ),
            models.CheckConstraint(
                condition=Q(buffer_before_minutes__range=(0, 240))
                & Q(buffer_after_minutes__range=(0, 240)),
                name="appointment_buffers_are_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at") + timedelta(minutes=5))
                & Q(ends_at__lte=F("starts_at") + timedelta(minutes=480)),
                name="appointment_lasts_5_to_480_minutes",
            ),
            models.CheckConstraint(
                condition=Func(
                    F("starts_at"), function="isfinite", output_field=models.BooleanField()
                )
                & Func(F("ends_at"), function="isfinite", output_field=models.BooleanField()),
                name="appointment_time_is_finite",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="appointment_status_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.HELD) | Q(hold_expires_at__isnull=False),
                name="appointment_hold_has_an_expiry",
            ),
            models.CheckConstraint(
                condition=Q(hold_expires_at=None) | Q(hold_expires_at__lte=F("starts_at")),
                name="appointment_hold_ends_by_the_start",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=(Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW))
                | Q(confirmed_at__isnull=False),
                name="appointment_confirmed_knows_when",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.CANCELLED)
                | (Q(cancelled_at__isnull=False) & ~Q(cancelled_by="")),
                name="appointment_cancelled_knows_when_and_by_whom",
            ),
            models.CheckConstraint(
                condition=~Q(cancelled_by__in=(ActorKind.ADMIN, ActorKind.DOCTOR))
                | ~Q(cancellation_reason__regex=r"^\s*$"),
                name="appointment_cancelled_by_staff_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(previous=F("id")), name="appointment_does_not_follow_itself"
            ),
        ]
        indexes = [
            # The busy query: by doctor and time, only what takes time. GiST alone is 9 times slower.
            models.Index(
                fields=["doctor", "blocked_from"],
                include=["blocked_until", "status", "hold_expires_at"],
                condition=Q(status__in=ACTIVE),
                name="appointment_busy",
            ),
            models.Index(fields=["organisation", "starts_at", "uid"], name="appointment_by_start"),
            models.Index(
                fields=["organisation", "status", "starts_at", "uid"],
                name="appointment_by_status_start",
            ),
            models.Index(fields=["patient", "starts_at"], name="appointment_by_patient"),
            models.Index(fields=["doctor", "starts_at"], name="appointment_by_doctor"),
            # A doctor's cancelled or booked ones, without a bitmap of everybody's.
            models.Index(
                fields=["doctor", "status", "starts_at"], name="appointment_by_doctor_status"
            ),
            # Who was booked last, for the fair choice of a doctor.
            models.Index(fields=["doctor", "-id"], name="appointment_last_of_doctor"),
            models.Index(
                fields=["organisation", "client_reference"],
                condition=~Q(client_reference=""),
                name="appointment_by_reference",
            ),
            models.Index(
                fields=["hold_expires_at"],
                condition=Q(status=Status.HELD),
                name="appointment_holds_running_out",
            ),
            models.Index(
                fields=["organisation", "starts_at"],
                condition=Q(kept_outside_hours_at__isnull=False),
                name="appointment_kept",
            ),
            models.Index(
                fields=["status_changed_at"],
                condition=Q(status__in=(Status.EXPIRED, Status.CANCELLED), confirmed_at=None),
                name="appointment_never_confirmed",
            ),
            models.Index(
                fields=["ends_at"],
                condition=Q(status=Status.CONFIRMED),
                name="appointment_to_complete",
            ),
            models.Index(
                fields=["starts_at"],
                condition=Q(status=Status.CONFIRMED),
                include=["appointment_type", "confirmed_at"],
                name="appointment_to_remind",
            ),
            models.Index(
                fields=["confirmed_at"],
                condition=Q(status=Status.CONFIRMED),
                name="appointment_newly_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return self.uid

    def status_at(self, now: datetime) -> Status:
        """The status that holds at `now`: a hold is over at `now >= hold_expires_at`."""
        if self.status == Status.HELD and self.hold_expires_at and now >= self.hold_expires_at:
            return Status.EXPIRED
        return Status(self.status)

    @property
    def cancellable_until(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.cancellation_notice_minutes)

    @property
    def rebookable_until(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.rebooking_notice_minutes)


class AppointmentTransition(models.Model):
    """One move of an appointment: when, from, to, who, why."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="transitions")
    at = models.DateTimeField()
    from_status = models.CharField(max_length=10, choices=Status, blank=True)
    to_status = models.CharField(max_length=10, choices=Status)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_uid = models.CharField(max_length=UID_LENGTH, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    note = models.CharField(
        max_length=200,
        blank=True,
        help_text="E.g. that the patient was not told, or on whose behalf.",
    )

    objects = OwnedQuerySet["AppointmentTransition"].as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["appointment", "id"], name="transition_by_appointment")]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"
