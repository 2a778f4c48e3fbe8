"""The weekly editor as a doctor uses it, and what the public API lists of it with the next call."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from availability.models import AvailabilityWindow
from availability.values import WindowValues
from availability.windows import instant
from common.clock import from_epoch, zone
from organisations.models import Doctor
from tests.api.world import Partner
from tests.factories import NOW

from .surgery import Surgery, open_surgery, url

HTMX = {"HX-Request": "true"}
BERLIN = "Europe/Berlin"


@dataclass(frozen=True)
class Editor:
    """A doctor without any hours yet, at the page of the editor."""

    surgery: Surgery

    def for_test(self, monkeypatch: pytest.MonkeyPatch) -> "Editor":
        """A copy of the one that stands for the module, at NOW by the test's own clock."""
        surgery = self.surgery.for_test(monkeypatch)
        at(surgery, NOW)
        return Editor(surgery)

    @property
    def doctor(self) -> Doctor:
        return self.surgery.doctor

    def post(self, name: str, *args: str, htmx: Any = False, query: Any = "", **typed: Any) -> Any:
        address = url(f"availability-{name}", *args) + query
        return self.surgery.jane.post(address, typed, headers=HTMX if htmx else {})

    def get(self, name: str = "", *args: str, htmx: Any = False, **query: Any) -> Any:
        address = url(f"availability-{name}" if name else "availability", *args)
        return self.surgery.jane.get(address, query, headers=HTMX if htmx else {})

    def add(self, weekday: int, start: str, end: str, **typed: str) -> Any:
        return self.post("hours-add", weekday=str(weekday), start=start, end=end, **typed)

    def hours(self) -> list[str]:
        rows = AvailabilityWindow.objects.order_by("weekday", "start_minute")
        return [WindowValues.of(row).in_words() for row in rows]

    def window(self) -> AvailabilityWindow:
        return AvailabilityWindow.objects.get()

    def slots(self, first: date, days: int = 1) -> list[tuple[int, int]]:
        """What the public API lists for so many of the doctor's local dates: (start, end) in seconds."""
        zone_name = Doctor.objects.get(pk=self.doctor.pk).timezone
        start, end = (instant(zone_name, first.toordinal() + ahead, 0) for ahead in (0, days))
        clinic = self.surgery.clinic
        query = {"shop_uid": clinic.shop.uid, "appointment_type_uid": clinic.kind.uid}
        response = Partner().get("/slots", **query, **{"from": start, "to": end})
        assert response.status_code == 200
        return [(slot["starts_at"], slot["ends_at"]) for slot in response.json()["data"]]

    def starts(self, first: date, days: int = 1) -> list[str]:
        """The same as the doctor's clock shows the starts."""
        zone_name = Doctor.objects.get(pk=self.doctor.pk).timezone
        return [f"{local(at, zone_name):%H:%M}" for at, _ in self.slots(first, days)]


def local(seconds: int, zone_name: str) -> datetime:
    return from_epoch(seconds).astimezone(zone(zone_name))


def begin(
    monkeypatch: pytest.MonkeyPatch,
    *,
    timezone: str = BERLIN,
    now: datetime = NOW,
    **type_fields: Any,
) -> Editor:
    """No hours yet; the pages and the API have the same clock."""
    surgery = open_surgery(monkeypatch, **type_fields)
    Doctor.objects.update(timezone=timezone)
    AvailabilityWindow.objects.all().delete()
    surgery.doctor.refresh_from_db()
    at(surgery, now)
    return Editor(surgery)


def at(surgery: Surgery, now: datetime) -> None:
    surgery.at(now)
    surgery.monkeypatch.setattr("api.scheduling.discovery.utc_now", lambda: now)


def dates(first: date, last: date, step: int = 7) -> Iterable[date]:
    while first <= last:
        yield first
        first += timedelta(days=step)
