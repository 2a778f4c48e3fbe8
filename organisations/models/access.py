"""How programs sign in: API keys."""

from functools import partial

from django.contrib.postgres.fields import ArrayField
from django.db import models

from common.uids import new_uid

from .tenancy import UID_LENGTH, Organisation, OwnedQuerySet, Shop


class Permission(models.TextChoices):
    """Independent strings; none implies another."""

    SCHEDULING_READ = "scheduling:read"
    SCHEDULING_WRITE = "scheduling:write"
    SCHEDULING_ADMIN = "scheduling:admin"
    PATIENT_READ = "patient:read"
    PATIENT_WRITE = "patient:write"
    SUBSCRIPTION_READ = "notification_subscription:read"
    SUBSCRIPTION_WRITE = "notification_subscription:write"


class ApiKey(models.Model):
    """A program's credential. The key itself is shown once; only its SHA-256 is stored."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "key"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="api_keys")
    shop = models.ForeignKey(Shop, models.PROTECT, null=True, blank=True, related_name="api_keys")
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=20, help_text="The visible beginning of the key.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key, hex.")
    permissions = ArrayField(models.CharField(max_length=40, choices=Permission))
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet["ApiKey"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(permissions__contained_by=Permission.values),
                name="api_key_permissions_are_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
