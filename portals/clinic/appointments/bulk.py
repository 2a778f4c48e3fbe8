"""Cancelling several visits with one reason: each through the verb, in a transaction of its own.

GET shows exactly which ones and who will be told; the form names them, so that nothing else is cancelled
when the list changes meanwhile. POST does it and reports what was done and what was not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from appointments import lifecycle
from appointments.errors import Invalid, Refused
from appointments.models import Appointment
from appointments.notices import PATIENT_GROUP, who_will_be_told_of_cancellation
from portals.badges import badge_of
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import posted
from portals.rendering import go_to, page
from portals.toasts import toast
from portals.visits.cancel_form import OfficeCancelForm
from portals.visits.filters import appointments_of, filters_of
from portals.visits.rows import Row, lines

from .list import KEY, MOST_AT_ONCE

_ASK = "portals/clinic/appointments/cancel_several.html"
_REPORT = "portals/clinic/appointments/cancelled_several.html"


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears of it: how many patients, which doctors how often, and who cannot be reached."""

    patients: int
    doctors: Sequence[tuple[str, int]]
    unreachable: Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    row: Row
    why_not: str = ""


@clinic_page(Right.ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_several(request: ClinicRequest) -> HttpResponse:
    """GET `uid=…&uid=…`, or `all=1` with the list's filters: asks. POST `uid`s with the form: acts."""
    back = _back(request)
    visits = chosen(request)
    if not visits or len(visits) > MOST_AT_ONCE:
        few = f"Choose at most {MOST_AT_ONCE} at once: narrow the filter."
        toast(request, few if visits else "Tick the appointments to cancel first.", tone="warn")
        return go_to(request, back)
    form = OfficeCancelForm(posted(request))
    form.fields["tell_patient"].label = "Tell the patients"
    form.fields["message"].label = "Message to the patients"
    if request.method != "POST" or not form.is_valid():
        return ask(request, visits, form, back)
    try:
        outcomes = [cancel_one(request, visit, form) for visit in visits]
    except Invalid as error:  # the verb's own checks of the texts: it says so before the first one
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return ask(request, visits, form, back)
    context = {
        "done": [outcome for outcome in outcomes if not outcome.why_not],
        "left": [outcome for outcome in outcomes if outcome.why_not],
        "back": back,
    }
    return page(request, _REPORT, context)


def chosen(request: ClinicRequest) -> list[Appointment]:
    """The organisation's visits that were named, one more than may be cancelled at once; foreign uids
    are none. One query; `all=1` needs those of the filters, too."""
    rows = appointments_of(request.organisation)
    named = request.POST if request.method == "POST" else request.GET
    if request.method != "POST" and named.get("all"):
        now, zone = request.now, request.zone
        filters, _ = filters_of(request, request.organisation, now=now, zone=zone)
        rows = filters.narrow(rows, now=now, zone=zone)
    else:
        uids = [uid for uid in named.getlist("uid") if "\0" not in uid]
        rows = rows.filter(uid__in=uids[: MOST_AT_ONCE + 1])
    return list(
        rows.for_display().select_related("doctor__user").order_by(*KEY)[: MOST_AT_ONCE + 1]
    )


def ask(
    request: ClinicRequest, visits: Sequence[Appointment], form: OfficeCancelForm, back: str
) -> HttpResponse:
    rows = lines(visits, portal="clinic", now=request.now, zone=request.zone)
    going = [row for row in rows if row.can_be_cancelled]
    context = {
        "going": going,
        "staying": [row for row in rows if not row.can_be_cancelled],
        "told": told_of(request, [row.visit for row in going]),
        "form": form,
        "action": reverse("clinic:appointments-cancel"),
        "back": back,
        "back_query": back.partition("?")[2],
    }
    return page(request, _ASK, context, status=422 if form.errors else 200)


def told_of(request: ClinicRequest, visits: Sequence[Appointment]) -> Told:
    """Everybody `lifecycle.cancel` would write to, counted."""
    doctors: Counter[str] = Counter()
    unreachable: Counter[str] = Counter()
    patients = 0
    for visit in visits:
        for recipient in who_will_be_told_of_cancellation(visit, actor=request.actor):
            is_patient = recipient.group == PATIENT_GROUP
            if recipient.skip_reason:
                unreachable[f"{recipient.name or recipient.uid}: {recipient.skip_reason}"] += 1
            elif is_patient:
                patients += 1
            else:
                doctors[recipient.name] += 1
    return Told(patients, sorted(doctors.items()), sorted(unreachable))


def cancel_one(request: ClinicRequest, visit: Appointment, form: OfficeCancelForm) -> Outcome:
    """Cancel it and commit; a refusal becomes the line that says why."""
    try:
        visit = lifecycle.cancel(visit, **form.cleaned_data, actor=request.actor, now=request.now)
    except Refused as refused:
        status = str(refused.details.get("status", ""))
        why = f"It was {badge_of(status).word.lower()} already." if status else refused.message
        visit.refresh_from_db(fields=["status", "hold_expires_at"])
        return Outcome(lines([visit], portal="clinic", now=request.now, zone=request.zone)[0], why)
    return Outcome(lines([visit], portal="clinic", now=request.now, zone=request.zone)[0])


def _back(request: ClinicRequest) -> str:
    """The list this came from: its own address with the query it sent along, read as a query."""
    given = request.POST.get("back") or request.GET.get("back") or ""
    if not given and request.GET.get("all"):
        query = request.GET.copy()
        query.pop("all")
    else:
        query = QueryDict(given.removeprefix("?"), mutable=True)
    return f"{reverse('clinic:appointments')}?{query.urlencode()}"
