"""The mails about an endpoint's health, to admins and the address on the subscription."""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext

from common.clock import from_epoch
from common.local_time import in_words
from organisations.models import User

from .endpoints import DISABLED, FAILING, RECOVERED
from .kinds import Email, Kind, register
from .letters import Action, Fact, Letter, to_email
from .models import Delivery, NotificationSubscription


def register_kinds() -> None:
    """Called once, when the app is ready."""
    register(Kind(name=FAILING, still_wanted=_why_not_failing, render=_render_failing))
    register(Kind(name=RECOVERED, still_wanted=_why_not_recovered, render=_render_recovered))
    register(Kind(name=DISABLED, still_wanted=_why_not_disabled, render=_render_disabled))


def _why_not_failing(delivery: Delivery, now: datetime) -> str:
    subscription = _subscription(delivery)
    if subscription.failing_since is None or subscription.disabled_at:
        return "the endpoint is no longer failing"
    return _why_not_told(delivery, subscription)


def _why_not_recovered(delivery: Delivery, now: datetime) -> str:
    return _why_not_told(delivery, _subscription(delivery))


def _why_not_disabled(delivery: Delivery, now: datetime) -> str:
    subscription = _subscription(delivery)
    if subscription.disabled_at is None:
        return "the endpoint is enabled again"
    return _why_not_told(delivery, subscription)


def _why_not_told(delivery: Delivery, subscription: NotificationSubscription) -> str:
    if subscription.deleted_at:
        return "the subscription was deleted"
    reader = User.objects.filter(uid=delivery.recipient_uid, is_active=True)
    if delivery.recipient_uid and not reader.exists():
        return "the user is deactivated"
    return ""


def _render_failing(delivery: Delivery, now: datetime) -> Email:
    subscription = _subscription(delivery)
    return _email(
        subscription,
        subject=gettext("A webhook endpoint is failing"),
        text=gettext(
            "It has not accepted an event for an hour. We keep trying; after five days it is disabled."
            " Nothing is lost: every event stays recorded."
        ),
        facts=(*_since(delivery, subscription),),
    )


def _render_recovered(delivery: Delivery, now: datetime) -> Email:
    subscription = _subscription(delivery)
    return _email(
        subscription,
        subject=gettext("A webhook endpoint works again"),
        text=gettext("It accepts events again. What waited is being sent."),
        facts=(*_since(delivery, subscription),),
    )


def _render_disabled(delivery: Delivery, now: datetime) -> Email:
    subscription = _subscription(delivery)
    reason = str(delivery.context.get("reason", ""))
    return _email(
        subscription,
        subject=gettext("A webhook endpoint was disabled"),
        text=gettext(
            "Nothing more is sent to it. Events go on being recorded; when you enable it again you can"
            " have the missed ones sent."
        ),
        facts=(*_since(delivery, subscription), Fact(gettext("Why"), reason)),
    )


def _email(
    subscription: NotificationSubscription, *, subject: str, text: str, facts: tuple[Fact, ...]
) -> Email:
    target = urlsplit(subscription.target)
    return to_email(
        Letter(
            subject=subject,
            heading=subject,
            sender=f"RxScale – {subscription.organisation.name}",
            paragraphs=(text,),
            facts=(
                # Without its query, which often holds a secret.
                Fact(gettext("Endpoint"), f"{target.scheme}://{target.netloc}{target.path}"),
                Fact(gettext("Event"), subscription.notification_type.lower()),
                *facts,
            ),
            actions=(Action(gettext("Open the admin portal"), f"{settings.BASE_URL}/admin/"),),
            footer=(gettext("Settings, Notification subscriptions"),),
        )
    )


def _since(delivery: Delivery, subscription: NotificationSubscription) -> tuple[Fact, ...]:
    seconds = delivery.context.get("failing_since")
    if not isinstance(seconds, int):
        return ()
    words = in_words(from_epoch(seconds), subscription.organisation.timezone)
    return (Fact(gettext("Failing since"), words),)


def _subscription(delivery: Delivery) -> NotificationSubscription:
    subscriptions = NotificationSubscription.objects.select_related("organisation")
    return subscriptions.get(uid=delivery.subject_uid, organisation_id=delivery.organisation_id)
