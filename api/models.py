"""Idempotency keys of both APIs: the answer of a call that was already carried out."""

from django.db import models

from organisations.models import UID_LENGTH, Organisation


class IdempotencyKey(models.Model):
    """(caller, key) and what was answered; written in the move's own transaction, kept 24 hours."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    caller = models.CharField(max_length=UID_LENGTH, help_text="uid of the API key or patient.")
    key = models.CharField(max_length=255)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    body_digest = models.CharField(max_length=64)
    status_code = models.SmallIntegerField(null=True)
    answer = models.BinaryField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "key"], name="idempotency_key_is_per_caller"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
