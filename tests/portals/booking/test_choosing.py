"""Type, doctor or any, day and time: one step after the other, without those that have one choice."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from common.local_time import in_words
from organisations.models import Doctor
from portals.booking.access import ACCESS_QUERIES
from tests.appointments.clinic import START, Clinic, make_clinic
from tests.factories import NOW, make_doctor, make_type

from .conftest import SetNow
from .front import Shop, Visitor, launched

MINUTE = timedelta(minutes=1)
SLOTS = re.compile(r'<button class="slot" name="at" value="(\d+)"')


def times_on(page: str) -> list[int]:
    """The starts in the list of the day, without those a note names."""
    return [int(at) for at in SLOTS.findall(page.partition('id="times"')[2])]


def text_of(visitor: Visitor, **query: str) -> str:
    answer = visitor.choose(**query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_with_several_types_the_type_comes_first(visitor: Visitor, clinic: Clinic) -> None:
    other = make_type(organisation=clinic.organisation, doctors=clinic.doctors, name="Follow-up")
    make_type(organisation=clinic.organisation, doctors=[], name="Nobody offers this")

    page = text_of(visitor)

    assert "What is it about?" in page
    assert f'href="/book/choose?type={other.uid}"' in page
    assert "Nobody offers this" not in page


def test_with_one_type_and_several_doctors_the_doctor_comes_first(
    visitor: Visitor, clinic: Clinic, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(ACCESS_QUERIES + 2):  # types, doctors
        page = text_of(visitor)

    assert "Who would you like to see?" in page
    assert 'href="/book/choose?doctor=any"' in page
    assert f'href="/book/choose?doctor={clinic.doctors[1].uid}"' in page


def test_with_one_type_and_one_doctor_the_times_come_at_once(clock: SetNow, db: None) -> None:
    visitor = launched(Shop(make_clinic(), NOW).code())

    page = text_of(visitor)

    assert "When suits you?" in page
    assert times_on(page)
    assert ">Doctor<" not in page


def test_the_times_cost_a_handful_of_queries_however_many_doctors(
    visitor: Visitor, clinic: Clinic, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        with django_assert_num_queries(ACCESS_QUERIES + 5):  # types, doctors, three for the slots
            page = text_of(visitor, doctor="any")
        doctor = clinic.new_doctor()
        clinic.kind.offers.create(organisation=clinic.organisation, doctor=doctor)

    # Each once, from 09:30 in Berlin till midnight.
    assert len(times_on(page)) == len(set(times_on(page))) == 29


def test_a_link_may_preset_type_doctor_and_day(visitor: Visitor, clinic: Clinic) -> None:
    make_type(organisation=clinic.organisation, doctors=clinic.doctors, name="Follow-up")
    doctor = clinic.doctors[1]

    page = text_of(visitor, type=clinic.kind.uid, doctor=doctor.uid, day="2027-04-07")

    assert "Wednesday, 7 April 2027" in page
    assert doctor.display_name in page


def test_presets_that_are_not_offered_are_as_if_never_asked(
    visitor: Visitor, clinic: Clinic
) -> None:
    foreign = make_clinic()

    assert "Who would you like to see?" in text_of(visitor, type="at-1", doctor="doc-1", day="x")
    assert "Who would you like to see?" in text_of(
        visitor, type=foreign.kind.uid, doctor=foreign.doctor.uid
    )
    for query in (
        {"day": "9999-12-31"},
        {"month": "0001-01"},
        {"month": "\0"},
        {"day": "2027-02-30"},
    ):
        assert "When suits you?" in text_of(visitor, doctor="any", **query)


def test_where_nothing_is_offered_the_page_says_so(visitor: Visitor) -> None:
    Doctor.objects.update(is_active=False)

    assert "Nothing can be booked here at the moment." in text_of(visitor)


def test_choosing_a_time_holds_it_and_leads_to_the_details(
    visitor: Visitor, clinic: Clinic
) -> None:
    answer = visitor.hold(clinic.kind, START)

    held = visitor.held()
    assert answer.headers["Location"] == f"/book/details/{held.uid}?doctor=any"
    assert (held.status, held.starts_at, held.patient) == (Status.HELD, START, visitor.patient)
    assert held.transitions.get().actor_kind == "patient"
    assert held.transitions.get().actor_label == "Patient"


def test_who_was_overtaken_reads_which_times_are_nearest(visitor: Visitor, clinic: Clinic) -> None:
    for doctor in clinic.doctors:
        clinic.book(START, doctor=doctor)

    answer = visitor.hold(clinic.kind, START)

    assert answer.status_code == 302
    page = str(visitor.client.get(answer.headers["Location"]).content.decode())
    note, _, rest = page.partition('id="times"')
    assert "Monday, 1 March 2027, 15:00 (Europe/Berlin, CET) has just been taken." in note
    near = [int(at) - int(START.timestamp()) for at in SLOTS.findall(note)]
    assert near == [-1800, 1800, 3600] or near == [-3600, -1800, 1800]
    assert "Monday, 1 March 2027</h2>" in rest


@pytest.mark.parametrize(
    "posted",
    [{}, {"at": "x"}, {"at": "\0"}, {"at": "99999999999999999999"}, {"at": "-1"}, {"doctor": "\0"}],
)
def test_a_time_that_is_none_leads_back_to_the_times(
    visitor: Visitor, clinic: Clinic, posted: dict[str, str]
) -> None:
    data = {"type": clinic.kind.uid, "doctor": "any", **posted}

    answer = visitor.client.post(reverse("booking:hold"), data)

    assert answer.status_code == 302
    assert "problem=choose" in answer.headers["Location"]
    assert not Appointment.objects.exists()


def test_a_time_that_was_never_offered_cannot_be_held(visitor: Visitor, clinic: Clinic) -> None:
    answer = visitor.hold(clinic.kind, START + timedelta(minutes=7))

    assert "problem=slot_taken" in answer.headers["Location"]
    assert not Appointment.objects.exists()


def test_another_time_gives_the_first_one_back(visitor: Visitor, clinic: Clinic) -> None:
    visitor.hold(clinic.kind, START)
    first = visitor.held()
    page = text_of(visitor, doctor="any")
    assert (
        f"<strong>{in_words(START, clinic.organisation.timezone)}</strong> with {first.doctor}"
        in page
    )
    assert "is reserved for you until" in page
    assert f'href="/book/details/{first.uid}?doctor=any"' in page

    visitor.hold(clinic.kind, START + 30 * MINUTE)

    first.refresh_from_db()
    assert (first.status, first.cancelled_by) == (Status.CANCELLED, "patient")
    assert visitor.held().starts_at == START + 30 * MINUTE


def test_who_is_overtaken_at_another_time_keeps_the_first_one(
    visitor: Visitor, clinic: Clinic
) -> None:
    visitor.hold(clinic.kind, START)
    first = visitor.held()
    for doctor in clinic.doctors:
        clinic.book(START + 60 * MINUTE, doctor=doctor)

    answer = visitor.hold(clinic.kind, START + 60 * MINUTE)

    first.refresh_from_db()
    assert first.status == Status.HELD
    page = visitor.client.get(answer.headers["Location"]).content
    assert b"has just been taken" in page
    assert b"is reserved for you until" in page


def test_the_same_time_pressed_twice_is_held_once(visitor: Visitor, clinic: Clinic) -> None:
    visitor.hold(clinic.kind, START, clinic.doctor.uid)
    visitor.hold(clinic.kind, START, clinic.doctor.uid)

    assert Appointment.objects.filter(status=Status.HELD).count() == 1


def test_a_hold_that_the_shop_made_for_the_patient_is_left_alone(
    visitor: Visitor, clinic: Clinic
) -> None:
    theirs = clinic.hold(START + 60 * MINUTE, patient=visitor.patient)

    visitor.hold(clinic.kind, START)

    theirs.refresh_from_db()
    assert theirs.status == Status.HELD


def test_holds_are_bounded(visitor: Visitor, clinic: Clinic, settings: Settings) -> None:
    settings.MAX_ACTIVE_HOLDS_PER_PATIENT = 1
    clinic.hold(START + 60 * MINUTE, patient=visitor.patient)

    answer = visitor.hold(clinic.kind, START)

    page = visitor.client.get(answer.headers["Location"]).content
    assert b"Several times are reserved for you already." in page


def test_an_own_appointment_at_that_time_is_named(visitor: Visitor, clinic: Clinic) -> None:
    clinic.book(START, patient=visitor.patient, doctor=clinic.doctors[0])

    answer = visitor.hold(clinic.kind, START)

    page = visitor.client.get(answer.headers["Location"]).content
    assert b"You already have an appointment at that time: Monday, 1 March 2027, 15:00" in page


def test_the_zone_is_the_browsers_then_the_profiles_then_the_organisations(shop: Shop) -> None:
    browser = launched(shop.code("c1"), zone="Asia/Tokyo")
    profile = launched(shop.code("c2", timezone="Europe/Lisbon"))
    nobody = launched(shop.code("c3"))

    assert "Times in Asia/Tokyo, JST" in text_of(browser, doctor="any")
    assert "Times in Europe/Lisbon, WET" in text_of(profile, doctor="any")
    assert "Times in Europe/Berlin, CET" in text_of(nobody, doctor="any")


def test_the_zone_can_be_changed_and_leads_back_to_the_same_day(visitor: Visitor) -> None:
    page = str(visitor.client.get(reverse("booking:zone")).content.decode())
    assert '<option value="Europe/Berlin" selected>' in page
    assert "Etc/GMT" not in page

    url = reverse("booking:zone") + "?doctor=any&day=2027-03-05&problem=x"
    answer = visitor.client.post(url, {"timezone": "America/New_York"})

    assert answer.headers["Location"] == "/book/choose?doctor=any&day=2027-03-05"
    assert "Times in America/New_York, EST" in text_of(visitor, doctor="any")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "\0", "../../etc/passwd"])
def test_what_is_no_zone_changes_nothing(visitor: Visitor, zone: str) -> None:
    visitor.client.post(reverse("booking:zone"), {"timezone": zone})

    assert "Times in Europe/Berlin" in text_of(visitor, doctor="any")


def test_shop_contact_privacy_notice_and_imprint_are_on_every_page(
    visitor: Visitor, clinic: Clinic
) -> None:
    clinic.shop.privacy_notice_url = "https://shop.example/privacy"
    clinic.shop.imprint_url = "https://shop.example/imprint"
    clinic.shop.save()
    visitor.hold(clinic.kind, START)
    held = visitor.held()
    paths = ["/book/choose", "/book/choose?doctor=any", "/book/zone", f"/book/details/{held.uid}"]
    visitor.confirm(held)
    paths[-1] = f"/book/done/{held.uid}"

    for path in paths:
        page = visitor.client.get(path).content.decode()
        for words in ("Northside Shop", "hello@shop.example", "/privacy", "/imprint", "/account"):
            assert words in page, (path, words)


def test_a_type_that_was_switched_off_meanwhile_holds_nothing(
    visitor: Visitor, clinic: Clinic
) -> None:
    AppointmentType.objects.update(is_active=False)
    make_doctor(organisation=clinic.organisation)

    answer = visitor.hold(clinic.kind, START)

    assert "problem=choose" in answer.headers["Location"]


def test_of_very_many_times_all_but_the_first_part_of_the_day_are_folded(
    clock: SetNow, db: None
) -> None:
    clinic = make_clinic(slot_interval_minutes=15)
    day = {"day": (NOW + timedelta(days=1)).date().isoformat()}
    page = text_of(launched(Shop(clinic, NOW).code()), **day)

    assert len(times_on(page)) == 24 * 4
    assert page.count('<section class="day-part">') == 1
    assert page.count('<details class="day-part">') == 3
    assert "24 free times" in page

    few = text_of(launched(Shop(make_clinic(), NOW).code()), **day)
    assert "<details" not in few
