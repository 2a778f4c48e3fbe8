"""Saying it in time: the rules per appointment type, and a row for every reminder that was dealt with."""

from functools import partial

from django.db import models
from django.db.models import Q

from appointments.models import Appointment, AppointmentType
from common.uids import new_uid
from notifications.models import Event
from organisations.models import UID_LENGTH, Organisation, OwnedQuerySet


class RecipientGroup(models.TextChoices):
    PATIENT = "patient"
    DOCTOR = "doctor"
    ADMIN = "admin"


class ReminderRuleQuerySet(OwnedQuerySet["ReminderRule"]):
    def living(self) -> "ReminderRuleQuerySet":
        return self.filter(deleted_at=None)


class ReminderRule(models.Model):
    """Tell this group `minutes_before` the start of visits of this type. Deleting keeps the row."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "rem"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    # A type can be deleted only while nothing was ever booked, so no log speaks of its rules.
    appointment_type = models.ForeignKey(
        AppointmentType, models.CASCADE, related_name="reminder_rules"
    )
    recipient_group = models.CharField(max_length=10, choices=RecipientGroup)
    minutes_before = models.IntegerField()
    send_email = models.BooleanField(default=False)
    send_sms = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    offset_changed_at = models.DateTimeField(
        null=True, help_text="When minutes_before was last edited; null: never."
    )
    is_sweep_wanted = models.BooleanField(
        default=True, help_text="New or edited: the next run looks at every visit it now reaches."
    )
    deleted_at = models.DateTimeField(null=True)

    objects = ReminderRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment_type", "recipient_group", "minutes_before"],
                condition=Q(deleted_at=None),
                name="reminder_rule_is_unique_per_group_and_offset",
            ),
            models.UniqueConstraint(
                fields=["organisation", "id"], name="reminder_rule_organisation_key"
            ),
            models.CheckConstraint(
                condition=Q(minutes_before__range=(1, 43200)),
                name="reminder_rule_offset_is_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(recipient_group__in=RecipientGroup.values),
                name="reminder_rule_group_is_known",
            ),
        ]
        indexes = [
            # The two questions of the minute tick: which offsets are there, and is a sweep wanted?
            models.Index(
                fields=["minutes_before"],
                condition=Q(deleted_at=None),
                name="reminder_rule_offsets",
            ),
            models.Index(
                fields=["id"],
                condition=Q(deleted_at=None, is_sweep_wanted=True),
                name="reminder_rule_to_sweep",
            ),
        ]

    def __str__(self) -> str:
        return self.uid


class Outcome(models.TextChoices):
    FIRED = "fired"
    SKIPPED = "skipped"
    MISSED = "missed"
    FAILED = "failed"  # our own fault: it could not even be prepared


class AppointmentReminderSent(models.Model):
    """One reminder to one recipient was dealt with, one way or another. Unique, so never twice."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "sent"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    # db_index=False: the unique constraint begins with the two.
    appointment = models.ForeignKey(
        Appointment, models.CASCADE, related_name="reminders_sent", db_index=False
    )
    rule = models.ForeignKey(ReminderRule, models.PROTECT, related_name="sent", db_index=False)
    recipient_group = models.CharField(max_length=10, choices=RecipientGroup)
    recipient_uid = models.CharField(max_length=UID_LENGTH)
    minutes_before = models.IntegerField(help_text="As the rule was when this was dealt with.")
    due_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=200, blank=True)
    event = models.ForeignKey(Event, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = OwnedQuerySet["AppointmentReminderSent"].as_manager()

    class Meta:
        db_table = "appointment_reminders_sent"
        verbose_name_plural = "appointment reminders sent"
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "rule", "recipient_uid"],
                name="reminder_is_dealt_with_once_per_recipient",
            ),
        ]

    def __str__(self) -> str:
        return self.uid


class DueMark(models.Model):
    """How far reminders have been looked at. One row; moves only in the transaction that fires."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    looked_until = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="due_mark_is_one_row")]

    def __str__(self) -> str:
        return f"{self.looked_until:%Y-%m-%d %H:%M:%S}"
