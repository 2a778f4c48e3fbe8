"""The week tells every time in the doctor's zone, and puts a visit under the doctor's date."""

from datetime import UTC, datetime

import pytest

from organisations.models import Doctor

from .surgery import Surgery, url

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("zone", "hours", "heading"),
    [
        ("Europe/Berlin", "00:30–01:00", "Wed 3 Mar"),
        ("America/New_York", "18:30–19:00", "Tue 2 Mar"),
        ("Asia/Kathmandu", "05:15–05:45", "Wed 3 Mar"),
    ],
)
def test_hours_and_date_are_those_of_the_doctors_clock(
    surgery: Surgery, zone: str, hours: str, heading: str
) -> None:
    surgery.clinic.book(datetime(2027, 3, 2, 23, 30, tzinfo=UTC))
    Doctor.objects.update(timezone=zone)

    text = surgery.jane.get(url("appointments-week")).content.decode()
    day = text[: text.index(hours)].rpartition("<h3>")[2]

    assert day.startswith(heading)
