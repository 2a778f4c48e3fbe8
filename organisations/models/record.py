"""What was done, by whom, and when the maintenance manager last ran."""

from django.db import models

from .tenancy import UID_LENGTH, Organisation, OwnedQuerySet


class AuditEntry(models.Model):
    """Who did what, when and from where; never the data. A trigger refuses update and delete."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="audit_entries")
    at = models.DateTimeField()
    action = models.CharField(max_length=60, help_text="Dotted, e.g. booking_secret.revealed.")
    actor_kind = models.CharField(max_length=20)
    actor_uid = models.CharField(max_length=UID_LENGTH, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    object_uid = models.CharField(max_length=UID_LENGTH, blank=True)
    details = models.JSONField(default=dict, blank=True)

    objects = OwnedQuerySet["AuditEntry"].as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["organisation", "-at"], name="audit_by_time"),
            models.Index(fields=["organisation", "actor_uid", "-at"], name="audit_by_actor"),
            models.Index(fields=["organisation", "action", "-at"], name="audit_by_action"),
            models.Index(fields=["organisation", "object_uid"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"


class MaintenanceRun(models.Model):
    """One pass of the maintenance manager: how long it took, what it did, what failed."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    errors = models.JSONField(default=dict, help_text="Step name to error text; empty is good.")

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="maintenance_run_by_time")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S}"
