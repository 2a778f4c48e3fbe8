"""What a shop's pages can ask without a credential."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from api.scheduling.ranges import LONGEST_RANGE_SECONDS
from availability.models import BookingStop
from common.clock import to_epoch, utc_now
from tests.factories import make_doctor, make_shop, make_type, make_window

from .world import BASE, Clinic, Partner, make_clinic, on_the_grid

ABSENT = {"error": "Resource not found", "code": "not_found"}
HALF_HOUR = 1800


def slots(clinic: Clinic, **query: Any) -> Any:
    query = {
        "shop_uid": clinic.shop.uid,
        "appointment_type_uid": clinic.kind.uid,
        **{name.rstrip("_"): value for name, value in query.items()},
    }
    return Partner().get("/slots", **query)


def test_a_shop_lists_its_active_types(clinic: Clinic) -> None:
    make_type(organisation=clinic.organisation, name="Retired", is_active=False)
    make_type(organisation=make_clinic(name="Elsewhere").organisation)

    response = Partner().get("/appointment-types", shop_uid=clinic.shop.uid)

    assert response.json() == {
        "data": [
            {
                "uid": clinic.kind.uid,
                "name": "Consultation",
                "description": "",
                "duration_minutes": 30,
                "hold_ttl_seconds": 900,
                "cancellation_notice_minutes": 60,
                "rebooking_mode": "any_doctor",
                "rebooking_notice_minutes": 60,
                "meeting_type": "CONSULTATION",
            }
        ],
        "totalRegistries": 1,
        "totalPages": 1,
    }


def test_nothing_of_a_doctor_is_public_but_name_and_zone(clinic: Clinic) -> None:
    make_doctor(organisation=clinic.organisation, display_name="Dr Gone", is_active=False)
    idle = make_doctor(organisation=clinic.organisation, display_name="Dr Abel")

    everybody = Partner().get("/doctors", shop_uid=clinic.shop.uid)
    of_type = Partner().get(
        "/doctors", shop_uid=clinic.shop.uid, appointment_type_uid=clinic.kind.uid
    )

    hill = {"uid": clinic.doctor.uid, "display_name": "Dr Jane Hill", "timezone": "UTC"}
    abel = {"uid": idle.uid, "display_name": "Dr Abel", "timezone": "Europe/Berlin"}
    assert everybody.json() == {"data": [abel, hill], "totalRegistries": 2, "totalPages": 1}
    assert of_type.json() == {"data": [hill], "totalRegistries": 1, "totalPages": 1}


def test_lists_are_paged_from_zero_with_exact_totals(clinic: Clinic) -> None:
    for number in range(4):
        make_doctor(organisation=clinic.organisation, display_name=f"Dr {number}")

    def page(**query: Any) -> Any:
        body = Partner().get("/doctors", shop_uid=clinic.shop.uid, **query).json()
        return [row["display_name"] for row in body.pop("data")], body

    totals = {"totalRegistries": 5, "totalPages": 3}
    assert page(limit=2) == (["Dr 0", "Dr 1"], totals)
    assert page(limit=2, page=2) == (["Dr Jane Hill"], totals)
    assert page(limit=2, page=10**20) == ([], totals)
    assert page(limit=10**20)[1] == {"totalRegistries": 5, "totalPages": 1}


def test_a_limit_above_200_is_capped(clinic: Clinic) -> None:
    for number in range(200):
        make_doctor(organisation=clinic.organisation, display_name=f"Dr {number}", with_room=False)

    body = Partner().get("/doctors", shop_uid=clinic.shop.uid, limit=1000).json()

    assert (len(body["data"]), body["totalRegistries"], body["totalPages"]) == (200, 201, 2)


@pytest.mark.parametrize("path", ["/appointment-types", "/doctors", "/slots"])
def test_an_unknown_inactive_or_closed_shop_is_absent(clinic: Clinic, path: str) -> None:
    inactive = make_shop(organisation=clinic.organisation, is_active=False)
    closed = make_clinic(name="Closed")
    closed.organisation.is_active = False
    closed.organisation.save()
    query = {"appointment_type_uid": clinic.kind.uid, "from": "0", "to": "60"}
    query = query if path == "/slots" else {}

    for uid in ("shop-none", inactive.uid, closed.shop.uid, ""):
        response = Partner().get(path, shop_uid=uid, **query)
        assert (response.status_code, response.json()) == (404, ABSENT), uid


def test_slots_are_listed_by_start_then_doctor_from_inclusive_to_exclusive(clinic: Clinic) -> None:
    other = clinic.second_doctor()
    start = to_epoch(on_the_grid(timedelta(hours=5)))

    body = slots(clinic, from_=start, to=start + 2 * HALF_HOUR).json()

    uids = sorted([clinic.doctor.uid, other.uid])
    expected = [
        {"starts_at": at, "ends_at": at + HALF_HOUR, "doctor_uid": uid}
        for at in (start, start + HALF_HOUR)
        for uid in uids
    ]
    assert body == {"data": expected, "next_available_at": None}
    of_one = slots(clinic, from_=start, to=start + 1, doctor_uid=other.uid).json()["data"]
    assert of_one == [{"starts_at": start, "ends_at": start + HALF_HOUR, "doctor_uid": other.uid}]


def test_an_empty_list_says_when_the_next_start_is(clinic: Clinic) -> None:
    start = on_the_grid(timedelta(hours=5))
    for number in range(2):
        clinic.appointment(
            clinic.patient(f"c-{number}"), starts_at=start + number * timedelta(minutes=30)
        )
    at = to_epoch(start)

    booked = slots(clinic, from_=at, to=at + HALF_HOUR).json()
    past = slots(clinic, from_=0, to=60).json()
    beyond = at + 300 * 86_400
    never = slots(clinic, from_=beyond, to=beyond + 60).json()

    assert booked == {"data": [], "next_available_at": at + 2 * HALF_HOUR}
    assert past["data"] == []
    assert 0 < past["next_available_at"] - to_epoch(utc_now()) <= HALF_HOUR
    assert never == {"data": [], "next_available_at": None}


def test_the_next_start_is_found_weeks_ahead(clinic: Clinic) -> None:
    kind = make_type(organisation=clinic.organisation, name="Rare")
    doctor = make_doctor(organisation=clinic.organisation, timezone="UTC")
    kind.doctors.add(doctor, through_defaults={"organisation": clinic.organisation})
    day = utc_now().date() + timedelta(days=40)
    make_window(doctor=doctor, weekday=day.weekday(), valid_from=day, valid_until=day)
    start = to_epoch(on_the_grid(timedelta(hours=5)))

    body = slots(clinic, appointment_type_uid=kind.uid, from_=start, to=start + 60).json()

    nine = 9 * 3600
    assert body["next_available_at"] % 86_400 == nine
    assert body["next_available_at"] // 86_400 == (day.toordinal() - 719_163)


def test_what_is_unfit_is_empty_and_what_is_absent_or_foreign_is_404(clinic: Clinic) -> None:
    start = to_epoch(on_the_grid(timedelta(hours=5)))
    ask = {"from_": start, "to": start + 3600}
    inactive = make_type(organisation=clinic.organisation, doctors=[clinic.doctor], is_active=False)
    idle = make_doctor(organisation=clinic.organisation)
    other = make_clinic(name="Elsewhere")
    empty: dict[str, Any] = {"data": [], "next_available_at": None}

    assert slots(clinic, **ask, appointment_type_uid=inactive.uid).json() == empty
    assert slots(clinic, **ask, doctor_uid=idle.uid).json() == empty
    for foreign in (
        {"appointment_type_uid": other.kind.uid},
        {"appointment_type_uid": "at-none"},
        {"doctor_uid": other.doctor.uid},
        {"doctor_uid": "doc-none"},
    ):
        response = slots(clinic, **ask, **foreign)
        assert (response.status_code, response.json()) == (404, ABSENT), foreign


def test_a_stopped_doctor_has_no_slots_and_no_next_start(clinic: Clinic) -> None:
    BookingStop.objects.create(
        organisation=clinic.organisation,
        doctor=clinic.doctor,
        reason="On leave",
        created_at=utc_now(),
    )
    start = to_epoch(on_the_grid(timedelta(hours=5)))

    body = slots(clinic, from_=start, to=start + 3600, doctor_uid=clinic.doctor.uid).json()

    assert body == {"data": [], "next_available_at": None}


def test_a_range_is_up_to_31_days_and_2_hours(clinic: Clinic) -> None:
    start = to_epoch(on_the_grid(timedelta(hours=5)))

    longest = slots(clinic, from_=start, to=start + LONGEST_RANGE_SECONDS)
    too_long = slots(clinic, from_=start, to=start + LONGEST_RANGE_SECONDS + 1)
    empty = slots(clinic, from_=start, to=start)

    assert len(longest.json()["data"]) == LONGEST_RANGE_SECONDS // HALF_HOUR
    assert too_long.status_code == 400
    assert "31 days and 2 hours" in too_long.json()["errors"]["to"][0]
    assert empty.status_code == 400
    assert set(empty.json()["errors"]) == {"to"}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "from and to"),
        ({"from": "0"}, "from and to"),
        ({"to": "60"}, "from and to"),
    ],
)
def test_a_missing_range_is_named_in_the_documented_words(
    clinic: Clinic, query: dict[str, str], text: str
) -> None:
    response = slots(clinic, **query)

    assert response.status_code == 400
    body = response.json()
    assert body["error"] == f"Missing required parameters: {text}"
    assert body["code"] == "validation_error"
    assert set(body["errors"]) == {"from", "to"} - set(query)


def test_a_missing_parameter_reads_the_same_beside_other_faults(clinic: Clinic) -> None:
    answer = Client().get(f"{BASE}/appointment-types", {"limit": "many"})

    assert answer.json()["errors"] == {
        "shop_uid": ["This parameter is required."],
        "limit": ["This must be an integer."],
    }
