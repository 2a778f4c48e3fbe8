"""What is done to one appointment in one step: confirm, cancel, complete, no-show.

Each has a page of its own (a dialog with JavaScript) that says what will happen and who will be told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from appointments import lifecycle
from appointments.errors import Invalid, Refused
from appointments.models import Appointment
from appointments.notices import (
    Recipient,
    who_will_be_told_of_cancellation,
    who_will_be_told_of_confirmation,
)
from portals import visit_words as words
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import PortalForm
from portals.rendering import go_to, page
from portals.toasts import toast

from .cancel_form import CancelForm
from .detail import actions_of, find_visit

_TEMPLATE = "portals/clinic/appointments/appointment_act.html"


class TellForm(PortalForm):
    tell_patient = forms.BooleanField(
        label="Tell the patient",
        required=False,
        initial=True,
        help_text="Unticked, it is silent and the history says so.",
    )


@dataclass(frozen=True, slots=True)
class Act:
    """One act: its words, its form, the verb behind it, and who will be told of it."""

    name: str
    title: str
    text: str
    submit: str
    done: str
    verb: Callable[..., Appointment]
    form: type[PortalForm] = PortalForm
    told: Callable[[Appointment, ClinicRequest], Sequence[Recipient]] | None = None
    tone: str = ""
    keep: str = "Back"


def _confirm_told(visit: Appointment, request: ClinicRequest) -> Sequence[Recipient]:
    return who_will_be_told_of_confirmation(visit, actor=request.actor, now=request.now)


def _cancel_told(visit: Appointment, request: ClinicRequest) -> Sequence[Recipient]:
    return who_will_be_told_of_cancellation(visit, actor=request.actor)


CONFIRM = Act(
    name="confirm",
    title="Confirm for the patient",
    text="The held time becomes a booked appointment.",
    submit="Confirm appointment",
    done="Appointment confirmed.",
    verb=lifecycle.confirm,
    form=TellForm,
    told=_confirm_told,
)
CANCEL = Act(
    name="cancel",
    title="Cancel this appointment",
    text="The time becomes free at once. This cannot be taken back; you can book again.",
    submit="Cancel appointment",
    done="Appointment cancelled.",
    verb=lifecycle.cancel,
    form=CancelForm,
    told=_cancel_told,
    tone="danger",
    keep="Keep it",
)
COMPLETE = Act(
    name="complete",
    title="Mark as completed",
    text="The visit took place. You can correct it to a no-show later.",
    submit="Mark as completed",
    done="Marked as completed.",
    verb=lifecycle.complete,
)
NO_SHOW = Act(
    name="no-show",
    title="Mark as no-show",
    text="The patient did not come. You can correct it to completed later.",
    submit="Mark as no-show",
    done="Marked as a no-show.",
    verb=lifecycle.mark_no_show,
)


def act_view(act: Act) -> Callable[..., HttpResponseBase]:
    """The page of one act: GET asks, POST does it through the verb and leads back to the appointment."""

    @clinic_page(Right.ACT)
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: ClinicRequest, uid: str) -> HttpResponse:
        visit = find_visit(request, uid)
        is_post = request.method == "POST"
        form = _form(act, visit, request.POST if is_post else None)
        if not is_post:
            return _ask(request, act, visit, form)
        if not form.is_valid():
            return _ask(request, act, visit, form, status=422)
        try:
            act.verb(visit, actor=request.actor, now=request.now, **form.cleaned_data)
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        except Refused as error:
            # Somebody was faster, or time has passed: the page shows how it stands now.
            visit = find_visit(request, uid)
            said = words.refusal(error, visit, zone=request.zone, now=request.now)
            form.add_error(None, said)
        else:
            toast(request, act.done)
            return go_to(request, reverse("clinic:appointment", args=[visit.uid]))
        return _ask(request, act, visit, form, status=422)

    return view


def _form(act: Act, visit: Appointment, data: Any) -> PortalForm:
    """Of a hold nobody had been told: nobody is told of its end. Partners tell their patients themselves."""
    form = act.form(data)
    was_never_booked = act is CANCEL and visit.confirmed_at is None
    if was_never_booked:
        form.fields.pop("message")
    if was_never_booked or visit.shop.partner_tells_patients:
        form.fields.pop("tell_patient", None)
    return form


def _ask(
    request: ClinicRequest, act: Act, visit: Appointment, form: PortalForm, *, status: int = 200
) -> HttpResponse:
    url = reverse("clinic:appointment", args=[visit.uid])
    own_url = reverse(f"clinic:appointment-{act.name}", args=[visit.uid])
    is_possible = any(link.url == own_url for link in actions_of(visit, request.now))
    state = words.present_state(visit, zone=request.zone, now=request.now)
    context = {
        "visit": visit,
        "status": visit.status_at(request.now),
        "act": act,
        "form": form,
        "is_possible": is_possible,
        "state": "" if is_possible else state,
        "recipients": words.told(act.told(visit, request)) if act.told else None,
        "action": own_url,
        "back": url,
    }
    return page(request, _TEMPLATE, context, part="dialog", status=status)
