"""Finding a patient by a piece of name, e-mail address or phone number, or anything by its uid."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from appointments.models import Appointment
from organisations.models import Organisation, Patient, patient_search_text

MOST = 20
SHORTEST = 3  # shorter pieces have no trigram, and would read every patient
_LONGEST = 200
_MOST_WORDS = 6
_UID = re.compile(r"(?P<kind>pp|mtg)-[0-9a-z]{4,36}", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@]+@[^@]+\.[a-z]{2,}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. `is_too_short`: nothing was asked of the database."""

    patients: Sequence[Patient] = ()
    appointments: Sequence[Appointment] = field(default_factory=list)
    has_more: bool = False
    is_too_short: bool = False

    @property
    def count(self) -> int:
        return len(self.patients) + len(self.appointments)


def find(organisation: Organisation, text: str) -> Found:
    """By uid exactly; else up to MOST patients whose text has every word, by name. One query at most."""
    text = text.replace("\0", "").strip()[:_LONGEST]
    if uid := _UID.fullmatch(text):
        return _by_uid(organisation, uid.group("kind").lower(), text.lower())
    words = pieces(text)
    if max(map(len, words), default=0) < SHORTEST:
        return Found(is_too_short=True)
    # No ORDER BY: a common name must not be sorted a hundred thousand times over.
    found = list(matching(organisation, words)[: MOST + 1])
    by_name = sorted(found[:MOST], key=lambda patient: patient.display_name.casefold())
    return Found(patients=by_name, has_more=len(found) > MOST)


def matching(organisation: Organisation, words: Sequence[str]) -> QuerySet[Patient]:
    """Patients whose search text has every one of the words, by the trigram index.

    A whole e-mail address is looked up as such: half of its trigrams are its domain's, which everybody has.
    """
    rows = (
        Patient.objects.of(organisation)
        .filter(erased_at=None)
        .alias(search_text=patient_search_text())
        .select_related("shop")
    )
    for word in words:
        is_address = _ADDRESS.fullmatch(word) is not None
        rows = rows.filter(email=word) if is_address else rows.filter(search_text__contains=word)
    return rows


def pieces(text: str) -> list[str]:
    """What must all occur in a patient's search text. A number is one piece, without its leading zeros.

    `0151 23 45` and `+49 (0)151 2345` both find `+491512345`.
    """
    if _PHONE.fullmatch(text):
        digits = re.sub(r"[^0-9]", "", text.replace("(0)", "")).lstrip("0")
        return [digits] if digits else []
    return text.lower().split()[:_MOST_WORDS]


def _by_uid(organisation: Organisation, kind: str, uid: str) -> Found:
    if kind == "pp":
        rows = Patient.objects.of(organisation).filter(uid=uid).select_related("shop")
        return Found(patients=list(rows))
    visits = Appointment.objects.of(organisation).filter(uid=uid).for_display()
    return Found(appointments=list(visits))
