"""Sending a webhook, e-mail or SMS about a visit once more, by hand."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from notifications import subscriptions
from notifications.errors import Refused
from notifications.models import Delivery
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import get_or_404, go_to
from portals.toasts import toast

from .detail import find_visit


@clinic_page(Right.ACT)
@require_POST
def resend(request: ClinicRequest, uid: str, delivery_uid: str) -> HttpResponse:
    """Send it again; a message that is no longer wanted is skipped as any other, and the page says so."""
    visit = find_visit(request, uid)
    deliveries = Delivery.objects.of(request.organisation).filter(about_uid=visit.uid)
    delivery = get_or_404(
        deliveries.select_related("organisation", "subscription"), uid=delivery_uid
    )
    try:
        subscriptions.resend(delivery, actor=request.actor, now=request.now)
    except Refused as error:
        toast(request, str(error), tone="bad")
    else:
        toast(request, "It is being sent again.")
    return go_to(request, reverse("clinic:appointment", args=[visit.uid]) + "#messages")
