"""Every component on one page, to be rendered in tests and looked at."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django import forms
from django.http import HttpResponse
from django.template import engines
from django.views.decorators.http import require_safe

from appointments.status import Status
from portals.charts import Point
from portals.chips import Tab, chip
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import PortalForm
from portals.keyset import Page
from portals.toasts import Undo, toast

STARTS_AT = datetime(2027, 3, 2, 9, 0, tzinfo=UTC)

TEMPLATE = Path(__file__).with_name("gallery.html").read_text()


@dataclass(frozen=True)
class Person:
    name: str
    address: str
    skip_reason: str = ""


class CancelForm(PortalForm):
    reason = forms.CharField(help_text="For your team. The patient does not see it.")
    message = forms.CharField(
        label="Message to the patient", required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    on_behalf_of = forms.ChoiceField(
        label="On behalf of",
        choices=[("patient", "the patient"), ("doctor", "the doctor"), ("clinic", "the clinic")],
        widget=forms.RadioSelect,
    )
    tell_patient = forms.BooleanField(label="Tell the patient", required=False, initial=True)


class FilterForm(PortalForm):
    doctor = forms.ChoiceField(choices=[("", "Any doctor"), ("1", "Dr Jane Hill")], required=False)
    status = forms.ChoiceField(choices=[("", "Any"), *Status.choices], required=False)
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


@clinic_page(Right.VIEW)
@require_safe
def gallery(request: ClinicRequest) -> HttpResponse:
    toast(request, "Window removed.", undo=Undo("/test/undo/", {"weekday": "0"}))
    toast(request, "The doctor was not told: no e-mail address.", tone="warn")
    form = CancelForm({"reason": "", "message": "Sorry!", "on_behalf_of": "martian"})
    form.is_valid()
    context = {
        "tabs": [
            Tab("Upcoming", "?", is_current=True, count=12),
            Tab("Held", "?tab=held", count=0),
            Tab("Past", "?tab=past", count=1000, is_more=True),
            Tab("All", "?tab=all"),
        ],
        "chips": [chip(request, "Dr Jane Hill", "doctor"), chip(request, "held", "status", "held")],
        "statuses": list(Status.values),
        "starts_at": STARTS_AT,
        "hold": request.now + timedelta(minutes=12, seconds=30),
        "page": Page[Person](rows=[], previous_url="?page=a", next_url="?page=b"),  # type: ignore[type-var]  # any rows will do
        "rates": [
            Point(f"{week}", rate, "" if rate is None else f"{rate} %")
            for week, rate in enumerate([4.0, 5.5, None, 3.0, 6.0, 2.0], 9)
        ],
        "form": form,
        "quiet": CancelForm(prefix="quiet"),
        "filters": FilterForm(auto_id="filter-%s"),
        "recipients": [
            Person("Paula Patient", "paula@patients.example"),
            Person("Dr Jane Hill", "", "no e-mail address"),
        ],
        "none": [],
    }
    return HttpResponse(engines["django"].from_string(TEMPLATE).render(context, request))
