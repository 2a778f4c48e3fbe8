"""Twilio's status callbacks: settle an SMS, also one whose call never got an answer."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator

from common.access import needs
from common.clock import utc_now
from notifications import callbacks
from notifications.callbacks import Report
from notifications.channels.sms import OPTED_OUT, callback_url
from notifications.models import Channel

_REPORTS = {
    "accepted": Report.TAKEN,
    "queued": Report.TAKEN,
    "sending": Report.TAKEN,
    "sent": Report.TAKEN,
    "delivered": Report.DELIVERED,
    "undelivered": Report.FAILED,
    "failed": Report.FAILED,
}


@csrf_exempt
@require_POST
@needs("Twilio's signature")
def sms_status(request: HttpRequest, delivery_uid: str) -> HttpResponse:
    """204 for a report that was understood, whether or not it changed anything: Twilio need not repeat it."""
    if not _is_signed(request, delivery_uid):
        return HttpResponse(status=403)
    delivery = callbacks.find(Channel.SMS, uid=delivery_uid)
    if delivery is None:
        return HttpResponse(status=404)
    report = _REPORTS.get(request.POST.get("MessageStatus", ""))
    code = request.POST.get("ErrorCode", "")
    if code == str(OPTED_OUT):
        report = Report.OPTED_OUT
    if report is not None:
        reason = f"Twilio {code}" if code.isascii() and code.isdigit() else ""
        callbacks.settle(delivery, report, reason=reason, now=utc_now())
    return HttpResponse(status=204)


def _is_signed(request: HttpRequest, delivery_uid: str) -> bool:
    """Against the URL we gave Twilio, not the one a proxy made of it. Without a token nothing is believed."""
    if not settings.TWILIO_AUTH_TOKEN:
        return False
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    signature = request.headers.get("X-Twilio-Signature", "")
    return bool(validator.validate(callback_url(delivery_uid), request.POST, signature))
