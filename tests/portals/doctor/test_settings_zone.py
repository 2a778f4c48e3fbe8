"""A doctor's time zone: visits keep their instants, hours their clock times; said before it is saved."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment
from availability.models import AvailabilityWindow
from notifications.models import Delivery
from organisations.models import Doctor
from tests.factories import NOW, make_window

from .surgery import Surgery, url

pytestmark = pytest.mark.django_db
NEW_YORK = "America/New_York"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def visit(surgery: Surgery) -> Appointment:
    """Monday 14:00 UTC: 15:00 in Berlin, 09:00 in New York; Jane works Mondays 15:00 to 17:00."""
    visit = surgery.clinic.book()
    AvailabilityWindow.objects.all().delete()
    make_window(doctor=surgery.doctor, weekday=0, start="15:00", end="17:00")
    return visit


def look(surgery: Surgery, timezone: str, **headers: str) -> HttpResponse:
    answer = surgery.jane.get(url("settings-time-zone"), {"timezone": timezone}, headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


def save(surgery: Surgery, timezone: str) -> HttpResponse:
    answer = surgery.jane.post(url("settings-time-zone"), {"timezone": timezone})
    assert isinstance(answer, HttpResponse)
    return answer


def test_it_says_first_what_becomes_of_visits_and_hours(
    surgery: Surgery, visit: Appointment
) -> None:
    text = " ".join(look(surgery, NEW_YORK).content.decode().split())

    assert "1 upcoming visit keeps its time." in text
    assert "1 Mar 2027, 15:00" in text
    assert "1 Mar 2027, 09:00" in text
    assert "1 window keeps its clock times, read in America/New_York" in text
    assert "Monday 15:00–17:00" in text
    assert "15:00 (America/New_York, EST), which is 21:00 (Europe/Berlin, CET) today" in text
    assert "1 visit would lie outside your hours (0 now)" in text
    assert Doctor.objects.get().timezone == "Europe/Berlin"


def test_saving_moves_the_clock_and_no_visit(surgery: Surgery, visit: Appointment) -> None:
    before = (visit.starts_at, visit.ends_at)
    assert save(surgery, NEW_YORK)["Location"] == url("settings")

    assert Doctor.objects.get().timezone == NEW_YORK
    visit.refresh_from_db()
    assert (visit.starts_at, visit.ends_at) == before
    window = AvailabilityWindow.objects.get()
    assert (window.start_minute, window.end_minute) == (900, 1020)
    text = surgery.jane.get(url("settings")).content.decode()
    assert "Your time zone is America/New_York." in text
    assert "Times in America/New_York, EST" in text
    assert not Delivery.objects.filter(kind="availability.changed").exists()
    assert surgery.audited("doctor.timezone_changed") == [
        (surgery.doctor.display_name, surgery.doctor.uid)
    ]


def test_the_way_back_is_offered_with_the_word(surgery: Surgery) -> None:
    save(surgery, NEW_YORK)
    text = surgery.jane.get(url("settings")).content.decode()
    assert '<input type="hidden" name="timezone" value="Europe/Berlin">' in text

    save(surgery, "Europe/Berlin")

    assert Doctor.objects.get().timezone == "Europe/Berlin"


def test_htmx_gets_what_it_would_do_alone(surgery: Surgery) -> None:
    text = look(surgery, NEW_YORK, **HTMX).content.decode()

    assert "If you change to America/New_York" in text
    assert "<html" not in text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Mars/Olympus", "Choose one of the zones."),
        ("", "Choose a zone."),
        ("Europe/Berlin", "Choose one of the zones."),
    ],
)
def test_what_is_no_other_zone_is_refused_beside_the_field(
    surgery: Surgery, typed: str, said: str
) -> None:
    for answer in (save(surgery, typed), look(surgery, typed)):
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert Doctor.objects.get().timezone == "Europe/Berlin"


def test_queries_do_not_grow_with_visits_and_windows(surgery: Surgery, visit: Appointment) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            look(surgery, NEW_YORK, **HTMX)
        return len(queries)

    before = count()
    for weekday in (2, 3, 4):
        make_window(doctor=surgery.doctor, weekday=weekday, start="08:00", end="18:00")
        surgery.clinic.book(NOW + timedelta(days=weekday, hours=2))

    assert count() == before
