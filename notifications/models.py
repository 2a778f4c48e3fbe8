"""What leaves the house: subscriptions, events, deliveries and their attempts."""

from datetime import datetime
from functools import partial

from django.db import models
from django.db.models import F, Q

from common.crypto import EncryptedColumn
from common.uids import new_uid
from organisations.models import UID_LENGTH, Organisation, OwnedQuerySet, Shop

DISABLED_BY_HAND = "Disabled by "  # and who; other reasons are the engine's


class EventType(models.TextChoices):
    """Stored upper case as subscribed; lower case on the wire."""

    REMINDER_DUE = "APPOINTMENT_REMINDER_DUE"
    MEETING_UPDATED = "PATIENT_DOCTOR_MEETING_UPDATED"


class NotificationSubscriptionQuerySet(OwnedQuerySet["NotificationSubscription"]):
    def living(self) -> "NotificationSubscriptionQuerySet":
        return self.filter(deleted_at=None)

    def receiving(self) -> "NotificationSubscriptionQuerySet":
        return self.living().filter(disabled_at=None)

    def ailing(self) -> "NotificationSubscriptionQuerySet":
        """They fail, or were disabled for it. Not what a person disabled."""
        by_hand = Q(disabled_reason__startswith=DISABLED_BY_HAND)
        disabled = Q(disabled_at__isnull=False) & ~by_hand
        return self.filter(Q(disabled_at=None, failing_since__isnull=False) | disabled)


class NotificationSubscription(models.Model):
    """A partner's webhook for one event type."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "ns"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="subscriptions")
    shop = models.ForeignKey(Shop, models.PROTECT, null=True, blank=True, related_name="+")
    notification_type = models.CharField(max_length=60, choices=EventType)
    target = models.CharField(max_length=2000)
    payload_version = models.CharField(max_length=10, default="1")
    headers_ciphertext = models.BinaryField(null=True, help_text="Custom headers, a JSON object.")
    include_contact = models.BooleanField()
    include_holds = models.BooleanField(default=False)
    contact_email = models.EmailField(blank=True, help_text="Told, too, when the endpoint fails.")
    signing_secret_ciphertext = models.BinaryField()
    previous_secret_ciphertext = models.BinaryField(null=True)
    previous_secret_until = models.DateTimeField(null=True)
    is_signing_with_previous = models.BooleanField(
        default=False, help_text="X-Webhook-Signature is made with the previous secret."
    )
    failing_since = models.DateTimeField(null=True)
    failure_told_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    last_delivered_at = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    objects = NotificationSubscriptionQuerySet.as_manager()

    ENCRYPTED_COLUMNS = (
        EncryptedColumn("headers_ciphertext"),
        EncryptedColumn("signing_secret_ciphertext"),
        EncryptedColumn("previous_secret_ciphertext"),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "notification_type", "target"],
                condition=Q(deleted_at=None),
                name="subscription_is_unique_per_type_and_target",
            ),
        ]
        indexes = [
            models.Index(
                fields=["failing_since"],
                condition=Q(failing_since__isnull=False),
                name="subscription_failing",
            ),
        ]

    def __str__(self) -> str:
        return self.uid


class Event(models.Model):
    """Something that happened, as told to subscribers. (type, timestamp, subject_uid) is unique.

    `data` is the whole `data` object, contact included; `contact_paths` names the dotted keys
    that become null for subscriptions without contact.
    """

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "evt"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    shop = models.ForeignKey(Shop, models.PROTECT, null=True, related_name="+")
    event_type = models.CharField(max_length=60, choices=EventType)
    timestamp = models.BigIntegerField(help_text="Epoch seconds; rises per subject.")
    subject_uid = models.CharField(max_length=UID_LENGTH, help_text="`data.uid`.")
    about_uid = models.CharField(max_length=UID_LENGTH, help_text="The appointment it is about.")
    is_hold_event = models.BooleanField(default=False, help_text="Only with include_holds.")
    data = models.JSONField()
    contact_paths = models.JSONField(default=list)
    created_at = models.DateTimeField()
    emptied_at = models.DateTimeField(null=True, help_text="When `data` was removed for its age.")

    objects = OwnedQuerySet["Event"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_uid", "timestamp", "event_type"], name="event_triple_is_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "about_uid"], name="event_by_appointment"),
            models.Index(fields=["created_at"], name="event_by_age"),
            models.Index(
                fields=["created_at"], condition=Q(emptied_at=None), name="event_to_empty"
            ),
        ]

    def __str__(self) -> str:
        return self.uid


class Channel(models.TextChoices):
    WEBHOOK = "webhook"
    EMAIL = "email"
    SMS = "sms"


class DeliveryState(models.TextChoices):
    """`sent`: a provider took it; `delivered`: the far end said so; `unknown`: an SMS without answer."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


