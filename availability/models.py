"""When a doctor could work, in local terms: weekly windows, date overrides, time off, booking stops."""

from functools import partial

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from common.uids import new_uid
from organisations.models import UID_LENGTH, Doctor, Organisation, OwnedQuerySet

MINUTES_PER_DAY = 1440


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class AvailabilityWindow(models.Model):
    """A weekly recurring window in the doctor's zone. It belongs to the weekday it starts on.

    `end_minute` counts from the start of that weekday: 1440 is `24:00`, more is the next day.
    An exclusion constraint (migration 0002) refuses windows of one doctor that overlap in
    minutes of the week and in validity dates; windows that touch are fine.
    """

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "avr"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    doctor = models.ForeignKey(Doctor, models.PROTECT, related_name="availability_windows")
    weekday = models.SmallIntegerField(choices=Weekday)
    start_minute = models.SmallIntegerField()
    end_minute = models.SmallIntegerField()
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True, help_text="Inclusive.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet["AvailabilityWindow"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__range=(0, 6)), name="window_weekday_is_known"
            ),
            models.CheckConstraint(
                condition=Q(start_minute__range=(0, MINUTES_PER_DAY - 1)),
                name="window_starts_within_its_day",
            ),
            models.CheckConstraint(
                condition=Q(end_minute__gt=F("start_minute"))
                & (
                    Q(end_minute__lt=F("start_minute") + MINUTES_PER_DAY)
                    | Q(start_minute=0, end_minute=MINUTES_PER_DAY)
                ),
                name="window_ends_within_a_day_of_its_start",
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None)
                | Q(valid_until=None)
                | Q(valid_until__gte=F("valid_from")),
                name="window_validity_is_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return self.uid


class AvailabilityOverride(models.Model):
    """One date's own hours instead of the weekly pattern; no hours means closed.

    `hours` is a list of [start_minute, end_minute] pairs with the meaning of a window's.
    """

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "avo"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    doctor = models.ForeignKey(Doctor, models.PROTECT, related_name="availability_overrides")
    date = models.DateField()
    hours = ArrayField(ArrayField(models.SmallIntegerField(), size=2), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet["AvailabilityOverride"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["doctor", "date"], name="override_is_one_per_date"),
        ]

    def __str__(self) -> str:
        return self.uid


class TimeOff(models.Model):
    """A range of the doctor's local time that is closed, kept as dates so that no zone moves them.

    Closed from `start_date` at `start_minute` until `end_date` at `end_minute` (1440: its end).
    """

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "off"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    doctor = models.ForeignKey(Doctor, models.PROTECT, related_name="time_off")
    start_date = models.DateField()
    start_minute = models.SmallIntegerField(default=0)
    end_date = models.DateField()
    end_minute = models.SmallIntegerField(default=MINUTES_PER_DAY)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet["TimeOff"].as_manager()

    class Meta:
        verbose_name_plural = "time off"
        constraints = [
            models.CheckConstraint(
                condition=Q(start_minute__range=(0, MINUTES_PER_DAY - 1))
                & Q(end_minute__range=(1, MINUTES_PER_DAY)),
                name="time_off_minutes_lie_within_their_day",
            ),
            models.CheckConstraint(
                condition=Q(end_date__gt=F("start_date"))
                | Q(end_date=F("start_date"), end_minute__gt=F("start_minute")),
                name="time_off_ends_after_it_starts",
            ),
        ]
        indexes = [models.Index(fields=["doctor", "end_date"], name="time_off_of_doctor")]

    def __str__(self) -> str:
        return self.uid


class BookingStop(models.Model):
    """An admin's stop of a doctor's new bookings: in force until `until`, or until lifted."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    doctor = models.ForeignKey(Doctor, models.PROTECT, related_name="booking_stops")
    reason = models.CharField(max_length=500)
    until = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet["BookingStop"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["doctor"],
                condition=Q(lifted_at=None),
                name="booking_stop_is_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(reason__regex=r"^\s*$"), name="booking_stop_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"stop {self.pk}"
