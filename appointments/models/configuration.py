"""What can be booked, with whom, and where it takes place."""

import secrets
from functools import partial

from django.db import models
from django.db.models import Q

from common.uids import new_uid
from organisations.models import UID_LENGTH, Doctor, Organisation, OwnedQuerySet


class RebookingMode(models.TextChoices):
    SAME_DOCTOR = "same_doctor"
    ANY_DOCTOR = "any_doctor"


class AppointmentType(models.Model):
    """The rules of one kind of visit. They are stamped on an appointment when it is held."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "at"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="appointment_types")
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=2000, blank=True)
    duration_minutes = models.SmallIntegerField()
    hold_ttl_seconds = models.IntegerField(default=900)
    cancellation_notice_minutes = models.IntegerField(default=1440)
    rebooking_notice_minutes = models.IntegerField(default=1440)
    min_booking_notice_minutes = models.IntegerField(default=0)
    booking_horizon_days = models.SmallIntegerField(default=60)
    slot_interval_minutes = models.SmallIntegerField()
    buffer_before_minutes = models.SmallIntegerField(default=0)
    buffer_after_minutes = models.SmallIntegerField(default=0)
    rebooking_mode = models.CharField(
        max_length=20, choices=RebookingMode, default=RebookingMode.SAME_DOCTOR
    )
    is_active = models.BooleanField(default=True)
    doctors = models.ManyToManyField(
        Doctor, through="AppointmentTypeDoctor", related_name="appointment_types"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet["AppointmentType"].as_manager()

    # (field, least, most), from the contract's section 4; forms and the API read them here, too.
    BOUNDS = (
        ("duration_minutes", 5, 480),
        ("hold_ttl_seconds", 60, 3600),
        ("cancellation_notice_minutes", 0, 43200),
        ("rebooking_notice_minutes", 0, 43200),
        ("min_booking_notice_minutes", 0, 43200),
        ("booking_horizon_days", 1, 730),
        ("slot_interval_minutes", 5, 480),
        ("buffer_before_minutes", 0, 240),
        ("buffer_after_minutes", 0, 240),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "id"], name="appointment_type_organisation_key"
            ),
            models.CheckConstraint(
                condition=Q(rebooking_mode__in=RebookingMode.values),
                name="type_rebooking_mode_is_known",
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__range=(5, 480))
                & Q(slot_interval_minutes__range=(5, 480)),
                name="type_duration_and_interval_are_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(hold_ttl_seconds__range=(60, 3600))
                & Q(booking_horizon_days__range=(1, 730)),
                name="type_hold_and_horizon_are_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(cancellation_notice_minutes__range=(0, 43200))
                & Q(rebooking_notice_minutes__range=(0, 43200))
                & Q(min_booking_notice_minutes__range=(0, 43200)),
                name="type_notices_are_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(buffer_before_minutes__range=(0, 240))
                & Q(buffer_after_minutes__range=(0, 240)),
                name="type_buffers_are_in_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        interval: int | None = self.slot_interval_minutes
        self.slot_interval_minutes = interval or self.duration_minutes
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through unread


class AppointmentTypeDoctor(models.Model):
    """This doctor offers this type."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    appointment_type = models.ForeignKey(AppointmentType, models.CASCADE, related_name="offers")
    doctor = models.ForeignKey(Doctor, models.CASCADE, related_name="offers")

    objects = OwnedQuerySet["AppointmentTypeDoctor"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment_type", "doctor"], name="doctor_offers_a_type_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.doctor_id} offers {self.appointment_type_id}"


class MeetingRoom(models.Model):
    """A doctor's persistent Jitsi room (strategy `persistent_per_provider`)."""

    PERSISTENT_PER_PROVIDER = "persistent_per_provider"

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    doctor = models.OneToOneField(Doctor, models.PROTECT, related_name="meeting_room")
    strategy = models.CharField(
        max_length=40,
        default=PERSISTENT_PER_PROVIDER,
        choices=[(PERSISTENT_PER_PROVIDER, "Persistent per provider")],
    )
    name = models.CharField(
        max_length=64, unique=True, default=partial(secrets.token_urlsafe, 24), editable=False
    )
    renewed_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet["MeetingRoom"].as_manager()

    def __str__(self) -> str:
        return f"room of {self.doctor_id}"  # never its name: who knows it can walk in


class CalendarFeed(models.Model):
    """A doctor's private calendar address. It is made of the nonce: another nonce, and the old one is dead."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "cal"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    doctor = models.OneToOneField(Doctor, models.PROTECT, related_name="calendar_feed")
    nonce = models.CharField(
        max_length=32, default=partial(secrets.token_urlsafe, 16), editable=False
    )
    issued_at = models.DateTimeField()

    objects = OwnedQuerySet["CalendarFeed"].as_manager()

    def __str__(self) -> str:
        return self.uid
