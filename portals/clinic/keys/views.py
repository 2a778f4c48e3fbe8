"""The pages of the API keys. A key's text is in the answer that made it, and nowhere else ever."""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from organisations import api_keys
from organisations.errors import Invalid
from organisations.models import ApiKey
from portals.chips import Tab
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import PortalForm, posted
from portals.keyset import paginate
from portals.rendering import get_or_404, go_to, page
from portals.toasts import toast

from .forms import NewKeyForm

_FORM = ["GET", "HEAD", "POST"]


@clinic_page(Right.SETTINGS)
@require_safe
def keys_list(request: ClinicRequest) -> HttpResponse:
    is_revoked = request.GET.get("state") == "revoked"
    rows = ApiKey.objects.of(request.organisation).select_related("shop")
    rows = rows.filter(revoked_at__isnull=not is_revoked)
    context = {
        "keys": paginate(request, rows, key=("created_at", "uid"), descending=True),
        "is_revoked": is_revoked,
        "tabs": [
            Tab("Active", "?", is_current=not is_revoked),
            Tab("Revoked", "?state=revoked", is_current=is_revoked),
        ],
    }
    return page(request, "portals/clinic/keys/list.html", context, part="rows")


@clinic_page(Right.SETTINGS)
@require_http_methods(_FORM)
@sensitive_variables("text")
def create(request: ClinicRequest) -> HttpResponse:
    """A key with its text, this once. A GET asks for its name and permissions."""
    form = NewKeyForm(request.organisation, posted(request))
    if form.is_valid():
        try:
            key, text = api_keys.issue(
                request.organisation, **form.cleaned_data, actor=request.actor, now=request.now
            )
        except Invalid as invalid:
            form.add_error("name", invalid.message)
        else:
            context = {"key": key, "text": text, "sample": _sample()}
            return page(request, "portals/clinic/keys/created.html", context)
    context = {"form": form, "cancel_url": reverse("clinic:keys")}
    status = 422 if form.errors else 200
    return page(request, "portals/clinic/keys/new.html", context, status=status)


@clinic_page(Right.SETTINGS)
@require_http_methods(_FORM)
def revoke(request: ClinicRequest, uid: str) -> HttpResponse:
    rows = ApiKey.objects.of(request.organisation).select_related("shop", "organisation")
    key = get_or_404(rows, uid=uid)
    if key.revoked_at is not None:
        toast(request, "This key is revoked already.", tone="info")
        return go_to(request, reverse("clinic:keys"))
    if request.method == "POST":
        api_keys.revoke(key, actor=request.actor, now=request.now)
        toast(request, "Revoked. Calls with this key are refused from now on.")
        return go_to(request, reverse("clinic:keys"))
    context = {"key": key, "form": PortalForm(), "cancel_url": reverse("clinic:keys")}
    return page(request, "portals/clinic/keys/revoke.html", context, part="dialog")


def _sample() -> str:
    """A first call that every key may make."""
    url = f"{settings.BASE_URL}/v1/management/health/"
    return (
        f'export RXSCALE_API_KEY=…  # the key above\ncurl -H "X-API-Key: $RXSCALE_API_KEY" "{url}"'
    )
