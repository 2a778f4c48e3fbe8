"""The doctors' list and one doctor's page, through the client."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from appointments.models import Appointment, AppointmentType
from availability.models import AvailabilityOverride, BookingStop, TimeOff
from organisations.models import Doctor, Organisation, Shop
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from reminders.models import ReminderRule
from tests import factories

LIST_QUERIES = 3  # the tabs' counts, the doctors, their types
DETAIL_QUERIES = (
    10  # doctor, types, windows, dates, time off, stop, counts, visits, their hours, changes
)
FRAME = ACCESS_QUERIES + LAYOUT_QUERIES
TOMORROW = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)


@pytest.fixture
def doctor(clinic: Organisation) -> Doctor:
    return factories.make_doctor(organisation=clinic, timezone="America/New_York")


@pytest.fixture
def kind(clinic: Organisation, doctor: Doctor) -> AppointmentType:
    return factories.make_type(organisation=clinic, doctors=[doctor])


@pytest.fixture
def shop(clinic: Organisation) -> Shop:
    return factories.make_shop(organisation=clinic)


def page_of(doctor: Doctor) -> str:
    return reverse("clinic:doctor", args=[doctor.uid])


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def booked(kind: AppointmentType, doctor: Doctor, shop: Shop, starts_at: datetime) -> Appointment:
    patient = factories.make_patient(shop=shop)
    return factories.make_appointment(
        patient=patient, doctor=doctor, appointment_type=kind, starts_at=starts_at
    )


def names_in(client: Client, query: str = "") -> list[str]:
    page = client.get(reverse("clinic:doctors") + query).context["doctors"]
    return [doctor.display_name for doctor in page.rows]


def text_rule(kind: AppointmentType) -> ReminderRule:
    return ReminderRule.objects.create(
        organisation=kind.organisation,
        appointment_type=kind,
        recipient_group="doctor",
        minutes_before=60,
        send_sms=True,
        created_at=factories.NOW,
    )


class TestList:
    def test_active_doctors_come_first_then_by_name(
        self, admin: Client, clinic: Organisation
    ) -> None:
        for name, is_active in (("Dr B", True), ("Dr A", False), ("dr a", True)):
            factories.make_doctor(organisation=clinic, display_name=name, is_active=is_active)
        assert names_in(admin) == ["dr a", "Dr B", "Dr A"]

    def test_each_tab_holds_who_needs_something(
        self, admin: Client, clinic: Organisation, doctor: Doctor, kind: AppointmentType
    ) -> None:
        reached = factories.make_doctor(
            organisation=clinic, display_name="Dr Reached", mobile_phone="+4915112345678"
        )
        gone = factories.make_doctor(organisation=clinic, display_name="Dr Gone", is_active=False)
        kind.doctors.add(reached, gone, through_defaults={"organisation": clinic})
        text_rule(kind)
        factories.make_window(doctor=reached)
        BookingStop.objects.create(
            organisation=clinic, doctor=reached, reason="Ill", created_by="Ada",
            created_at=factories.NOW,
        )  # fmt: skip
        assert names_in(admin, "?show=no-windows") == ["Dr Jane Hill"]
        assert names_in(admin, "?show=no-number") == ["Dr Jane Hill"]
        assert names_in(admin, "?show=stopped") == ["Dr Reached"]
        tabs = admin.get(reverse("clinic:doctors")).context["tabs"]
        assert [(tab.label, tab.count) for tab in tabs] == [
            ("All", 3),
            ("No hours", 1),
            ("No mobile number", 1),
            ("Stopped", 1),
        ]

    def test_a_number_is_missing_only_where_a_living_rule_texts_the_doctor(
        self, admin: Client, doctor: Doctor, kind: AppointmentType
    ) -> None:
        rule = text_rule(kind)
        assert names_in(admin, "?show=no-number") == [doctor.display_name]
        ReminderRule.objects.filter(pk=rule.pk).update(deleted_at=factories.NOW)
        assert names_in(admin, "?show=no-number") == []

    def test_no_number_is_missing_of_a_doctor_who_wants_no_text_messages(
        self, admin: Client, doctor: Doctor, kind: AppointmentType
    ) -> None:
        text_rule(kind)
        Doctor.objects.filter(pk=doctor.pk).update(declined_notices=["reminder_email"])
        assert names_in(admin, "?show=no-number") == [doctor.display_name]
        Doctor.objects.filter(pk=doctor.pk).update(declined_notices=["reminder_sms"])
        assert names_in(admin, "?show=no-number") == []

    def test_a_stop_that_is_over_stops_nobody(
        self, admin: Client, clinic: Organisation, doctor: Doctor
    ) -> None:
        BookingStop.objects.create(
            organisation=clinic, doctor=doctor, reason="Ill", created_by="Ada",
            created_at=factories.NOW - timedelta(days=4000), until=datetime(2020, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        assert names_in(admin, "?show=stopped") == []

    def test_an_unknown_tab_shows_all(self, admin: Client, doctor: Doctor) -> None:
        assert names_in(admin, "?show=%00'") == [doctor.display_name]

    def test_an_empty_clinic_says_who_adds_doctors(self, admin: Client) -> None:
        assert "The RxScale team adds your doctors" in text_of(admin, reverse("clinic:doctors"))

    def test_it_pages_by_name_without_missing_a_doctor(
        self, admin: Client, clinic: Organisation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(60):
            factories.make_doctor(
                organisation=clinic, display_name=f"Dr {'é' * 60} {number:02}", with_room=False
            )
        first = admin.get(reverse("clinic:doctors")).context["doctors"]
        second = admin.get(reverse("clinic:doctors") + first.next_url).context["doctors"]
        assert len({row.uid for row in (*first.rows, *second.rows)}) == 60

    @pytest.mark.parametrize("number", [1, 3])
    def test_its_queries_do_not_grow(
        self,
        admin: Client,
        clinic: Organisation,
        number: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        doctors = [factories.make_doctor(organisation=clinic) for _ in range(number)]
        factories.make_type(organisation=clinic, doctors=doctors)
        with django_assert_num_queries(FRAME + LIST_QUERIES):
            admin.get(reverse("clinic:doctors"))


class TestDetail:
    @pytest.mark.parametrize("number", [1, 3])
    def test_its_queries_do_not_grow(
        self,
        admin: Client,
        doctor: Doctor,
        kind: AppointmentType,
        shop: Shop,
        number: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for index in range(number):
            factories.make_window(doctor=doctor, weekday=index)
            factories.make_type(organisation=kind.organisation, doctors=[doctor])
            booked(kind, doctor, shop, TOMORROW + timedelta(days=7 * index))
        with django_assert_num_queries(FRAME + DETAIL_QUERIES):
            admin.get(page_of(doctor))

    def test_the_week_is_shown_and_nothing_on_the_page_edits_it(
        self, admin: Client, doctor: Doctor
    ) -> None:
        factories.make_window(doctor=doctor, start="09:00", end="12:30")
        text = text_of(admin, page_of(doctor))
        assert "09:00–12:30" in text
        assert "3 h 30 min a week" in text
        assert "Only Dr Jane Hill changes them" in text
        assert 'action="/admin/doctors/' not in text.replace("/stop/", "")

    def test_time_off_is_shown_without_its_note(
        self, admin: Client, clinic: Organisation, doctor: Doctor
    ) -> None:
        day = TOMORROW.date()
        TimeOff.objects.create(
            organisation=clinic, doctor=doctor, start_date=day, end_date=day, note="surgery"
        )
        AvailabilityOverride.objects.create(
            organisation=clinic, doctor=doctor, date=day + timedelta(days=1), hours=[[600, 660]]
        )
        AvailabilityOverride.objects.create(
            organisation=clinic, doctor=doctor, date=day - timedelta(days=30), hours=[[601, 662]]
        )
        text = text_of(admin, page_of(doctor))
        assert "Time off" in text
        assert "10:00–11:00" in text
        assert "10:01" not in text
        assert "surgery" not in text

    def test_visits_outside_the_hours_are_listed_with_links(
        self, admin: Client, doctor: Doctor, kind: AppointmentType, shop: Shop
    ) -> None:
        visit = booked(kind, doctor, shop, TOMORROW)
        text = text_of(admin, page_of(doctor))
        assert "1 visit outside the hours" in text
        assert reverse("clinic:appointment", args=[visit.uid]) in text
        factories.open_all_week(doctor)
        assert "outside the hours" not in text_of(admin, page_of(doctor))

    def test_the_counts_lead_to_the_filtered_list(
        self, admin: Client, doctor: Doctor, kind: AppointmentType, shop: Shop
    ) -> None:
        booked(kind, doctor, shop, TOMORROW + timedelta(days=3))
        response = admin.get(page_of(doctor))
        visits = response.context["profile"].visits
        assert (visits.today, visits.upcoming) == (0, 1)
        query = f"?doctor={doctor.uid}"
        assert f'{reverse("clinic:appointments")}{query}"' in response.content.decode()
        listed = admin.get(reverse("clinic:appointments") + query)
        assert listed.status_code == 200

    def test_the_room_is_described_and_never_named(self, admin: Client, doctor: Doctor) -> None:
        text = text_of(admin, page_of(doctor))
        assert "Persistent per provider" in text
        assert doctor.meeting_room.name not in text

    def test_a_doctor_without_a_room_and_an_address_has_a_page(
        self, admin: Client, clinic: Organisation
    ) -> None:
        bare = factories.make_doctor(organisation=clinic, email="", with_room=False)
        text = text_of(admin, page_of(bare))
        assert "The room is made with the first visit" in text
        assert "mailto:" not in text

    def test_the_mail_to_the_doctor_names_no_patient(
        self, admin: Client, doctor: Doctor, kind: AppointmentType, shop: Shop
    ) -> None:
        booked(kind, doctor, shop, TOMORROW)
        text = text_of(admin, page_of(doctor))
        assert "mailto:jane.hill@clinic.example?subject=Your%20availability" in text
        assert "Paula" not in text

    def test_the_last_change_names_who_did_it(self, admin: Client, doctor: Doctor) -> None:
        admin.post(page_of(doctor) + "mobile-phone/", {"mobile_phone": "+49 151 12345678"})
        changes = admin.get(page_of(doctor)).context["profile"].changes
        assert [(change.what, change.detail, change.by) for change in changes] == [
            ("Contact changed", "mobile phone number", "Ada Admin")
        ]

    @pytest.mark.parametrize("route", ["doctor", "doctor-phone", "doctor-stop"])
    def test_another_clinics_doctor_is_as_absent_as_none(
        self, stranger: Client, admin: Client, doctor: Doctor, route: str
    ) -> None:
        foreign = stranger.get(reverse(f"clinic:{route}", args=[doctor.uid]))
        absent = stranger.get(reverse(f"clinic:{route}", args=["doc-nobody"]))
        assert admin.get(reverse(f"clinic:{route}", args=[doctor.uid])).status_code == 200
        assert (foreign.status_code, absent.status_code) == (404, 404)
        assert foreign.content == absent.content

    def test_operations_see_and_act_and_a_doctor_alone_does_neither(
        self, operations: Client, doctor_only: Client, doctor: Doctor
    ) -> None:
        assert operations.get(page_of(doctor)).status_code == 200
        assert operations.get(page_of(doctor) + "stop/").status_code == 200
        assert doctor_only.get(page_of(doctor)).status_code == 302

    def test_nobody_sees_it_without_signing_in(self, client: Client, doctor: Doctor) -> None:
        assert client.get(page_of(doctor)).status_code == 302

    def test_htmx_gets_the_answer_alone(
        self, admin: Client, doctor: Doctor, kind: AppointmentType
    ) -> None:
        query = f"?type={kind.uid}&date={TOMORROW:%Y-%m-%d}"
        answer = admin.get(page_of(doctor) + query, headers={"HX-Request": "true"})
        assert "<html" not in answer.content.decode()
        assert "No time can be booked." in answer.content.decode()


Ask = Callable[[str], list[str]]


class TestWhyNoSlots:
    @pytest.fixture
    def reasons(self, admin: Client, doctor: Doctor, kind: AppointmentType) -> Ask:
        def ask(day: str) -> list[str]:
            query = f"?type={kind.uid}&date={day}"
            answer = admin.get(page_of(doctor) + query).context["answer"]
            return [reason.text for reason in answer.reasons]

        return ask

    def test_a_day_without_hours(self, reasons: Ask) -> None:
        assert reasons(f"{TOMORROW:%Y-%m-%d}") == [
            "No hours that day in which a visit of 30 minutes has room."
        ]

    def test_a_stop_time_off_and_a_booked_visit(
        self, reasons: Ask, admin: Client, doctor: Doctor, kind: AppointmentType, shop: Shop
    ) -> None:
        day = (TOMORROW + timedelta(days=2)).date()
        factories.open_all_week(doctor)
        TimeOff.objects.create(
            organisation=doctor.organisation, doctor=doctor, start_date=day, end_date=day,
            start_minute=900, end_minute=960,
        )  # fmt: skip
        # Noon in New York, whichever of its offsets holds.
        visit = booked(kind, doctor, shop, datetime(day.year, day.month, day.day, 17, tzinfo=UTC))
        admin.post(page_of(doctor) + "stop/", {"reason": "Ill", "until": ""})
        found = reasons(day.isoformat())
        assert found[:2] == ["New bookings are stopped.", "Time off: 15:00 to 16:00."]
        assert len(found) == 3
        assert found[2].startswith("Booked, with its buffers: 1")
        url = reverse("clinic:appointment", args=[visit.uid])
        answer = admin.get(f"{page_of(doctor)}?type={kind.uid}&date={day}").context["answer"]
        assert answer.reasons[2].url == url
        assert answer.free == []

    def test_a_day_that_is_over_and_one_beyond_the_horizon(
        self, reasons: Ask, doctor: Doctor
    ) -> None:
        factories.open_all_week(doctor)
        past, far = TOMORROW - timedelta(days=9), TOMORROW + timedelta(days=200)
        assert reasons(f"{past:%Y-%m-%d}") == ["Already over: 00:00 to 24:00."]
        (text,) = reasons(f"{far:%Y-%m-%d}")
        assert text == "Too far ahead: 00:00 to 24:00. Bookings open 60 days before."

    def test_a_deactivated_doctor(self, reasons: Ask, doctor: Doctor) -> None:
        Doctor.objects.filter(pk=doctor.pk).update(is_active=False)
        assert reasons(f"{TOMORROW:%Y-%m-%d}") == ["Dr Jane Hill is deactivated."]

    def test_the_times_left_are_the_ones_patients_see(
        self, admin: Client, doctor: Doctor, kind: AppointmentType
    ) -> None:
        day = (TOMORROW + timedelta(days=2)).date()
        factories.make_window(doctor=doctor, weekday=day.weekday(), start="09:00", end="10:30")
        answer = admin.get(f"{page_of(doctor)}?type={kind.uid}&date={day}").context["answer"]
        assert (answer.reasons, answer.free) == ([], ["09:00", "09:30", "10:00"])

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("date", "9999-12-31", "Choose a date within two years."),
            ("date", "0001-01-01", "Choose a date within two years."),
            ("date", "soon", "Enter a date, such as 2027-03-02."),
            ("date", "", "This field is required."),
            ("type", "at-nothing", "Choose one of the types."),
            ("type", "at-\0", "Choose one of the types."),
        ],
    )
    def test_what_cannot_be_used_is_said_beside_the_field(
        self,
        admin: Client,
        doctor: Doctor,
        kind: AppointmentType,
        field: str,
        value: str,
        message: str,
    ) -> None:
        asked = {"type": kind.uid, "date": "2027-03-02", field: value}
        response = admin.get(page_of(doctor), asked)
        assert response.status_code == 200
        assert response.context["why_form"].errors == {field: [message]}
