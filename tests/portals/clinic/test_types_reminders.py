"""Reminder rules edited in place: add, change, remove, undo, and the say before anything is saved."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appointments.models import AppointmentType
from organisations.models import Organisation
from reminders import rules
from reminders.models import ReminderRule
from tests import factories

HTMX = {"HX-Request": "true"}
DAY_BEFORE = {"recipient_group": "patient", "amount": "24", "unit": "60", "send_email": "on"}


@pytest.fixture
def kind(clinic: Organisation) -> AppointmentType:
    doctor = factories.make_doctor(organisation=clinic)
    return factories.make_type(organisation=clinic, doctors=[doctor])


@pytest.fixture
def rule(kind: AppointmentType) -> ReminderRule:
    return rules.add_rule(
        kind, recipient_group="patient", minutes_before=60, send_email=True,
        actor=factories.ADMIN, now=factories.NOW,
    )  # fmt: skip


def add_url(kind: AppointmentType) -> str:
    return reverse("clinic:reminder-add", args=[kind.uid])


def url(rule: ReminderRule, act: str = "") -> str:
    return reverse(f"clinic:reminder{act and '-' + act}", args=[rule.uid])


def living() -> list[tuple[str, int, bool, bool]]:
    return [
        (row.recipient_group, row.minutes_before, row.send_email, row.send_sms)
        for row in ReminderRule.objects.living().order_by("id")
    ]


def visit_in(kind: AppointmentType, hours: int) -> None:
    shop = factories.make_shop(organisation=kind.organisation)
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    factories.make_appointment(
        patient=factories.make_patient(shop=shop),
        doctor=kind.doctors.get(),
        appointment_type=kind,
        starts_at=starts_at,
        now=starts_at - timedelta(days=90),
    )


def notes_in(response: Any) -> list[str]:
    return [note.text for note in response.context["notes"]]


class TestAdd:
    @pytest.mark.parametrize(
        ("amount", "unit", "minutes"), [("24", "60", 1440), ("30", "1440", 43_200), ("1", "1", 1)]
    )
    def test_a_number_and_a_unit_are_minutes(
        self, admin: Client, kind: AppointmentType, amount: str, unit: str, minutes: int
    ) -> None:
        response = admin.post(add_url(kind), DAY_BEFORE | {"amount": amount, "unit": unit})
        assert response.headers["Location"] == f"/admin/types/{kind.uid}/#reminders"
        assert living() == [("patient", minutes, True, False)]

    @pytest.mark.parametrize(
        ("given", "field", "message"),
        [
            ({"amount": "0"}, "amount", "Enter a time from 1 minute to 30 days (43,200 minutes)."),
            (
                {"amount": "43201", "unit": "1"},
                "amount",
                "Enter a time from 1 minute to 30 days (43,200 minutes).",
            ),
            ({"amount": "soon"}, "amount", "Enter a whole number."),
            ({"amount": ""}, "amount", "This field is required."),
            ({"amount": "9" * 5000}, "amount", "Enter a whole number."),
            (
                {"unit": "7"},
                "unit",
                "Select a valid choice. 7 is not one of the available choices.",
            ),
            (
                {"recipient_group": "all"},
                "recipient_group",
                "Select a valid choice. all is not one of the available choices.",
            ),
        ],
    )
    def test_what_cannot_be_used_is_said_beside_the_field(
        self,
        admin: Client,
        kind: AppointmentType,
        given: dict[str, str],
        field: str,
        message: str,
    ) -> None:
        response = admin.post(add_url(kind), DAY_BEFORE | given)
        assert response.status_code == 422
        assert response.context["form"].errors == {field: [message]}
        assert living() == []

    def test_a_second_one_of_the_group_and_time_is_refused_beside_the_time(
        self, admin: Client, kind: AppointmentType, rule: ReminderRule
    ) -> None:
        response = admin.post(add_url(kind), DAY_BEFORE | {"amount": "60", "unit": "1"})
        assert response.status_code == 422
        assert response.context["form"].errors["amount"] == [
            "There is already a reminder for this group and time."
        ]
        admin.post(add_url(kind), DAY_BEFORE | {"amount": "1", "recipient_group": "doctor"})
        assert len(living()) == 2

    def test_the_form_begins_with_the_group_asked_for(
        self, admin: Client, kind: AppointmentType
    ) -> None:
        for group, begun in (("doctor", "doctor"), ("everyone", "patient")):
            form = admin.get(add_url(kind), {"group": group}).context["form"]
            assert form.initial["recipient_group"] == begun

    def test_htmx_swaps_the_list_in_place(self, admin: Client, kind: AppointmentType) -> None:
        form = admin.get(add_url(kind), headers=HTMX).content.decode()
        assert "<html" not in form
        response = admin.post(add_url(kind), DAY_BEFORE, headers=HTMX)
        assert response.headers["HX-Retarget"] == "#reminders"
        assert "24 hours before" in response.content.decode()
        assert "Reminder added." in response.content.decode()


class TestBeforeSaving:
    def test_the_form_says_how_many_get_it_and_how_many_are_too_close(
        self, admin: Client, kind: AppointmentType
    ) -> None:
        visit_in(kind, 100)
        visit_in(kind, 2)
        assert notes_in(admin.get(add_url(kind)))[:2] == [
            "1 upcoming visit gets it.",
            "1 visit is too close and will not get it.",
        ]

    def test_it_follows_what_is_typed(self, admin: Client, kind: AppointmentType) -> None:
        visit_in(kind, 100)
        effect = reverse("clinic:reminder-effect", args=[kind.uid])
        response = admin.get(effect, DAY_BEFORE | {"amount": "200"}, headers=HTMX)
        assert "1 visit is too close and will not get it." in response.content.decode()
        assert 'name="shown" value="12000"' in response.content.decode()
        unreadable = admin.get(effect, DAY_BEFORE | {"amount": "x"}, headers=HTMX)
        assert "Enter a time" in unreadable.content.decode()

    def test_a_move_that_reminds_at_once_is_shown_before_it_is_saved(
        self, admin: Client, kind: AppointmentType, rule: ReminderRule
    ) -> None:
        visit_in(kind, 2)
        given = DAY_BEFORE | {"was": "patient:60:10"}
        asked = admin.post(url(rule), given)
        assert asked.status_code == 200
        assert notes_in(asked)[:2] == [
            "1 upcoming visit gets it.",
            "1 of them at once, with the next run.",
        ]
        assert living() == [("patient", 60, True, False)]
        admin.post(url(rule), given | {"shown": "1440"})
        assert living() == [("patient", 1440, True, False)]

    def test_what_surprises_nobody_is_saved_at_once(
        self, admin: Client, kind: AppointmentType
    ) -> None:
        visit_in(kind, 100)
        admin.post(add_url(kind), DAY_BEFORE)
        assert living() == [("patient", 1440, True, False)]


class TestChange:
    def test_the_form_shows_the_rule_in_its_largest_unit(
        self, admin: Client, rule: ReminderRule
    ) -> None:
        initial = admin.get(url(rule)).context["form"].initial
        assert (initial["amount"], initial["unit"]) == (1, "60")

    def test_it_is_changed(self, admin: Client, rule: ReminderRule) -> None:
        given = {"recipient_group": "doctor", "amount": "45", "unit": "1", "send_sms": "on"}
        admin.post(url(rule), given | {"was": "patient:60:10"})
        assert living() == [("doctor", 45, False, True)]

    def test_a_stale_form_overwrites_nothing_and_shows_what_it_is_now(
        self, admin: Client, rule: ReminderRule
    ) -> None:
        rules.change_rule(rule, minutes_before=120, actor=factories.ADMIN, now=factories.NOW)
        response = admin.post(url(rule), DAY_BEFORE | {"was": "patient:60:10"})
        assert response.status_code == 422
        assert "It is now: 2 hours before, E-mail." in response.content.decode()
        assert living() == [("patient", 120, True, False)]
        admin.post(url(rule), DAY_BEFORE | {"was": response.context["form"]["was"].value()})
        assert living() == [("patient", 1440, True, False)]

    def test_a_removed_one_is_said_to_be_gone(self, admin: Client, rule: ReminderRule) -> None:
        rules.remove_rule(rule, actor=factories.ADMIN, now=factories.NOW)
        for answer in (
            admin.get(url(rule), follow=True),
            admin.post(url(rule), DAY_BEFORE, follow=True),
        ):
            assert "has been removed meanwhile" in answer.content.decode()
        assert living() == []


class TestRemove:
    def test_it_asks_nothing_and_can_be_undone(self, admin: Client, rule: ReminderRule) -> None:
        answer = admin.post(url(rule, "remove"), follow=True).content.decode()
        assert living() == []
        assert "Reminder removed." in answer
        assert f'action="{url(rule, "restore")}"' in answer
        assert (
            "The reminder is back."
            in admin.post(url(rule, "restore"), follow=True).content.decode()
        )
        assert living() == [("patient", 60, True, False)]

    def test_undo_after_another_took_its_place_says_so(
        self, admin: Client, kind: AppointmentType, rule: ReminderRule
    ) -> None:
        admin.post(url(rule, "remove"))
        admin.post(add_url(kind), DAY_BEFORE | {"amount": "1"})
        answer = admin.post(url(rule, "restore"), follow=True)
        assert "There is already a reminder" in answer.content.decode()
        assert len(living()) == 1

    def test_a_get_removes_nothing(self, admin: Client, rule: ReminderRule) -> None:
        assert admin.get(url(rule, "remove")).status_code == 405
        assert len(living()) == 1


class TestRights:
    def test_operations_change_nothing(
        self, operations: Client, kind: AppointmentType, rule: ReminderRule
    ) -> None:
        for address in (add_url(kind), url(rule), url(rule, "remove"), url(rule, "restore")):
            assert operations.post(address, DAY_BEFORE).status_code == 403
        assert living() == [("patient", 60, True, False)]

    def test_another_clinic_finds_nothing(
        self, stranger: Client, kind: AppointmentType, rule: ReminderRule
    ) -> None:
        for address in (add_url(kind), url(rule), url(rule, "remove"), url(rule, "restore")):
            assert stranger.post(address, DAY_BEFORE).status_code == 404
        assert living() == [("patient", 60, True, False)]

    def test_a_rule_of_another_clinic_has_no_effect_to_show(
        self, stranger: Client, rule: ReminderRule
    ) -> None:
        mine = factories.make_type(organisation=Organisation.objects.get(name="Southside Clinic"))
        effect = reverse("clinic:reminder-effect", args=[mine.uid])
        assert stranger.get(effect, DAY_BEFORE).status_code == 200
        assert stranger.get(effect, DAY_BEFORE | {"rule": rule.uid}).status_code == 404
