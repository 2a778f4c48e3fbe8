"""What is done to one subscription: a test, disable, enable, delete."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from notifications import subscriptions
from notifications.errors import Refused
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import PortalForm, posted
from portals.rendering import go_to
from portals.toasts import toast

from .asking import Question, ask
from .forms import EnableForm
from .queries import find_subscription

_ASKED = ["GET", "HEAD", "POST"]


@clinic_page(Right.SETTINGS)
@require_POST
def test(request: ClinicRequest, uid: str) -> HttpResponse:
    """Send a made-up event; the page it leads to shows what comes of it."""
    subscription = find_subscription(request, uid)
    url = reverse("clinic:subscription", args=[uid])
    try:
        delivery = subscriptions.send_test(subscription, actor=request.actor, now=request.now)
    except Refused as error:
        toast(request, str(error), tone="bad")
        return go_to(request, url)
    return go_to(request, f"{url}?test={delivery.uid}#test")


@clinic_page(Right.SETTINGS)
@require_http_methods(_ASKED)
def disable(request: ClinicRequest, uid: str) -> HttpResponse:
    subscription = find_subscription(request, uid)
    if request.method != "POST":
        return ask(request, subscription, DISABLE, PortalForm())
    subscriptions.disable(subscription, actor=request.actor, now=request.now)
    toast(request, "Disabled. Events go on being recorded.")
    return go_to(request, reverse("clinic:subscription", args=[uid]))


@clinic_page(Right.SETTINGS)
@require_http_methods(_ASKED)
def enable(request: ClinicRequest, uid: str) -> HttpResponse:
    """GET says how many events it missed; POST `send_missed` sends them, too."""
    subscription = find_subscription(request, uid)
    missed = subscriptions.missed_count(subscription)
    form = EnableForm(posted(request), missed=missed)
    if request.method == "POST" and form.is_valid():
        try:
            sent = subscriptions.enable(
                subscription,
                send_missed=form.cleaned_data.get("send_missed", False),
                actor=request.actor,
                now=request.now,
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            toast(request, _enabled(sent))
            return go_to(request, reverse("clinic:subscription", args=[uid]))
    return ask(request, subscription, ENABLE, form)


@clinic_page(Right.SETTINGS)
@require_http_methods(_ASKED)
def delete(request: ClinicRequest, uid: str) -> HttpResponse:
    subscription = find_subscription(request, uid)
    if request.method != "POST":
        return ask(request, subscription, DELETE, PortalForm())
    subscriptions.delete(subscription, actor=request.actor, now=request.now)
    toast(request, "Subscription deleted.")
    return go_to(request, reverse("clinic:subscriptions"))


def _enabled(sent: int) -> str:
    if not sent:
        return "Enabled."
    return f"Enabled. {sent:,} missed event{'' if sent == 1 else 's'} will be sent."


DISABLE = Question(
    route="clinic:subscription-disable",
    title="Disable this subscription",
    text=(
        "Nothing is sent to it until you enable it; what waits is set aside. Events go on being "
        "recorded, and you can have the missed ones sent then. Nobody is told."
    ),
    submit="Disable",
    tone="danger",
    cancel="Keep it",
)
ENABLE = Question(
    route="clinic:subscription-enable",
    title="Enable this subscription",
    text="Events are sent to it again from now on.",
    submit="Enable",
)
DELETE = Question(
    route="clinic:subscription-delete",
    title="Delete this subscription",
    text=(
        "Nothing more is sent to it, what waits is dropped, and its signing secret is gone. "
        "This cannot be taken back; you can subscribe again. Nobody is told."
    ),
    submit="Delete subscription",
    tone="danger",
    cancel="Keep it",
)
