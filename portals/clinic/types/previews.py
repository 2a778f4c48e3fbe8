"""A reminder as its reader gets it, with made-up data: shown as mail and SMS, and sent to whoever asks."""

from typing import cast

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from notifications.models import Channel
from organisations.models import User
from portals.access import CONTENT_SECURITY_POLICY
from portals.chips import Tab
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.lengths import counted
from portals.rendering import go_to, page
from portals.toasts import toast
from reminders.errors import Invalid
from reminders.models import RecipientGroup
from reminders.samples import sample_of, send_test
from reminders.text_messages import septets

from .views import find_type
from .wording import GROUPS

_SEGMENT = 160  # septets of a text message that is alone; parts of a longer one hold 153
# The mail brings its own inline styles and nothing else: no script, no image, no form, no way out of its frame.
_MAIL_POLICY = "; ".join(
    ("default-src 'none'", "style-src 'unsafe-inline'", "frame-ancestors 'self'", "sandbox")
)
_WITH_FRAME = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"


@clinic_page(Right.VIEW)
@require_safe
def preview(request: ClinicRequest, uid: str) -> HttpResponse:
    """Mail and SMS to one group, as tabs."""
    kind = find_type(request, uid)
    group = _group(request.GET.get("group", ""))
    sample = sample_of(kind, group=group, user=_user(request), now=request.now)
    text = sample.sms().text
    context = {
        "kind": kind,
        "group": group,
        "tabs": [Tab(label, f"?group={name}", name == group) for name, label in GROUPS.items()],
        "email": sample.email(),
        "sms": text,
        "sms_length": _length_of(text),
        "mobile_phone": _user(request).mobile_phone,
    }
    response = page(request, "portals/clinic/types/preview.html", context)
    response.headers["Content-Security-Policy"] = _WITH_FRAME
    return response


@clinic_page(Right.VIEW)
@require_safe
def preview_mail(request: ClinicRequest, uid: str) -> HttpResponse:
    """The HTML of the mail itself, for the frame of `preview`."""
    kind, group = find_type(request, uid), _group(request.GET.get("group", ""))
    sample = sample_of(kind, group=group, user=_user(request), now=request.now)
    response = HttpResponse(sample.email().html)
    response.headers["Content-Security-Policy"] = _MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@clinic_page(Right.SETTINGS)
@require_POST
def send_to_me(request: ClinicRequest, uid: str) -> HttpResponse:
    """POST `group`, `channel`: through the outbox, to the address or number of whoever asks."""
    kind = find_type(request, uid)
    group, channel = request.POST.get("group", ""), request.POST.get("channel", "")
    user = _user(request)
    try:
        send_test(
            kind, group=group, channel=channel, user=user, actor=request.actor, now=request.now
        )
    except Invalid as error:
        toast(request, error.message, tone="bad")
    else:
        where = "number" if channel == Channel.SMS else "e-mail address"
        toast(request, f"The test is on its way to your {where}.")
    return go_to(request, f"{reverse('clinic:reminder-preview', args=[uid])}?group={_group(group)}")


def _group(text: str) -> str:
    return text if text in GROUPS else RecipientGroup.PATIENT.value


def _user(request: ClinicRequest) -> User:
    return cast(User, request.user)  # clinic_page lets nobody else in


def _length_of(text: str) -> str:
    length = septets(text)
    return f"{length} characters, {counted(1 if length <= _SEGMENT else 2, 'part')}"
