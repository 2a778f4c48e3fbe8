"""What the patient wants so far: type, doctor or any, day. It travels in the query, so every step is a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.urls import reverse

from appointments.models import AppointmentType, AppointmentTypeDoctor
from appointments.offers import offering
from organisations.models import Doctor, Organisation

ANY = "any"
_KEPT = ("type", "doctor", "day", "month")
_LONGEST = 64
Row = TypeVar("Row", AppointmentType, Doctor)


@dataclass(frozen=True, slots=True)
class Wish:
    """`doctor` None with `has_doctor`: any of `doctors` will do. A step with one choice is taken already."""

    kinds: Sequence[AppointmentType]
    kind: AppointmentType | None
    doctors: Sequence[Doctor]
    doctor: Doctor | None
    has_doctor: bool
    given: Mapping[str, str]

    def url(self, **changes: str | None) -> str:
        """The choosing page with these changes; None takes a wish back."""
        query = {**self.given, **changes}
        return choose_url({name: value for name, value in query.items() if value is not None})

    @property
    def doctor_given(self) -> str:
        return self.doctor.uid if self.doctor else ANY


def kept(given: Mapping[str, str]) -> dict[str, str]:
    """Of a query what the steps hand on."""
    return {name: given[name] for name in _KEPT if 0 < len(given.get(name, "")) <= _LONGEST}


def choose_url(query: Mapping[str, str], **more: str) -> str:
    text = urlencode({**query, **more}, errors="replace")
    return reverse("booking:choose") + (f"?{text}" if text else "")


def read_wish(organisation: Organisation, given: Mapping[str, str]) -> Wish:
    """What `given` asks for, as far as it is offered; two queries. What is not is as if never asked."""
    wanted = kept(given)
    kinds = list(_kinds_of(organisation))
    kind = _by_uid(kinds, wanted.get("type", "")) or (kinds[0] if len(kinds) == 1 else None)
    if kind is None:
        return Wish(kinds, None, (), None, False, wanted)
    doctors = list(offering(kind).order_by("display_name", "uid"))
    doctor = _by_uid(doctors, wanted.get("doctor", ""))
    if doctor is None and len(doctors) == 1:
        doctor = doctors[0]
    has_doctor = doctor is not None or (wanted.get("doctor") == ANY and len(doctors) > 1)
    return Wish(kinds, kind, doctors, doctor, has_doctor, wanted)


def _kinds_of(organisation: Organisation) -> Sequence[AppointmentType]:
    """The active types that an active doctor offers, by name."""
    offers = AppointmentTypeDoctor.objects.filter(
        appointment_type=OuterRef("pk"), doctor__is_active=True
    )
    types = AppointmentType.objects.of(organisation).filter(Exists(offers), is_active=True)
    return list(types.select_related("organisation").order_by("name", "uid"))


def _by_uid(rows: Sequence[Row], uid: str) -> Row | None:
    return next((row for row in rows if row.uid == uid), None)
