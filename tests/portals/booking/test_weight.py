"""The first page with times is as quick as the slot list it shows, and light."""

import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from django.conf import settings
from django.test import Client

from common.clock import utc_now
from portals.booking.month import next_month
from portals.slots.times import midnight
from tests.appointments.clinic import Clinic, make_clinic

from .front import Shop, launched

LINKED = re.compile(r'(?:href|src)="/static/([^"]+)"')
HEAVIEST = 100_000
ROUNDS = 8


def in_seconds(call: Callable[[], object]) -> float:
    before = perf_counter()
    call()
    return perf_counter() - before


def a_busy_clinic() -> Clinic:
    """Thirty doctors, always open: as the benchmark of the slot list has them."""
    return make_clinic(doctors=30, duration_minutes=30)


def test_the_first_page_with_times_costs_at_most_half_more_than_the_slot_list(db: None) -> None:
    clinic, now = a_busy_clinic(), utc_now()
    visitor = launched(Shop(clinic, now).code())
    month = next_month(now.date().replace(day=1))
    zone = clinic.organisation.timezone
    query: dict[str, str | int] = {
        "shop_uid": clinic.shop.uid,
        "appointment_type_uid": clinic.kind.uid,
        "from": midnight(month, zone),
        "to": midnight(next_month(month), zone),
    }
    api, page, list_of_slots = Client(), [], []

    for _ in range(ROUNDS):  # in turns, so that whatever else runs here slows both
        list_of_slots.append(in_seconds(lambda: api.get("/v1/scheduling/slots", query)))
        page.append(in_seconds(lambda: visitor.choose(doctor="any", month=f"{month:%Y-%m}")))

    assert min(page) < 1.5 * min(list_of_slots), (min(page), min(list_of_slots))


def test_the_first_visit_weighs_less_than_100_kilobytes_in_all(db: None) -> None:
    """Uncompressed: the page that posts itself, the first page with times, and all they load."""
    from_launch = Shop(a_busy_clinic(), utc_now())
    code = from_launch.code()
    opening = Client().get("/book/", {"booking_launch_code": code}).content
    times = launched(code).choose(doctor="any").content

    files = {name for page in (opening, times) for name in LINKED.findall(page.decode())}
    sizes = [(Path(settings.BASE_DIR) / "static" / name).stat().st_size for name in files]

    assert len(files) > 5
    assert len(opening) + len(times) + sum(sizes) < HEAVIEST
