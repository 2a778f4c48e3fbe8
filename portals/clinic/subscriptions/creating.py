"""A new subscription: the form, and the signing secret once it is there."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from notifications import subscriptions
from notifications.errors import AlreadyExists, Invalid
from notifications.models import EventType
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import page

from .forms import SubscriptionForm, rows_of
from .secret import show_secret

_TEMPLATE = "portals/clinic/subscriptions/create.html"


@clinic_page(Right.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: ClinicRequest) -> HttpResponse:
    """GET the form; POST `add_header` the form with one more row, else the new subscription."""
    if request.method != "POST":
        return _form_page(request, SubscriptionForm(request.organisation, rows=0))
    rows = rows_of(request.POST)
    if "add_header" in request.POST:
        typed = request.POST.dict()
        return _form_page(
            request, SubscriptionForm(request.organisation, initial=typed, rows=rows + 1)
        )
    form = SubscriptionForm(request.organisation, request.POST, rows=rows)
    return _create(request, form) or _form_page(request, form, status=422)


def _create(request: ClinicRequest, form: SubscriptionForm) -> HttpResponse | None:
    """The page of the new one's secret, or None with what is wrong noted in the form."""
    if not form.is_valid():
        return None
    try:
        subscription, secret = subscriptions.create(
            request.organisation,
            notification_type=EventType(form.cleaned_data["notification_type"]),
            target=form.cleaned_data["target"],
            shop=form.chosen_shop,
            options=form.options(),
            actor=request.actor,
            now=request.now,
        )
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
    except AlreadyExists as error:
        form.add_error("target", str(error))
    else:
        return show_secret(request, subscription, secret, title="Subscribed")
    return None


def _form_page(
    request: ClinicRequest, form: SubscriptionForm, *, status: int = 200
) -> HttpResponse:
    return page(request, _TEMPLATE, {"form": form}, part="form", status=status)
