"""Which appointments a list shows: a tab and the filter row, read from the URL and written back to it.

Nothing in a URL is an error: what cannot be used is left out, and `problems` says so.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import TextChoices
from django.http import HttpRequest, QueryDict

from appointments.models import Appointment, AppointmentQuerySet, AppointmentType
from appointments.status import Status
from organisations.models import Doctor, Organisation, Patient
from portals.badges import badge_of
from portals.chips import Chip
from portals.dates import PRESETS, Dates, preset, read_date, today, typed

CUSTOM = "custom"  # the dates typed into `from` and `to`
Named = TypeVar("Named", Doctor, AppointmentType)


class View(TextChoices):
    """The tabs: presets of the filters."""

    UPCOMING = "upcoming", "Upcoming"
    HELD = "held", "Held"
    PAST = "past", "Past"
    CANCELLED = "cancelled", "Cancelled"
    ALL = "all", "All"

    @property
    def is_newest_first(self) -> bool:
        """What lies ahead is read from now on, what lies behind from now back."""
        return self not in (View.UPCOMING, View.HELD)


_OF_VIEW: dict[View, Callable[[AppointmentQuerySet, datetime], AppointmentQuerySet]] = {
    View.UPCOMING: lambda rows, now: rows.upcoming(now),
    View.HELD: lambda rows, now: rows.with_status_now([Status.HELD], now),
    View.PAST: lambda rows, now: rows.past(now),
    View.CANCELLED: lambda rows, _: rows.called_off(),
    View.ALL: lambda rows, _: rows,
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be filtered by, in the order it is offered."""

    doctors: Sequence[Doctor]
    types: Sequence[AppointmentType]
    statuses: Sequence[tuple[str, str]] = tuple((s.value, badge_of(s).word) for s in Status)
    dates: Sequence[tuple[str, str]] = (
        *((name, label) for name, (label, _) in PRESETS.items()),
        (CUSTOM, "From … to …"),
    )


@dataclass(frozen=True, slots=True)
class Filters:
    """One list. `dates` and statuses are as of the moment the request came."""

    view: View = View.UPCOMING
    doctor: Doctor | None = None
    patient: Patient | None = None
    appointment_type: AppointmentType | None = None
    statuses: tuple[Status, ...] = ()
    dates: Dates | None = None
    dates_name: str = ""
    problems: tuple[str, ...] = ()

    def narrow(
        self, rows: AppointmentQuerySet, *, now: datetime, zone: str, view: View | None = None
    ) -> AppointmentQuerySet:
        """`rows` as this list shows them; with another `view` what that tab would show."""
        rows = _OF_VIEW[view or self.view](rows, now)
        if self.statuses and view in (None, self.view):
            rows = rows.with_status_now(list(self.statuses), now)
        named = {
            "doctor": self.doctor,
            "patient": self.patient,
            "appointment_type": self.appointment_type,
        }
        rows = rows.filter(**{field: row for field, row in named.items() if row})
        since, until = self.dates.bounds(zone) if self.dates else (None, None)
        rows = rows.filter(starts_at__gte=since) if since else rows
        return rows.filter(starts_at__lt=until) if until else rows

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query that reads as this list again."""
        return [(field, value) for field, value in self._pairs() if value]

    @property
    def typed_from(self) -> str:
        return self._typed(self.dates.first) if self.dates else ""

    @property
    def typed_to(self) -> str:
        return self._typed(self.dates.last) if self.dates else ""

    def _pairs(self) -> list[tuple[str, str]]:
        return [
            ("tab", "" if self.view == View.UPCOMING else str(self.view)),
            ("doctor", self.doctor.uid if self.doctor else ""),
            ("patient", self.patient.uid if self.patient else ""),
            ("type", self.appointment_type.uid if self.appointment_type else ""),
            *(("status", str(status)) for status in self.statuses),
            ("dates", self.dates_name),
            ("from", self.typed_from),
            ("to", self.typed_to),
        ]

    def _typed(self, day: date | None) -> str:
        """Only typed dates are named in the URL: a preset moves on with the days."""
        return day.isoformat() if day and self.dates_name == CUSTOM else ""

    def query_without(self, *fields: str, value: str = "") -> str:
        """`?…` of this list without these fields; with `value` only without that one of several."""
        left = [
            (field, own)
            for field, own in self.pairs
            if field not in fields or (value and own != value)
        ]
        return f"?{urlencode(left)}"

    def query_of(self, view: View) -> str:
        """`?…` of another tab: the same filters but the statuses, which belong to the tab."""
        if view == self.view:
            return self.query
        left = [pair for pair in self.pairs if pair[0] not in ("tab", "status")]
        return f"?{urlencode([('tab', str(view)), *left])}"

    @property
    def query(self) -> str:
        return f"?{urlencode(self.pairs)}"

    @property
    def chips(self) -> list[Chip]:
        """Every filter that is on, with the link that takes it off."""
        named = [
            ("doctor", f"Doctor: {self.doctor}" if self.doctor else ""),
            ("patient", f"Patient: {self.patient_name}" if self.patient else ""),
            ("type", f"Type: {self.appointment_type}" if self.appointment_type else ""),
        ]
        chips = [Chip(label, self.query_without(field)) for field, label in named if label]
        for status in self.statuses:
            word = f"Status: {badge_of(status).word}"
            chips.append(Chip(word, self.query_without("status", value=status)))
        if self.dates:
            chips.append(Chip(self.dates.label, self.query_without("dates", "from", "to")))
        return chips

    @property
    def patient_name(self) -> str:
        return name_of(self.patient) if self.patient else ""

    @property
    def clear_url(self) -> str:
        """The same tab without a filter."""
        return f"?tab={self.view}"


def name_of(patient: Patient) -> str:
    """The name, or the uid of one who gave none."""
    return patient.display_name or patient.uid


def choices_of(organisation: Organisation) -> Choices:
    """Two queries, whatever there is."""
    return Choices(
        list(Doctor.objects.of(organisation).order_by("-is_active", "display_name", "uid")),
        list(AppointmentType.objects.of(organisation).order_by("-is_active", "name", "uid")),
    )


def read(
    query: QueryDict,
    organisation: Organisation,
    choices: Choices,
    *,
    now: datetime,
    zone: str,
) -> Filters:
    """The list a URL asks for. One query where it names a patient."""
    reader = _Reader(query, problems=[])
    dates, dates_name = reader.dates(now, zone)
    return Filters(
        view=reader.view(),
        doctor=reader.one_of("doctor", choices.doctors),
        patient=reader.patient(organisation),
        appointment_type=reader.one_of("type", choices.types),
        statuses=reader.statuses(),
        dates=dates,
        dates_name=dates_name,
        problems=tuple(reader.problems),
    )


def read_own(query: QueryDict, *, now: datetime, zone: str) -> Filters:
    """The list a URL asks for where all visits are one doctor's: by tab, status and dates only."""
    reader = _Reader(query, problems=[])
    dates, dates_name = reader.dates(now, zone)
    return Filters(
        view=reader.view(),
        statuses=reader.statuses(),
        dates=dates,
        dates_name=dates_name,
        problems=tuple(reader.problems),
    )


