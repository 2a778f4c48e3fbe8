"""The list of subscriptions, and the page of one with its delivery log.

Beside the frame's the list costs 1 query, the page 2 (one more when disabled, one more just after a test).
"""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from notifications import subscriptions as verbs
from notifications.models import Delivery, NotificationSubscription
from portals.chips import Tab
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.keyset import paginate
from portals.rendering import page

from .queries import (
    deliveries_of,
    find_subscription,
    is_about_to_leave,
    line,
    subscriptions_of,
    undelivered,
)

_KEY = ("created_at", "uid")
UNDELIVERED = "undelivered"


@clinic_page(Right.SETTINGS)
@require_safe
def subscriptions(request: ClinicRequest) -> HttpResponse:
    found = paginate(request, subscriptions_of(request.organisation), key=_KEY, descending=True)
    context = {"page": found, "lines": [line(subscription) for subscription in found.rows]}
    return page(request, "portals/clinic/subscriptions/list.html", context, part="rows")


@clinic_page(Right.SETTINGS)
@require_safe
def subscription(request: ClinicRequest, uid: str) -> HttpResponse:
    found = find_subscription(request, uid)
    is_narrowed = request.GET.get("show") == UNDELIVERED
    log = deliveries_of(found)
    deliveries = paginate(
        request,
        undelivered(log) if is_narrowed else log,
        key=_KEY,
        descending=True,
        labels=("Newer", "Older"),
    )
    until = found.previous_secret_until
    context = {
        "subscription": found,
        "line": line(found),
        "deliveries": deliveries,
        "tabs": _tabs(found, is_narrowed=is_narrowed),
        "missed": verbs.missed_count(found),
        "has_two_secrets": bool(until and request.now < until),
        "nothing_here": f"What is sent to this target stays here for {settings.RETENTION_DAYS} days.",
        **_test_outcome(request, found),
    }
    return page(request, "portals/clinic/subscriptions/subscription.html", context, part="log")


def _tabs(subscription: NotificationSubscription, *, is_narrowed: bool) -> list[Tab]:
    url = reverse("clinic:subscription", args=[subscription.uid])
    return [
        Tab("All", f"{url}#log", not is_narrowed),
        Tab("Not delivered", f"{url}?show={UNDELIVERED}#log", is_narrowed),
    ]


def _test_outcome(
    request: ClinicRequest, subscription: NotificationSubscription
) -> dict[str, object]:
    """The test that has just been sent, when the URL names one."""
    uid = request.GET.get("test", "").replace("\0", "")
    if not uid:
        return {}
    tests = deliveries_of(subscription).filter(is_test=True)
    delivery: Delivery | None = tests.filter(uid=uid).first()
    if delivery is None:
        return {}
    return {"delivery": delivery, "is_watched": is_about_to_leave(delivery, request.now)}
