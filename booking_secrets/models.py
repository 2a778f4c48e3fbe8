"""How a partner vouches for a patient: signing secrets, codes that open the booking page once, its sessions."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from common.clock import validate_zone
from common.crypto import EncryptedColumn
from organisations.models import UID_LENGTH, Organisation, OwnedQuerySet, Patient, Shop


class BookingSecretQuerySet(OwnedQuerySet["BookingSecret"]):
    def active(self) -> "BookingSecretQuerySet":
        return self.filter(revoked_at=None)


class BookingSecret(models.Model):
    """A shared secret; `key_id` is the `kid` of the tokens it signs. The value is encrypted at rest."""

    ENCRYPTED_COLUMNS: ClassVar[tuple[EncryptedColumn, ...]] = (
        EncryptedColumn("ciphertext", row_uid="key_id"),
    )

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="booking_secrets")
    shop = models.ForeignKey(
        Shop,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Bound to this shop; none: every shop of the organisation.",
    )
    key_id = models.CharField(max_length=UID_LENGTH, unique=True, editable=False)
    name = models.CharField(max_length=200)
    ciphertext = models.BinaryField()
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_token_expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = BookingSecretQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "id"], name="booking_secret_organisation_key"
            ),
        ]

    def __str__(self) -> str:
        return self.key_id


class BookingLaunchCode(models.Model):
    """Opens the hosted booking page for one patient, once. Only a SHA-256 of the code is stored."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    secret = models.ForeignKey(BookingSecret, models.PROTECT, related_name="launch_codes")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    warnings = models.JSONField(
        default=list, help_text="What of the token's profile could not be used: field, message."
    )

    objects = OwnedQuerySet["BookingLaunchCode"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "id"], name="launch_code_organisation_key"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")),
                name="launch_code_expires_after_creation",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="launch_code_by_expiry")]

    def __str__(self) -> str:
        return f"launch code {self.pk}"


class BookingSession(models.Model):
    """A browser on the booking page, for the patient of the code that opened it. The cookie is stored hashed.

    It ends with its time, and with the secret, shop, organisation or patient of the code.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    launch_code = models.OneToOneField(
        BookingLaunchCode, models.CASCADE, related_name="booking_session"
    )
    digest = models.CharField(max_length=64, unique=True)
    timezone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_zone],
        help_text="The browser's, or what the patient chose instead.",
    )
    held_uid = models.CharField(
        max_length=UID_LENGTH, blank=True, help_text="The hold this browser made last."
    )
    typed = models.JSONField(
        default=dict, help_text="Details as they were typed, until the visit is booked."
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = OwnedQuerySet["BookingSession"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")),
                name="booking_session_expires_after_creation",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="booking_session_by_expiry")]

    def __str__(self) -> str:
        return f"booking session {self.pk}"
