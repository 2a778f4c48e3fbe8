"""The pages of the booking secrets. A secret's text is in an answer to a POST only, never in a URL."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking_secrets import refusal_counts, secrets
from booking_secrets.models import BookingSecret
from booking_secrets.secrets import SecretRevoked
from organisations.errors import Invalid
from portals.accounts.freshness import fresh_login
from portals.chips import Tab
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import posted
from portals.keyset import paginate
from portals.rendering import get_or_404, go_to, page
from portals.toasts import toast

from . import queries, rotation, token_check
from .forms import CheckForm, NewSecretForm, RevokeForm
from .minters import VARIABLE, minters

_FORM = ["GET", "HEAD", "POST"]


@clinic_page(Right.SETTINGS)
@require_safe
def secrets_list(request: ClinicRequest) -> HttpResponse:
    is_revoked = request.GET.get("state") == "revoked"
    everything = queries.secrets_of(request.organisation)
    rows = everything.filter(revoked_at__isnull=not is_revoked)
    active = list(everything.active())
    context = {
        "secrets": paginate(request, rows, key=("created_at", "key_id"), descending=True),
        "tabs": [
            Tab("Active", "?", is_current=not is_revoked, count=len(active)),
            Tab("Revoked", "?state=revoked", is_current=is_revoked),
        ],
        "is_revoked": is_revoked,
        "rotations": rotation.under_way(active, now=request.now),
        "refused": queries.refused_lately(request.organisation, now=request.now),
        "counted_since": refusal_counts.counted_since(request.now),
    }
    return page(request, "portals/clinic/secrets/list.html", context, part="rows")


@clinic_page(Right.SETTINGS)
@require_safe
def secret_page(request: ClinicRequest, key_id: str) -> HttpResponse:
    return _show(request, _secret(request, key_id))


@clinic_page(Right.SETTINGS)
@require_http_methods(_FORM)
@sensitive_variables("text")
def create(request: ClinicRequest) -> HttpResponse:
    """A secret with its text shown. A GET asks for its name."""
    form = NewSecretForm(request.organisation, posted(request))
    if request.method == "POST" and form.is_valid():
        name, shop = form.cleaned_data["name"], form.cleaned_data["shop"]
        try:
            secret, text = secrets.create(
                request.organisation, name=name, shop=shop, actor=request.actor, now=request.now
            )
        except Invalid as invalid:
            form.add_error("name", invalid.message)
        else:
            return _show(request, secret, text=text, is_new=True)
    context = {"form": form, "cancel_url": reverse("clinic:secrets")}
    status = 422 if form.errors else 200
    return page(request, "portals/clinic/secrets/new.html", context, status=status)


@clinic_page(Right.SETTINGS)
@fresh_login
@require_POST
@sensitive_variables("text")
def reveal(request: ClinicRequest, key_id: str) -> HttpResponse:
    """The secret's page with its text. In the audit log before it is shown."""
    secret = _secret(request, key_id)
    try:
        text = secrets.reveal(secret, actor=request.actor, now=request.now)
    except SecretRevoked:
        toast(request, "This secret is revoked; it is not shown any more.", tone="warn")
        return go_to(request, reverse("clinic:secret", args=[secret.key_id]))
    return _show(request, secret, text=text)


@clinic_page(Right.SETTINGS)
@require_http_methods(_FORM)
def revoke(request: ClinicRequest, key_id: str) -> HttpResponse:
    secret = _secret(request, key_id)
    if secret.revoked_at is not None:
        toast(request, "This secret is revoked already.", tone="info")
        return go_to(request, reverse("clinic:secret", args=[secret.key_id]))
    impact = queries.impact_of(secret, now=request.now)
    form = RevokeForm(secret, posted(request), asks_name=impact.is_last)
    if form.is_valid():
        secrets.revoke(secret, actor=request.actor, now=request.now)
        toast(request, "Revoked. Tokens signed with it are refused from now on.")
        return go_to(request, reverse("clinic:secrets"))
    context = {
        "secret": secret,
        "impact": impact,
        "form": form,
        "rotation": _rotation(secret, request),
    }
    status = 422 if form.errors else 200
    return page(
        request, "portals/clinic/secrets/revoke.html", context, part="dialog", status=status
    )


@clinic_page(Right.SETTINGS)
@require_http_methods(_FORM)
@sensitive_post_parameters("token")
@sensitive_variables("token")
def check_token(request: ClinicRequest) -> HttpResponse:
    """What is wrong with a pasted token, in words. Posted, never kept, and not repeated on the page."""
    form = CheckForm(posted(request))
    verdict = None
    if form.is_valid():
        verdict = token_check.judge(
            request.organisation, form.cleaned_data["token"], now=request.now
        )
        form = CheckForm()
    context = {"form": form, "verdict": verdict}
    status = 422 if form.errors else 200
    return page(
        request, "portals/clinic/secrets/check.html", context, part="verdict", status=status
    )


def _secret(request: ClinicRequest, key_id: str) -> BookingSecret:
    return get_or_404(queries.secrets_of(request.organisation), key_id=key_id)


def _rotation(secret: BookingSecret, request: ClinicRequest) -> rotation.Rotation:
    active = queries.secrets_of(request.organisation).active()
    return rotation.rotation_of(secret, active, now=request.now)


@sensitive_variables("text")
def _show(
    request: ClinicRequest, secret: BookingSecret, *, text: str = "", is_new: bool = False
) -> HttpResponse:
    context = {
        "secret": secret,
        "text": text,
        "is_new": is_new,
        "rotation": _rotation(secret, request),
        "minters": minters(secret.key_id, queries.shop_for_snippet(secret)),
        "variable": VARIABLE,
    }
    return page(request, "portals/clinic/secrets/secret.html", context)
