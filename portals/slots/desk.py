"""The page that books: a doctor or any, a week of free times, then who will be told, then done.

A page describes its `Booking`; `answer` does the rest. The time chosen and the week shown are in the query,
so everything is a link and works without JavaScript; htmx swaps the partial `desk`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.http import HttpResponse

from appointments import slots
from appointments.choosing import in_fair_order
from appointments.errors import Refused
from appointments.models import Appointment, AppointmentType
from appointments.notices import Recipient
from common.local_time import in_short
from organisations.models import Doctor, Patient
from portals import visit_words as words
from portals.chips import query_with
from portals.forms import PortalForm
from portals.rendering import go_to, page
from portals.requests import PortalRequest
from portals.toasts import toast

from .picker import Wish, week_of
from .times import read_instant

TEMPLATE = "portals/slots/desk.html"


@dataclass(frozen=True, slots=True)
class Booking:
    """One page that books. `act` books and returns the appointment; `told` says who would hear of it."""

    title: str
    submit: str
    done: str
    kind: AppointmentType
    doctors: Sequence[Doctor]
    back: str
    act: Callable[[datetime, Doctor, bool], Appointment]
    told: Callable[[datetime, Doctor], list[Recipient]]
    result: Callable[[Appointment], str]
    patient: Patient
    visit: Appointment | None = None  # what it begins from: the visit that is moved or booked again
    leaving_out: Appointment | None = None
    preferred: Doctor | None = None  # the old visit's: comes first when any doctor will do
    may_choose_doctor: bool = True
    doctor_rule: str = ""  # why the doctor cannot be chosen, where that needs saying
    same_time: datetime | None = None  # with the preferred doctor: offered first while it is free
    other_type_url: str = ""
    patient_url: str = ""  # the patient's page, where the portal has one
    why_url: str = ""  # why the visit's doctor has no slot, where the portal says so


@dataclass(frozen=True, slots=True)
class Chosen:
    """The time that was clicked, the doctor who gets it, and who will be told; or what is wrong with it."""

    starts_at: datetime
    doctor: Doctor | None
    recipients: Sequence[words.Told] = ()
    problem: str = ""


class SlotForm(PortalForm):
    """What is posted to book: the start in epoch seconds, and the doctor the page named."""

    at = forms.CharField(widget=forms.HiddenInput)
    doctor = forms.CharField(widget=forms.HiddenInput)
    tell_patient = forms.BooleanField(
        label="Tell the patient",
        required=False,
        initial=True,
        help_text="Unticked, it is silent and the history says so.",
    )

    def clean_at(self) -> datetime:
        instant = read_instant(self.cleaned_data["at"])
        if instant is None:
            raise forms.ValidationError("Choose a time from the list.")
        return instant


def answer(request: PortalRequest, booking: Booking) -> HttpResponse:
    """GET: choose. POST: book the time and the doctor that were shown, or say why not, with fresh times."""
    problem = ""
    if request.method == "POST":
        form = _form(booking, request.POST)
        doctor = _doctor_of(booking, request.POST.get("doctor", ""))
        if not form.is_valid() or doctor is None:
            problem = "Choose a time from the list."
        else:
            is_told = form.cleaned_data.get("tell_patient", True)
            try:
                visit = booking.act(form.cleaned_data["at"], doctor, is_told)
            except Refused as error:
                problem = words.refusal(error, booking.visit, zone=request.zone, now=request.now)
            else:
                toast(request, booking.done)
                return go_to(request, booking.result(visit))
    return _show(request, booking, problem)


def _show(request: PortalRequest, booking: Booking, problem: str) -> HttpResponse:
    doctor = _wanted_doctor(request, booking)
    at = read_instant(request.GET.get("at", ""))
    wish = Wish(booking.kind, booking.doctors, doctor, booking.leaving_out, at)
    chosen = _chosen(request, booking, wish, at) if at and not problem else None
    form = None
    if chosen and chosen.doctor:
        initial = {"at": str(int(chosen.starts_at.timestamp())), "doctor": chosen.doctor.uid}
        form = _form(booking, None, initial)
    week = week_of(request, wish)
    next_free = in_short(week.next_free_at, request.zone) if week.next_free_at else ""
    context = {
        "booking": booking,
        "week": week,
        "next_free_in_words": next_free,
        "doctor": doctor,
        "doctor_links": _doctor_links(request, booking, doctor),
        "chosen": chosen,
        "same_time_url": _same_time_url(request, booking),
        "problem": problem,
        "form": form,
    }
    return page(request, TEMPLATE, context, part="desk", status=422 if problem else 200)


def _form(booking: Booking, data: object, initial: dict[str, str] | None = None) -> SlotForm:
    form = SlotForm(data, initial=initial)
    if booking.patient.shop.partner_tells_patients:
        form.fields.pop("tell_patient")
    return form


def _doctor_of(booking: Booking, uid: str) -> Doctor | None:
    return next((doctor for doctor in booking.doctors if doctor.uid == uid), None)


def _wanted_doctor(request: PortalRequest, booking: Booking) -> Doctor | None:
    """The one of `?doctor=`; without a choice the only one, else any."""
    given = request.GET.get("doctor", "")
    if not booking.may_choose_doctor:
        return booking.preferred
    wanted = _doctor_of(booking, given)
    if given not in ("", "any") and wanted is None:
        toast(request, "That doctor does not offer this appointment type.", tone="warn")
    if given:
        return wanted
    if booking.same_time and booking.preferred in booking.doctors:
        return booking.preferred
    return booking.doctors[0] if len(booking.doctors) == 1 else None


def _doctor_links(
    request: PortalRequest, booking: Booking, current: Doctor | None
) -> list[tuple[str, str, bool]]:
    """(name, url, is it on) of any doctor and each; none where there is nothing to choose."""
    if not booking.may_choose_doctor or len(booking.doctors) < 2:
        return []
    any_doctor = ("Any doctor", query_with(request, doctor="any", at=None), current is None)
    return [
        any_doctor,
        *(
            (each.display_name, query_with(request, doctor=each.uid, at=None), each == current)
            for each in booking.doctors
        ),
    ]


def _chosen(request: PortalRequest, booking: Booking, wish: Wish, at: datetime) -> Chosen:
    """The doctor is named before anything is booked, so that what was shown is what is done."""
    judgement = slots.judge(
        wish.kind,
        starts_at=at,
        now=request.now,
        doctor=wish.doctor,
        leaving_out=wish.leaving_out,
    )
    if not judgement.free:
        code, details = "slot_taken", {}
        if not judgement.busy:
            code, details = "slot_unavailable", {"reason": judgement.reason}
        refused = Refused(code, **details)
        said = words.refusal(refused, booking.visit, zone=request.zone, now=request.now)
        return Chosen(at, None, problem=said)
    doctor = _who_gets_it(booking, judgement.free, at, request.now)
    return Chosen(at, doctor, words.told(booking.told(at, doctor)))


def _who_gets_it(booking: Booking, free: Sequence[Doctor], at: datetime, now: datetime) -> Doctor:
    if booking.preferred is not None and booking.preferred in free:
        return booking.preferred
    chosen = in_fair_order(free, starts_at=at, now=now)[0]
    # The page's own rows carry the user, whose address is shown.
    return _doctor_of(booking, chosen.uid) or chosen


def _same_time_url(request: PortalRequest, booking: Booking) -> str:
    if booking.same_time is None or booking.same_time <= request.now:
        return ""
    judgement = slots.judge(
        booking.kind, starts_at=booking.same_time, now=request.now, doctor=booking.preferred
    )
    if not judgement.free:
        return ""
    at = str(int(booking.same_time.timestamp()))
    doctor = booking.preferred.uid if booking.preferred else None
    return query_with(request, at=at, doctor=doctor)