def filters_of(
    request: HttpRequest, organisation: Organisation, *, now: datetime, zone: str
) -> tuple[Filters, Choices]:
    choices = choices_of(organisation)
    return read(request.GET, organisation, choices, now=now, zone=zone), choices


def appointments_of(organisation: Organisation) -> AppointmentQuerySet:
    return Appointment.objects.of(organisation)


@dataclass(frozen=True, slots=True)
class _Reader:
    query: QueryDict
    problems: list[str]

    def view(self) -> View:
        text = self._text("tab")
        if text in View:
            return View(text)
        if text:
            self.problems.append("There is no such tab. These are the upcoming ones.")
        return View.UPCOMING

    def one_of(self, field: str, rows: Iterable[Named]) -> Named | None:
        text = self._text(field)
        found = next((row for row in rows if row.uid == text), None) if text else None
        if text and found is None:
            self.problems.append(f"The {field} asked for is not known, so all are shown.")
        return found

    def patient(self, organisation: Organisation) -> Patient | None:
        text = self._text("patient")
        if not text:
            return None
        found = Patient.objects.of(organisation).filter(uid=text).one_or_none()
        if found is None:
            self.problems.append("The patient asked for is not known, so all are shown.")
        return found

    def statuses(self) -> tuple[Status, ...]:
        asked = [text for text in self.query.getlist("status") if text]
        if any(text not in Status for text in asked):
            self.problems.append("A status asked for is not known and was left out.")
        return tuple(status for status in Status if status in asked)

    def dates(self, now: datetime, zone: str) -> tuple[Dates | None, str]:
        name = self._text("dates")
        if name in PRESETS:
            return preset(name, today(now, zone)), name
        if name not in ("", CUSTOM):
            self.problems.append("Those dates are not known, so all are shown.")
            return None, ""
        first, last = self._date("from"), self._date("to")
        if first and last and last < first:
            self.problems.append("The dates end before they begin, so they were left out.")
            return None, ""
        if first or last:
            return typed(first, last), CUSTOM
        return None, name  # custom and not typed yet: the two fields stay open

    def _date(self, field: str) -> date | None:
        text = self._text(field)
        day = read_date(text) if text else None
        if text and day is None:
            self.problems.append(f"“{field.capitalize()}” is no date that can be used.")
        return day

    def _text(self, field: str) -> str:
        """The one value; a NUL would be PostgreSQL's error instead of our message."""
        return self.query.get(field, "").strip().replace("\0", "?")
