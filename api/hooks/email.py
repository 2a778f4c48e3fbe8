"""The mail provider's tracking webhook (anymail): delivered, bounced, complained."""

import logging

from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailError,
    AnymailWebhookValidationFailure,
)
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.http import HttpRequest, HttpResponse

from common.access import needs
from common.clock import utc_now
from notifications import callbacks
from notifications.callbacks import Report
from notifications.models import Channel, Delivery

_REPORTS = {
    EventType.DELIVERED: Report.DELIVERED,
    EventType.BOUNCED: Report.BOUNCED,
    EventType.REJECTED: Report.BOUNCED,
    EventType.COMPLAINED: Report.COMPLAINED,
    EventType.FAILED: Report.FAILED,
}
_UNREADABLE = (
    AnymailConfigurationError,  # an inbound mail, posted to the wrong address
    AnymailError,
    AttributeError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
)
_log = logging.getLogger(__name__)


class TrackingView(PostmarkTrackingWebhookView):  # type: ignore[misc]  # anymail ships no types
    """Anymail authenticates and reads; the domain is called directly, not through anymail's signal."""

    warn_if_no_basic_auth = False  # without a secret nothing is believed, see `post`

    def post(self, request: HttpRequest) -> HttpResponse:
        if not self.basic_auth:
            return HttpResponse(status=403)
        try:
            self.run_validators(request)
        except AnymailWebhookValidationFailure:
            return HttpResponse(status=403)
        try:
            events = self.parse_events(request)
        except _UNREADABLE as error:
            _log.warning("unreadable mail event: %s", type(error).__name__)
            return HttpResponse(status=400)
        for event in events:
            _settle(event)
        return HttpResponse(status=200)


email_event = needs("the mail provider's basic auth")(TrackingView.as_view())


def _settle(event: AnymailTrackingEvent) -> None:
    report = _REPORTS.get(event.event_type)
    delivery = _delivery(event)
    if report is None or delivery is None:
        return
    if report is Report.BOUNCED and not _is_for_good(event):
        report = Report.FAILED
    reason = event.reject_reason or event.event_type
    callbacks.settle(delivery, report, reason=str(reason), now=utc_now())


def _is_for_good(event: AnymailTrackingEvent) -> bool:
    """A soft bounce (a full mailbox) closes no address; Postmark says so in its `Type` only."""
    kind = event.esp_event.get("Type") if isinstance(event.esp_event, dict) else None
    return kind != "SoftBounce" and event.reject_reason in (
        RejectReason.BOUNCED,
        RejectReason.INVALID,
        RejectReason.BLOCKED,
    )


def _delivery(event: AnymailTrackingEvent) -> Delivery | None:
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    return callbacks.find(
        Channel.EMAIL,
        uid=_text(metadata.get("delivery_uid")),
        provider_message_id=_text(event.message_id),
    )


def _text(value: object) -> str:
    """What may be looked up: PostgreSQL takes no NUL and no lone surrogate; ours is short and ASCII."""
    is_usable = isinstance(value, str) and len(value) <= 200 and value.isascii()
    return str(value) if is_usable and "\x00" not in str(value) else ""