class DeliveryQuerySet(OwnedQuerySet["Delivery"]):
    def due(self, now: datetime) -> "DeliveryQuerySet":
        """What should leave now and is in nobody's hands: never claimed, or its lease has run out."""
        return self.filter(state=DeliveryState.PENDING, next_attempt_at__lte=now).filter(
            Q(leased_until=None) | Q(leased_until__lte=now)
        )


class Delivery(models.Model):
    """One message to one recipient over one channel: claimed with a lease, sent, recorded, retried."""

    uid = models.CharField(
        max_length=UID_LENGTH, unique=True, default=partial(new_uid, "dlv"), editable=False
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    event = models.ForeignKey(Event, models.CASCADE, null=True, related_name="deliveries")
    subscription = models.ForeignKey(
        NotificationSubscription, models.PROTECT, null=True, related_name="deliveries"
    )
    channel = models.CharField(max_length=10, choices=Channel)
    kind = models.CharField(
        max_length=60, help_text="Names the registered check and text, e.g. appointment.confirmed."
    )
    subject_uid = models.CharField(
        max_length=UID_LENGTH, blank=True, help_text="What the kind reads."
    )
    about_uid = models.CharField(max_length=UID_LENGTH, blank=True, help_text="The appointment.")
    recipient_group = models.CharField(max_length=20, blank=True)
    recipient_uid = models.CharField(max_length=UID_LENGTH, blank=True)
    address = models.CharField(max_length=2000, blank=True, help_text="E-mail address or number.")
    context = models.JSONField(
        default=dict, help_text="What the kind's text needs beyond the subject."
    )
    body = models.TextField(
        blank=True, help_text="A webhook's exact bytes, the same every attempt."
    )
    is_test = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    reason = models.CharField(
        max_length=200, blank=True, help_text="Why skipped, failed or bounced."
    )
    attempt_count = models.SmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, help_text="Null once it is settled.")
    leased_until = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, blank=True)
    call_began_at = models.DateTimeField(
        null=True,
        help_text="An SMS call went out; without an answer it is unknown, never sent again.",
    )
    provider_message_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    emptied_at = models.DateTimeField(
        null=True, help_text="When body, address and answers were removed for their age."
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=DeliveryState.PENDING, next_attempt_at__isnull=False)
                | (~Q(state=DeliveryState.PENDING) & Q(next_attempt_at=None)),
                name="delivery_waits_exactly_while_pending",
            ),
            models.CheckConstraint(
                condition=Q(channel=Channel.WEBHOOK, subscription__isnull=False)
                | (~Q(channel=Channel.WEBHOOK) & Q(subscription=None)),
                name="delivery_has_a_subscription_exactly_as_webhook",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state=DeliveryState.PENDING),
                name="delivery_due",
            ),
            models.Index(fields=["organisation", "about_uid"], name="delivery_by_appointment"),
            # The delivery log's pages, newest first.
            models.Index(
                fields=["subscription", "-created_at", "-uid"], name="delivery_by_subscription"
            ),
            models.Index(
                fields=["provider_message_id"],
                condition=~Q(provider_message_id=""),
                name="delivery_by_provider_message",
            ),
            models.Index(fields=["created_at"], name="delivery_by_age"),
            models.Index(
                fields=["created_at"],
                condition=Q(emptied_at=None) & ~Q(state=DeliveryState.PENDING),
                name="delivery_to_empty",
            ),
        ]

    def __str__(self) -> str:
        return self.uid


class DeliveryAttempt(models.Model):
    """One try: when, what came back (the first kilobytes), how long it took."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    number = models.SmallIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    status_code = models.SmallIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True)
    response_excerpt = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_is_unique"),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at")),
                name="attempt_finishes_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery} #{self.number}"


class SuppressionReason(models.TextChoices):
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OPTED_OUT = "opted_out"


class Suppression(models.Model):
    """An address nothing is sent to any more: it bounced for good, complained, or answered STOP."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=20, choices=SuppressionReason)
    created_at = models.DateTimeField()

    objects = OwnedQuerySet["Suppression"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "channel", "address"], name="suppression_is_one_per_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.reason}"
