"""The last step: what was typed is kept, the visit is booked once, and going back gives the time back."""

from copy import deepcopy
from datetime import date, timedelta

import pytest
from django.urls import reverse
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries

from appointments.models import Appointment
from appointments.status import Status
from booking_secrets.models import BookingSession
from notifications.models import Delivery
from organisations.models import Patient
from portals.booking.access import ACCESS_QUERIES, COOKIE
from tests.appointments.clinic import START, Clinic
from tests.factories import NOW
from tests.standing import Stand, patched

from .by_link import path_of
from .conftest import SetNow, it_is
from .front import Shop, Visitor, launched

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def standing_held(stand: Stand, standing_shop: Shop, standing_visitor: Visitor) -> Appointment:
    def build(monkeypatch: pytest.MonkeyPatch) -> Appointment:
        it_is(NOW, monkeypatch)
        visitor = deepcopy(standing_visitor)
        visitor.hold(standing_shop.clinic.kind, START)
        return visitor.held()

    return stand(patched(build))


@pytest.fixture
def held(visitor: Visitor, standing_held: Appointment) -> Appointment:
    """The visitor's, who is customer 1; whoever has not been there yet is another one."""
    return deepcopy(standing_held)


def page_of(visitor: Visitor, held: Appointment, query: str = "") -> str:
    answer = visitor.client.get(reverse("booking:details", args=[held.uid]) + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_form_is_filled_from_the_token_and_says_until_when_the_time_is_reserved(
    visitor: Visitor, held: Appointment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(ACCESS_QUERIES + 3):  # the visit, and what is offered: two
        page = page_of(visitor, held)

    assert 'name="first_name" value="Paula"' in page
    assert 'value="paula@patients.example"' in page
    assert "Monday, 1 March 2027<br>15:00 (Europe/Berlin, CET)" in page
    assert "Reserved for you until 09:15" in page
    assert 'data-countdown="900"' in page
    assert "could not be used" not in page


def test_what_the_shop_sent_in_vain_is_said_beside_the_field(shop: Shop, clinic: Clinic) -> None:
    visitor = launched(
        shop.code("customer-2", email="paula(at)patients", first_name="Paula", tier="gold")
    )
    visitor.hold(clinic.kind, START)

    page = page_of(visitor, visitor.held())

    words = "What Northside Shop sent for this could not be used. Please check it."
    assert page.count(words) == 1
    assert page.index("E-mail address") < page.index(words) < page.index('name="email"')


def test_booking_confirms_keeps_the_details_and_the_zone_and_tells_the_patient(
    shop: Shop, clinic: Clinic, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    visitor = launched(shop.code("customer-2"), zone="Europe/Lisbon")
    visitor.hold(clinic.kind, START)

    with django_assert_max_num_queries(24):
        answer = visitor.confirm(
            visitor.held(), email="new@patients.example", date_of_birth="1990-05-01"
        )

    visit, patient = visitor.held(), Patient.objects.get(pk=visitor.patient.pk)
    assert answer.headers["Location"] == f"/book/done/{visit.uid}"
    assert visit.status == Status.CONFIRMED
    assert (patient.email, patient.timezone) == ("new@patients.example", "Europe/Lisbon")
    assert patient.date_of_birth == date(1990, 5, 1)
    mail = Delivery.objects.get(recipient_group="patient")
    assert mail.address == "new@patients.example"
    assert BookingSession.objects.latest("pk").typed == {}


def test_booking_twice_books_once_and_leads_to_the_same_visit(
    visitor: Visitor, held: Appointment
) -> None:
    first = visitor.confirm(held)
    second = visitor.confirm(held, first_name="Somebody else")

    assert first.headers["Location"] == second.headers["Location"] == f"/book/done/{held.uid}"
    assert Appointment.objects.count() == 1
    assert held.transitions.count() == 2
    assert Delivery.objects.filter(recipient_group="patient").count() == 1
    assert Patient.objects.get(pk=visitor.patient.pk).first_name == "Paula"


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("first_name", "", "Please fill this in."),
        ("last_name", "x" * 300, "Enter a name of at most 200 characters."),
        ("email", "paula(at)patients", "Enter an e-mail address such as name@example.com."),
        ("phone", "call me", "Enter a phone number such as"),
        ("date_of_birth", "31.12.2099", "Enter a date in the past"),
        ("first_name", "x" * 3000, "at most 500 characters"),
    ],
)
def test_what_cannot_be_used_is_said_beside_the_field_and_stays(
    visitor: Visitor, held: Appointment, field: str, typed: str, words: str
) -> None:
    answer = visitor.confirm(held, **{"phone": "030 901820", field: typed})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert f'value="{typed[:500]}' in page or not typed
    assert Appointment.objects.get().status == Status.HELD
    assert Patient.objects.get(pk=visitor.patient.pk).phone == ""


def test_all_that_is_wrong_is_said_at_once(visitor: Visitor, held: Appointment) -> None:
    page = visitor.confirm(held, first_name="", email="paula(at)patients").content.decode()

    assert "Please fill this in." in page
    assert "Enter an e-mail address such as name@example.com." in page
    assert Appointment.objects.get().status == Status.HELD


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "<script>alert(1)</script>"])
def test_odd_characters_are_no_error_of_ours(
    visitor: Visitor, held: Appointment, text: str
) -> None:
    url = reverse("booking:details", args=[held.uid])
    body = f"first_name={text}&last_name=P&email=x".encode("utf-8", "surrogatepass")

    answer = visitor.client.post(url, body, "application/x-www-form-urlencoded")

    assert answer.status_code == 422
    assert b"<script>alert" not in answer.content


