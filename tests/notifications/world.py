"""What tests of the engine arrange: a subscribed organisation, events, messages of a kind of their own."""

from datetime import timedelta

from notifications import delivery, endpoints, kinds, outbox, subscriptions
from notifications.kinds import Email, Kind, Sms
from notifications.models import Channel, Delivery, EventType, NotificationSubscription
from notifications.outbox import NewEvent, NewMessage
from organisations.models import Organisation
from tests.factories import ADMIN, NOW

KIND = "test.note"
unwanted: dict[str, str] = {}
"""Subject uid → why it is no longer wanted."""


def render(row: Delivery, now: object) -> Email | Sms:
    if row.subject_uid == "broken":
        raise RuntimeError("this text cannot be made")
    if row.channel == Channel.SMS:
        return Sms(text="Your visit is tomorrow.")
    return Email(subject="Your visit", text="Tomorrow.", html="<p>Tomorrow.</p>")


kinds.register(Kind(KIND, lambda row, now: unwanted.get(row.subject_uid, ""), render))


def subscribe(
    organisation: Organisation,
    target: str,
    *,
    notification_type: EventType = EventType.MEETING_UPDATED,
    **options: object,
) -> tuple[NotificationSubscription, str]:
    return subscriptions.create(
        organisation,
        notification_type=notification_type,
        target=target,
        options=subscriptions.Options(**options),  # type: ignore[arg-type]  # a test's own keywords
        actor=ADMIN,
        now=NOW,
    )


def make_event(organisation: Organisation, subject: str = "mtg-1", **changes: object) -> NewEvent:
    fields: dict[str, object] = {
        "organisation_id": organisation.pk,
        "shop_id": None,
        "event_type": EventType.MEETING_UPDATED,
        "subject_uid": subject,
        "about_uid": subject,
        "timestamp": 1_800_000_000,
        "data": {"uid": subject, "patient_display_name": "Paula Patient", "join_url": "https://x"},
        "contact_paths": ("patient_display_name", "join_url"),
        **changes,
    }
    return NewEvent(**fields)  # type: ignore[arg-type]  # a test's own keywords


def make_message(organisation: Organisation, channel: Channel, address: str) -> NewMessage:
    return NewMessage(
        organisation_id=organisation.pk,
        channel=channel,
        kind=KIND,
        subject_uid="mtg-1",
        about_uid="mtg-1",
        address=address,
    )


def publish_event(organisation: Organisation, subject: str = "mtg-1") -> Delivery:
    """Publish one event and return its only delivery."""
    [pk] = outbox.publish(now=NOW, events=[make_event(organisation, subject)]).values()
    return Delivery.objects.get(event=pk)


def publish_message(message: NewMessage) -> Delivery:
    outbox.publish(now=NOW, messages=[message])
    return Delivery.objects.latest("pk")


def run(after: timedelta = timedelta(0)) -> int:
    """What a maintenance pass brings about, `after` the moment everything was published."""
    endpoints.watch(NOW + after)
    return delivery.deliver_due(NOW + after)
