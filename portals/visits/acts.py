"""What is done to one appointment in one step: confirm, cancel, complete, no-show.

Each has a page of its own (a dialog with JavaScript) that says what will happen and who will be told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse

from appointments import lifecycle
from appointments.errors import Invalid, Refused
from appointments.models import Appointment
from appointments.notices import (
    Recipient,
    who_will_be_told_of_cancellation,
    who_will_be_told_of_confirmation,
)
from portals import visit_words as words
from portals.forms import PortalForm, posted
from portals.rendering import go_to, page
from portals.requests import PortalRequest
from portals.toasts import toast

from .cancel_form import CancelForm, OfficeCancelForm
from .offers import is_offered
from .rows import visit_url

_TEMPLATE = "portals/visits/act.html"


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
    told: Callable[[Appointment, PortalRequest], Sequence[Recipient]] | None = None
    tone: str = ""
    keep: str = "Back"


def _confirm_told(visit: Appointment, request: PortalRequest) -> Sequence[Recipient]:
    return who_will_be_told_of_confirmation(visit, actor=request.actor, now=request.now)


def _cancel_told(visit: Appointment, request: PortalRequest) -> Sequence[Recipient]:
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
OFFICE_CANCEL = replace(CANCEL, form=OfficeCancelForm)
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


def answer_act(
    request: PortalRequest, act: Act, find: Callable[[], Appointment], *, portal: str
) -> HttpResponse:
    """GET asks, POST does it through the verb and leads back to the visit, or says why not.

    `find` gives the portal's visit as it is now, or 404.
    """
    visit = find()
    is_post = request.method == "POST"
    form = _form(act, visit, posted(request))
    if not is_post:
        return _ask(request, act, visit, form, portal=portal)
    if not form.is_valid():
        return _ask(request, act, visit, form, portal=portal, status=422)
    try:
        act.verb(visit, actor=request.actor, now=request.now, **form.cleaned_data)
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
    except Refused as error:
        # Somebody was faster, or time has passed: the page shows how it stands now.
        visit = find()
        said = words.refusal(error, visit, zone=request.zone, now=request.now)
        form.add_error(None, said)
    else:
        toast(request, act.done)
        return go_to(request, visit_url(visit, portal))
    return _ask(request, act, visit, form, portal=portal, status=422)


def _form(act: Act, visit: Appointment, data: Any) -> PortalForm:
    """Of a hold nobody had been told: nobody is told of its end. Partners tell their patients themselves."""
    form = act.form(data)
    was_never_booked = "message" in form.fields and visit.confirmed_at is None
    if was_never_booked:
        form.fields.pop("message")
    if was_never_booked or visit.shop.partner_tells_patients:
        form.fields.pop("tell_patient", None)
    return form


def _ask(
    request: PortalRequest,
    act: Act,
    visit: Appointment,
    form: PortalForm,
    *,
    portal: str,
    status: int = 200,
) -> HttpResponse:
    is_possible = is_offered(visit, act.name, request.now, portal=portal)
    state = words.present_state(visit, zone=request.zone, now=request.now)
    context = {
        "visit": visit,
        "status": visit.status_at(request.now),
        "act": act,
        "form": form,
        "is_possible": is_possible,
        "state": "" if is_possible else state,
        "recipients": words.told(act.told(visit, request)) if act.told else None,
        "action": reverse(f"{portal}:appointment-{act.name}", args=[visit.uid]),
        "back": visit_url(visit, portal),
    }
    return page(request, _TEMPLATE, context, part="dialog", status=status)
