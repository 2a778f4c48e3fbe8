"""The signing secret: shown after a fresh login, renewed, switched over to. It is in no URL and no cookie."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from notifications import subscriptions
from notifications.errors import Refused
from notifications.models import NotificationSubscription
from portals.accounts.freshness import fresh_login
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import PortalForm, posted
from portals.rendering import go_to, page
from portals.toasts import toast

from .asking import Question, ask
from .queries import find_subscription, line
from .snippets import SNIPPETS


@clinic_page(Right.SETTINGS)
@fresh_login
@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: ClinicRequest, uid: str) -> HttpResponse:
    """POST shows the secret and audits that. GET, after signing in again, leads to where it is asked for."""
    subscription = find_subscription(request, uid)
    if request.method != "POST":
        return go_to(request, reverse("clinic:subscription", args=[uid]) + "#secret")
    secret = subscriptions.reveal_signing_secret(subscription, actor=request.actor, now=request.now)
    return show_secret(request, subscription, secret, title="Signing secret")


@clinic_page(Right.SETTINGS)
@fresh_login
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: ClinicRequest, uid: str) -> HttpResponse:
    """GET says what follows; POST makes the new secret and shows it."""
    subscription = find_subscription(request, uid)
    form = PortalForm(posted(request))
    if request.method == "POST":
        try:
            secret = subscriptions.renew_signing_secret(
                subscription, actor=request.actor, now=request.now
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return show_secret(request, subscription, secret, title="New signing secret")
    return ask(request, subscription, RENEW, form)


@clinic_page(Right.SETTINGS)
@require_POST
def switch(request: ClinicRequest, uid: str) -> HttpResponse:
    subscription = find_subscription(request, uid)
    subscriptions.switch_to_new_secret(subscription, actor=request.actor, now=request.now)
    toast(request, "X-Webhook-Signature is made with the new secret from now on.")
    return go_to(request, reverse("clinic:subscription", args=[uid]) + "#secret")


def show_secret(
    request: ClinicRequest, subscription: NotificationSubscription, secret: str, *, title: str
) -> HttpResponse:
    """The page that shows it; to htmx the piece of it that stands in for the button."""
    context = {
        "line": line(subscription),
        "subscription": subscription,
        "secret": secret,
        "secret_title": title,
        "snippets": SNIPPETS,
    }
    return page(request, "portals/clinic/subscriptions/secret.html", context, part="secret")


RENEW = Question(
    route="clinic:subscription-renew",
    title="Renew the signing secret",
    text=(
        "You get a new secret at once. For 24 hours both are valid: webhook-signature carries a "
        "signature of each, X-Webhook-Signature stays with the old one until you switch."
    ),
    submit="Renew",
    opens_a_page=True,
)
