"""Appointment types: the list, the rules read-only, whom each reminder reaches, the previews."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from appointments.models import AppointmentType
from notifications.models import Delivery, DeliveryState, EventType, NotificationSubscription
from organisations.models import AuditEntry, Doctor, Membership, Organisation
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from reminders.models import ReminderRule
from tests import factories

FRAME = ACCESS_QUERIES + LAYOUT_QUERIES
LIST_QUERIES = 1
DETAIL_QUERIES = (
    8  # type, doctors, rules, last change; doctors, admins, subscriptions, patients reached
)


@pytest.fixture
def doctor(clinic: Organisation) -> Doctor:
    return factories.make_doctor(organisation=clinic)


@pytest.fixture
def kind(clinic: Organisation, doctor: Doctor) -> AppointmentType:
    return factories.make_type(
        organisation=clinic,
        doctors=[doctor],
        rebooking_notice_minutes=2880,
        buffer_after_minutes=10,
    )


def make_rule(kind: AppointmentType, group: str, minutes: int, **switches: bool) -> ReminderRule:
    return ReminderRule.objects.create(
        organisation=kind.organisation,
        appointment_type=kind,
        recipient_group=group,
        minutes_before=minutes,
        created_at=factories.NOW,
        **switches,
    )


def page_of(kind: AppointmentType) -> str:
    return reverse("clinic:type", args=[kind.uid])


def notes_of(client: Client, kind: AppointmentType) -> list[str]:
    """What the page says of every rule, in the order of the groups."""
    groups = client.get(page_of(kind)).context["groups"]
    return [note.text for group in groups for line in group.lines for note in line.notes]


class TestList:
    def test_active_types_come_first_with_their_doctors_and_reminders(
        self, operations: Client, clinic: Organisation, kind: AppointmentType
    ) -> None:
        factories.make_type(organisation=clinic, name="A", is_active=False)
        gone = factories.make_doctor(organisation=clinic, is_active=False)
        kind.doctors.add(gone, through_defaults={"organisation": clinic})
        make_rule(kind, "patient", 60)
        make_rule(kind, "doctor", 60)
        ReminderRule.objects.filter(recipient_group="doctor").update(deleted_at=factories.NOW)
        types = operations.get(reverse("clinic:types")).context["types"]
        assert [(row.name, row.doctor_count, row.reminder_count) for row in types] == [
            ("Consultation", 1, 1),
            ("A", 0, 0),
        ]

    def test_an_empty_clinic_says_who_sets_types_up(self, admin: Client) -> None:
        text = admin.get(reverse("clinic:types")).content.decode()
        assert "The RxScale team sets them up with you" in text

    @pytest.mark.parametrize("number", [1, 3])
    def test_its_queries_do_not_grow(
        self,
        admin: Client,
        clinic: Organisation,
        number: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _ in range(number):
            factories.make_type(organisation=clinic)
        with django_assert_num_queries(FRAME + LIST_QUERIES):
            admin.get(reverse("clinic:types"))


class TestDetail:
    @pytest.mark.parametrize("number", [1, 3])
    def test_its_queries_do_not_grow(
        self,
        admin: Client,
        kind: AppointmentType,
        number: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for minutes in range(1, number + 1):
            make_rule(kind, "patient", minutes, send_sms=True)
            make_rule(kind, "doctor", minutes)
        with django_assert_num_queries(FRAME + DETAIL_QUERIES):
            admin.get(page_of(kind))

    def test_the_rules_are_read_only_and_say_who_configures_them(
        self, admin: Client, clinic: Organisation, kind: AppointmentType
    ) -> None:
        clinic.support_contact = "help@rxscale.example"
        clinic.save()
        response = admin.get(page_of(kind))
        rules = dict(response.context["rules"])
        assert rules["Visits can be moved"] == "Until 2 days before"
        assert rules["Patients may cancel"] == "Until 1 hour before"
        assert (rules["Buffer before"], rules["Buffer after"]) == ("None", "10 minutes")
        assert rules["Meeting room"] == "Persistent per provider: one room per doctor"
        text = response.content.decode()
        assert "Configured by the RxScale team" in text
        assert "help@rxscale.example" in text

    def test_the_last_change_is_the_types_own(
        self, admin: Client, clinic: Organisation, kind: AppointmentType
    ) -> None:
        assert admin.get(page_of(kind)).context["last_change"] is None
        for action, label in (
            ("appointment_type.changed", "Sam Staff"),
            ("reminder.test_sent", "Ada Admin"),
        ):
            AuditEntry.objects.create(
                organisation=clinic, at=factories.NOW, action=action, actor_kind="staff",
                actor_label=label, object_uid=kind.uid,
            )  # fmt: skip
        assert admin.get(page_of(kind)).context["last_change"].actor_label == "Sam Staff"

    def test_operations_see_reminders_without_a_way_to_change_them(
        self, operations: Client, admin: Client, kind: AppointmentType
    ) -> None:
        rule = make_rule(kind, "patient", 60, send_email=True)
        edit = reverse("clinic:reminder", args=[rule.uid])
        seen = operations.get(page_of(kind)).content.decode()
        assert "1 hour before" in seen
        assert edit not in seen
        assert "can change the reminders" in seen
        assert edit in admin.get(page_of(kind)).content.decode()

    @pytest.mark.parametrize("route", ["type", "reminder-preview", "reminder-preview-mail"])
    def test_another_clinics_type_is_as_absent_as_none(
        self, stranger: Client, admin: Client, kind: AppointmentType, route: str
    ) -> None:
        foreign = stranger.get(reverse(f"clinic:{route}", args=[kind.uid]))
        absent = stranger.get(reverse(f"clinic:{route}", args=["at-nothing"]))
        assert admin.get(reverse(f"clinic:{route}", args=[kind.uid])).status_code == 200
        assert (foreign.status_code, absent.status_code) == (404, 404)
        assert foreign.content == absent.content


class TestReach:
    def test_doctors_without_a_number_or_an_address_are_counted(
        self, admin: Client, clinic: Organisation, kind: AppointmentType
    ) -> None:
        signs_in = factories.make_doctor(
            organisation=clinic, email="", user=factories.make_user(), mobile_phone="+4915112345678"
        )
        silent = factories.make_doctor(organisation=clinic, email="")
        gone = factories.make_doctor(organisation=clinic, email="", is_active=False)
        kind.doctors.add(signs_in, silent, gone, through_defaults={"organisation": clinic})
        make_rule(kind, "doctor", 60, send_email=True, send_sms=True)
        assert notes_of(admin, kind) == [
            "Reaches the doctor of the visit; 3 doctors offer this type.",
            "1 of 3 doctors has no e-mail address.",
            "2 of 3 doctors have no mobile number.",
        ]

    def test_patients_are_those_with_a_confirmed_visit_ahead(
        self, admin: Client, clinic: Organisation, doctor: Doctor, kind: AppointmentType
    ) -> None:
        make_rule(kind, "patient", 60, send_sms=True)
        assert notes_of(admin, kind) == ["No visit is ahead yet."]
        shop = factories.make_shop(organisation=clinic)
        reached = factories.make_patient(shop=shop, phone="+4915112345678")
        out = factories.make_patient(shop=shop, phone="+4915112345679")
        out.has_opted_out_of_sms_reminders = True
        out.save()
        for day, patient in enumerate((reached, reached, out, factories.make_patient(shop=shop))):
            factories.make_appointment(
                patient=patient, doctor=doctor, appointment_type=kind,
                starts_at=factories.NOW.replace(year=2035, day=day + 1),
            )  # fmt: skip
        assert notes_of(admin, kind) == [
            "Reaches 3 patients with a visit ahead.",
            "1 of 3 patients has no mobile number.",
            "1 of 3 has opted out of SMS reminders.",
        ]

    def test_with_both_switches_off_only_subscriptions_are_told(
        self, admin: Client, clinic: Organisation, kind: AppointmentType
    ) -> None:
        make_rule(kind, "doctor", 60)
        assert notes_of(admin, kind) == [
            "No subscription for this event: with both switches off nobody is told."
        ]
        for number, event in enumerate((EventType.REMINDER_DUE, EventType.MEETING_UPDATED)):
            NotificationSubscription.objects.create(
                organisation=clinic, notification_type=event, target=f"https://p.example/{number}",
                include_contact=True, signing_secret_ciphertext=b"", created_at=factories.NOW,
            )  # fmt: skip
        assert notes_of(admin, kind) == [
            "We send nothing ourselves; 1 notification subscription for this event."
        ]
        NotificationSubscription.objects.update(disabled_at=factories.NOW)
        assert notes_of(admin, kind) == [
            "No subscription for this event: with both switches off nobody is told."
        ]

    def test_admins_who_switched_reminders_off_are_not_reached(
        self, admin: Client, admin_member: Membership, kind: AppointmentType
    ) -> None:
        make_rule(kind, "admin", 60, send_email=True)
        assert notes_of(admin, kind) == ["Reaches 1 admin with reminders switched on."]
        admin_member.receives_reminders = False
        admin_member.save()
        assert notes_of(admin, kind) == ["No admin has reminders switched on: nobody is told."]

    def test_a_type_nobody_offers_tells_no_doctor(
        self, admin: Client, doctor: Doctor, kind: AppointmentType
    ) -> None:
        make_rule(kind, "doctor", 60, send_email=True)
        Doctor.objects.filter(pk=doctor.pk).update(is_active=False)
        assert notes_of(admin, kind) == ["No active doctor offers this type: nobody is told."]


class TestPreview:
    @pytest.mark.parametrize("group", ["patient", "doctor", "admin"])
    def test_every_group_has_a_mail_and_a_text_message(
        self, operations: Client, kind: AppointmentType, group: str
    ) -> None:
        url = reverse("clinic:reminder-preview", args=[kind.uid])
        response = operations.get(url, {"group": group})
        assert response.status_code == 200
        assert "Dr Jane Hill" in response.context["email"].text
        assert "10:00 (Europe/Berlin" in response.context["sms"]
        assert "frame-src 'self'" in response.headers["Content-Security-Policy"]

    def test_a_clinic_without_doctor_and_shop_sees_one(
        self, admin: Client, clinic: Organisation
    ) -> None:
        bare = factories.make_type(organisation=clinic)
        response = admin.get(reverse("clinic:reminder-preview", args=[bare.uid]))
        assert "Dr Jane Example" in response.context["email"].text

    def test_the_mail_in_its_frame_can_do_nothing_but_be_read(
        self, admin: Client, kind: AppointmentType
    ) -> None:
        url = reverse("clinic:reminder-preview-mail", args=[kind.uid])
        response = admin.get(url, {"group": "nobody"})
        assert "Your appointment is coming up" in response.content.decode()
        assert response.headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
        )
        assert response.headers["X-Frame-Options"] == "SAMEORIGIN"

    def test_looking_stores_nothing(self, admin: Client, kind: AppointmentType) -> None:
        admin.get(reverse("clinic:reminder-preview", args=[kind.uid]))
        assert not kind.appointments.exists()
        assert not Delivery.objects.exists()


class TestSendToMe:
    def send(self, client: Client, kind: AppointmentType, **given: str) -> str:
        url = reverse("clinic:reminder-send-to-me", args=[kind.uid])
        response = client.post(url, given, follow=True)
        assert response.status_code == 200
        return response.content.decode()

    def test_it_goes_through_the_outbox_to_whoever_asks(
        self, admin: Client, admin_member: Membership, kind: AppointmentType
    ) -> None:
        text = self.send(admin, kind, group="doctor", channel="email")
        assert "The test is on its way to your e-mail address." in text
        delivery = Delivery.objects.get()
        assert (delivery.address, delivery.is_test, delivery.about_uid, delivery.state) == (
            admin_member.user.email,
            True,
            "",
            DeliveryState.PENDING,
        )

    def test_a_text_message_needs_a_number(
        self, admin: Client, admin_member: Membership, kind: AppointmentType
    ) -> None:
        assert "Your account has no mobile number" in self.send(
            admin, kind, group="patient", channel="sms"
        )
        admin_member.user.mobile_phone = "+4915112345678"
        admin_member.user.save()
        self.send(admin, kind, group="patient", channel="sms")
        assert [row.address for row in Delivery.objects.all()] == ["+4915112345678"]

    @pytest.mark.parametrize(
        "given", [{"group": "everyone", "channel": "email"}, {"group": "patient"}]
    )
    def test_nonsense_is_answered_in_words(
        self, admin: Client, kind: AppointmentType, given: dict[str, str]
    ) -> None:
        assert "Choose " in self.send(admin, kind, **given)
        assert not Delivery.objects.exists()

    def test_operations_and_strangers_send_nothing(
        self, operations: Client, stranger: Client, kind: AppointmentType
    ) -> None:
        url = reverse("clinic:reminder-send-to-me", args=[kind.uid])
        given = {"group": "patient", "channel": "email"}
        assert operations.post(url, given).status_code == 403
        assert stranger.post(url, given).status_code == 404
        assert not Delivery.objects.exists()