def test_what_was_typed_holds_until_the_shops_value_changes(
    shop: Shop, visitor: Visitor, held: Appointment, clinic: Clinic
) -> None:
    visitor.confirm(held, last_name="Married")

    def last_name_after(sent: str) -> str:
        again = launched(shop.code(last_name=sent))
        again.hold(clinic.kind, START + 60 * MINUTE)
        page = page_of(again, again.held())
        again.release(again.held())
        return page.partition('name="last_name" value="')[2].partition('"')[0]

    assert last_name_after("Patient") == "Married"
    assert last_name_after("Remarried") == "Remarried"


def test_going_back_gives_the_time_back_and_keeps_what_was_typed(
    visitor: Visitor, held: Appointment, clinic: Clinic
) -> None:
    answer = visitor.release(held, "?doctor=any", first_name="Pauline", email="not yet")

    kind = clinic.kind.uid
    assert answer.headers["Location"] == f"/book/choose?type={kind}&doctor=any&day=2027-03-01"
    held.refresh_from_db()
    assert (held.status, held.cancelled_by) == (Status.CANCELLED, "patient")
    visitor.hold(clinic.kind, START)
    page = page_of(visitor, visitor.held())
    assert 'name="first_name" value="Pauline"' in page
    assert 'value="not yet"' in page


def test_going_back_never_cancels_what_is_booked(visitor: Visitor, held: Appointment) -> None:
    """The button was pressed while the confirmation was on its way."""
    visitor.confirm(held)

    answer = visitor.release(held)

    assert answer.headers["Location"] == f"/book/done/{held.uid}"
    assert visitor.held().status == Status.CONFIRMED


def test_a_hold_that_ran_out_keeps_what_was_typed_and_offers_fresh_times(
    visitor: Visitor, held: Appointment, clinic: Clinic, clock: SetNow
) -> None:
    clock(NOW + 15 * MINUTE)

    answer = visitor.confirm(held, first_name="Pauline", phone="030")

    assert "problem=ran_out" in answer.headers["Location"]
    page = visitor.client.get(answer.headers["Location"]).content.decode()
    assert "What you typed is kept: choose a time, and go on." in page
    assert f'name="at" value="{int(START.timestamp())}"' in page
    visitor.hold(clinic.kind, START)
    assert 'name="first_name" value="Pauline"' in page_of(visitor, visitor.held())
    assert visitor.confirm(visitor.held()).headers["Location"].startswith("/book/done/")


def test_the_countdowns_end_gives_the_time_back_and_never_books(
    visitor: Visitor, held: Appointment
) -> None:
    """The browser's clock may be a little ahead of ours."""
    answer = visitor.release(held, ran_out="1", first_name="Pauline")

    assert "problem=ran_out" in answer.headers["Location"]
    assert visitor.held().status == Status.CANCELLED


def test_the_session_outlives_the_hold(clinic: Clinic, shop: Shop, clock: SetNow) -> None:
    clinic.kind.hold_ttl_seconds = 3600
    clinic.kind.save()
    visitor = launched(shop.code("customer-2"))
    answer = visitor.hold(clinic.kind, START)
    assert answer.cookies[COOKIE]["max-age"] == 70 * 60

    clock(NOW + 59 * MINUTE)

    assert visitor.confirm(visitor.held()).headers["Location"].startswith("/book/done/")


def test_an_own_visit_booked_meanwhile_is_said_and_the_time_given_back(
    visitor: Visitor, held: Appointment, clinic: Clinic
) -> None:
    other = clinic.new_doctor()
    kind = clinic.kind
    kind.offers.create(organisation=clinic.organisation, doctor=other)
    Appointment.objects.filter(pk=held.pk).update(starts_at=START)
    elsewhere = clinic.hold(START, patient=visitor.patient, doctor=other)
    visitor.confirm(elsewhere)

    answer = visitor.confirm(held)

    assert "problem=patient_already_booked" in answer.headers["Location"]
    held.refresh_from_db()
    assert held.status == Status.CANCELLED


def test_done_says_when_where_how_and_until_when_it_can_be_changed(
    visitor: Visitor, held: Appointment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visitor.confirm(held)

    with django_assert_num_queries(ACCESS_QUERIES + 1):  # the visit
        page = visitor.client.get(f"/book/done/{held.uid}").content.decode()

    assert "Monday, 1 March 2027<br>15:00 (Europe/Berlin, CET)" in page
    assert held.doctor.display_name in page
    assert "You can join from 10 minutes before the start." in page
    assert (
        "You can move or cancel it until Monday, 1 March 2027, 14:00 (Europe/Berlin, CET)." in page
    )
    assert f'href="{path_of(held)}"' in page
    assert f'href="{path_of(held, "appointment.ics")}"' in page
    ics = visitor.client.get(path_of(held, "appointment.ics")).content
    (event,) = Calendar.from_ical(ics).walk("VEVENT")
    assert event.decoded("dtstart") == START


def test_done_of_what_is_not_booked_leads_to_where_it_is(
    visitor: Visitor, held: Appointment, clinic: Clinic
) -> None:
    done = f"/book/done/{held.uid}"
    assert visitor.client.get(done).headers["Location"] == "/book/choose"
    visitor.confirm(held)
    Appointment.objects.update(status=Status.CANCELLED, cancelled_at=NOW, cancelled_by="patient")

    assert visitor.client.get(done).headers["Location"] == path_of(held)


def test_a_shop_whose_partner_tells_the_patients_is_named_for_it(
    visitor: Visitor, held: Appointment, clinic: Clinic
) -> None:
    clinic.shop.partner_tells_patients = True
    clinic.shop.save()
    visitor.confirm(held)

    page = visitor.client.get(f"/book/done/{held.uid}").content

    assert b"Northside Shop will send you a confirmation." in page
