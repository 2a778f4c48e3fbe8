"""What an admin may do about a doctor: set the mobile number, stop new bookings and lift the stop."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from availability.models import BookingStop
from notifications.models import Delivery
from organisations.models import AuditEntry, Doctor, Membership, Organisation
from tests import factories


@pytest.fixture
def doctor(clinic: Organisation) -> Doctor:
    return factories.make_doctor(organisation=clinic, timezone="America/New_York")


def url(doctor: Doctor, act: str) -> str:
    return reverse(f"clinic:doctor-{act}", args=[doctor.uid])


def changes_told() -> list[object]:
    return [row.context["change"] for row in Delivery.objects.order_by("id")]


class TestMobileNumber:
    def test_it_is_stored_in_one_form_and_leaves_the_prescription_phone(
        self, admin: Client, doctor: Doctor
    ) -> None:
        Doctor.objects.filter(pk=doctor.pk).update(prescription_phone="+4930901820")
        response = admin.post(url(doctor, "phone"), {"mobile_phone": "+49 (151) 1234 5678"})
        assert response.status_code == 302
        doctor.refresh_from_db()
        assert (doctor.mobile_phone, doctor.prescription_phone) == ("+4915112345678", "+4930901820")
        entry = AuditEntry.objects.get(action="doctor.contact_changed")
        assert "151" not in str(entry.details)

    def test_blank_takes_it_away(self, operations: Client, doctor: Doctor) -> None:
        Doctor.objects.filter(pk=doctor.pk).update(mobile_phone="+4915112345678")
        operations.post(url(doctor, "phone"), {"mobile_phone": " "})
        doctor.refresh_from_db()
        assert doctor.mobile_phone == ""

    @pytest.mark.parametrize(
        ("typed", "message"),
        [
            ("0151 12345678", "Enter the number with its country code, beginning with +."),
            ("+1 202", "This number is too short or too long for its country."),
            ("+" + "9" * 70, "Ensure this value has at most 60 characters (it has 71)."),
            ("+49\0", "Null characters are not allowed."),
        ],
    )
    def test_what_is_no_number_is_said_beside_the_field(
        self, admin: Client, doctor: Doctor, typed: str, message: str
    ) -> None:
        response = admin.post(url(doctor, "phone"), {"mobile_phone": typed})
        assert response.status_code == 422
        assert response.context["form"].errors["mobile_phone"] == [message]
        doctor.refresh_from_db()
        assert doctor.mobile_phone == ""

    def test_the_example_is_of_the_shops_country(
        self, admin: Client, clinic: Organisation, doctor: Doctor
    ) -> None:
        factories.make_shop(organisation=clinic, country="GB")
        assert "+44 7400 123456" in admin.get(url(doctor, "phone")).content.decode()

    def test_another_clinics_doctor_cannot_be_changed(
        self, stranger: Client, doctor: Doctor
    ) -> None:
        given = {"mobile_phone": "+4915112345678"}
        assert stranger.post(url(doctor, "phone"), given).status_code == 404
        doctor.refresh_from_db()
        assert doctor.mobile_phone == ""


class TestStop:
    def test_it_says_who_will_be_told_before_and_tells_the_doctor(
        self, admin: Client, doctor: Doctor
    ) -> None:
        page = admin.get(url(doctor, "stop")).content.decode()
        assert "Who will be told" in page
        assert "jane.hill@clinic.example" in page.replace("<wbr>", "")  # where it may break
        assert admin.post(url(doctor, "stop"), {"reason": "Ill", "until": ""}).status_code == 302
        stop = BookingStop.objects.get()
        assert (stop.reason, stop.until, stop.created_by) == ("Ill", None, "Ada Admin")
        assert changes_told() == ["New bookings are stopped until further notice: Ill"]

    def test_until_is_read_in_the_zone_of_the_page(
        self, admin: Client, admin_member: Membership, doctor: Doctor
    ) -> None:
        admin_member.user.timezone = "Asia/Kathmandu"
        admin_member.user.save(update_fields=["timezone"])
        admin.post(url(doctor, "stop"), {"reason": "Ill", "until": "2030-01-02T09:00"})
        assert BookingStop.objects.get().until == datetime(2030, 1, 2, 3, 15, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("reason", "", "This field is required."),
            ("reason", "   ", "This field is required."),
            ("reason", "x" * 501, "Ensure this value has at most 500 characters (it has 501)."),
            ("until", "2020-01-01T10:00", "Choose a time that is still to come."),
            ("until", "0001-01-01T00:00", "Choose a time that is still to come."),
            ("until", "9999-12-31T23:59", "Choose a time within the next ten years, or none."),
            ("until", "soon", "Enter a date and a time, such as 2027-03-02 09:00."),
        ],
    )
    def test_what_cannot_be_used_is_said_beside_the_field(
        self, admin: Client, doctor: Doctor, field: str, value: str, message: str
    ) -> None:
        response = admin.post(url(doctor, "stop"), {"reason": "Ill", "until": "", field: value})
        assert response.status_code == 422
        assert response.context["form"].errors == {field: [message]}
        assert not BookingStop.objects.exists()

    def test_htmx_gets_the_form_back_and_then_is_sent_to_the_page(
        self, admin: Client, doctor: Doctor
    ) -> None:
        htmx = {"HX-Request": "true"}
        refused = admin.post(url(doctor, "stop"), {"reason": ""}, headers=htmx)
        assert "<html" not in refused.content.decode()
        done = admin.post(url(doctor, "stop"), {"reason": "Ill"}, headers=htmx)
        assert done.headers["HX-Redirect"] == reverse("clinic:doctor", args=[doctor.uid])

    def test_a_second_stop_takes_the_place_of_the_first_and_the_form_says_so(
        self, admin: Client, doctor: Doctor
    ) -> None:
        admin.post(url(doctor, "stop"), {"reason": "Ill"})
        assert "takes its place" in admin.get(url(doctor, "stop")).content.decode()
        admin.post(url(doctor, "stop"), {"reason": "Left"})
        assert [stop.reason for stop in BookingStop.objects.filter(lifted_at=None)] == ["Left"]

    def test_it_stands_on_the_doctors_page_until_it_is_lifted(
        self, operations: Client, doctor: Doctor
    ) -> None:
        page = reverse("clinic:doctor", args=[doctor.uid])
        operations.post(url(doctor, "stop"), {"reason": "Sabbatical"})
        assert "Sabbatical" in operations.get(page).content.decode()
        answer = operations.post(url(doctor, "lift"), follow=True)
        assert "New bookings are possible again." in answer.content.decode()
        assert "Sabbatical" not in answer.content.decode()
        assert changes_told()[1:] == ["New bookings are possible again"]

    def test_lifting_what_is_lifted_already_is_said_and_tells_nobody(
        self, admin: Client, doctor: Doctor
    ) -> None:
        answer = admin.post(url(doctor, "lift"), follow=True)
        assert "were not stopped any more" in answer.content.decode()
        assert changes_told() == []

    def test_a_get_lifts_nothing(self, admin: Client, doctor: Doctor) -> None:
        assert admin.get(url(doctor, "lift")).status_code == 405

    def test_another_clinics_doctor_cannot_be_stopped(
        self, stranger: Client, doctor: Doctor
    ) -> None:
        for act in ("stop", "lift"):
            assert stranger.post(url(doctor, act), {"reason": "Ill"}).status_code == 404
        assert not BookingStop.objects.exists()

    def test_a_doctor_without_an_address_is_named_as_not_told(
        self, admin: Client, clinic: Organisation
    ) -> None:
        silent = factories.make_doctor(organisation=clinic, email="")
        page = admin.get(url(silent, "stop")).content.decode()
        assert "not told: no e-mail address" in page
        admin.post(url(silent, "stop"), {"reason": "Ill"})
        assert Delivery.objects.get().reason == "no e-mail address"
