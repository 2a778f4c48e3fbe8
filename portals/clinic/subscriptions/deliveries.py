"""One delivery: what was sent, what came back, attempt by attempt. Bodies may name patients, so a look is audited."""

import json
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from notifications import signing
from notifications import subscriptions as verbs
from notifications.errors import Refused
from notifications.models import Delivery, DeliveryAttempt, Event, NotificationSubscription
from organisations import audit
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import get_or_404, go_to, page
from portals.toasts import toast

from .queries import (
    deliveries_of,
    find_delivery,
    find_subscription,
    is_about_to_leave,
    line,
)

_ROOM = "portals/clinic/subscriptions"
HIDDEN = "••••••••"


@clinic_page(Right.SETTINGS)
@require_safe
def delivery(request: ClinicRequest, uid: str, delivery_uid: str) -> HttpResponse:
    """Request, answers and attempts. Three queries and the entry of the audit log."""
    subscription = find_subscription(request, uid)
    found = find_delivery(subscription, delivery_uid)
    attempts = list(found.attempts.order_by("-number"))
    audit.record(
        request.organisation,
        "delivery.opened",
        actor=request.actor,
        now=request.now,
        object_uid=found.uid,
        details={"appointment": found.about_uid},
    )
    context = {
        "subscription": subscription,
        "line": line(subscription),
        "delivery": found,
        "attempts": attempts,
        "headers": _headers(subscription, found, attempts, request.now),
        "body": _readable(found.body),
        "is_watched": is_about_to_leave(found, request.now),
        "reloads": True,
    }
    return page(request, f"{_ROOM}/delivery.html", context)


@clinic_page(Right.SETTINGS)
@require_safe
def outcome(request: ClinicRequest, uid: str, delivery_uid: str) -> HttpResponse:
    """How far it has got, without body or answer: asked again and again while it is on its way.

    With `?reloads=1` the page around it is told to load itself again once there is something to see.
    """
    subscription = find_subscription(request, uid)
    found = get_or_404(deliveries_of(subscription), uid=delivery_uid)
    is_watched = is_about_to_leave(found, request.now)
    reloads = request.GET.get("reloads") == "1"
    context = {
        "subscription": subscription,
        "delivery": found,
        "is_watched": is_watched,
        "reloads": reloads,
    }
    response = page(request, f"{_ROOM}/outcome.html", context, part="outcome")
    if reloads and not is_watched:
        response.headers["HX-Refresh"] = "true"
    return response


@clinic_page(Right.SETTINGS)
@require_POST
def resend(request: ClinicRequest, uid: str, delivery_uid: str) -> HttpResponse:
    """Send it again: the same id and bytes, a row of its own in the log."""
    subscription = find_subscription(request, uid)
    found = find_delivery(subscription, delivery_uid)
    try:
        found = verbs.resend(found, actor=request.actor, now=request.now)
    except Refused as error:
        toast(request, str(error), tone="bad")
    else:
        toast(request, "It is being sent again.")
    return go_to(request, reverse("clinic:subscription-delivery", args=[uid, found.uid]))


def _headers(
    subscription: NotificationSubscription,
    delivery: Delivery,
    attempts: list[DeliveryAttempt],
    now: datetime,
) -> list[tuple[str, str]]:
    """Those of the last attempt, made anew with the secrets of today; custom values stay hidden."""
    event = delivery.event
    if not isinstance(event, Event):
        return []
    made = signing.attempt_headers(
        subscription,
        event_uid=event.uid,
        event_type=event.event_type,
        body=delivery.body,
        now=attempts[0].started_at if attempts else now,
    )
    custom = signing.custom_headers(subscription)
    return [(name, HIDDEN if name in custom else value) for name, value in made.items()]


def _readable(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
