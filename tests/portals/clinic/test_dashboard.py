"""The dashboard at a browser: set-up list, figures and the lists they open, what needs attention."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from availability.models import BookingStop
from notifications.models import Channel, Delivery, DeliveryState, NotificationSubscription
from organisations.models import Doctor, Organisation, Patient
from portals.clinic import access
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from reminders.messages import APPOINTMENT_REMINDER
from reminders.models import AppointmentReminderSent, Outcome, RecipientGroup, ReminderRule
from reminders.verdict import BOOKED_LATE
from tests import factories
from tests.factories import NOW, make_appointment
from tests.notifications.world import subscribe

pytestmark = pytest.mark.django_db
HOME = "/admin/"
FRAME = ACCESS_QUERIES + LAYOUT_QUERIES
DASHBOARD_QUERIES = 12


@dataclass
class World:
    clinic: Organisation
    doctor: Doctor
    kind: AppointmentType
    patients: Iterator[Patient]

    def visit(
        self, starts_at: datetime, status: Status = Status.CONFIRMED, **fields: object
    ) -> Appointment:
        return make_appointment(
            patient=next(self.patients),
            doctor=fields.pop("doctor", self.doctor),  # type: ignore[arg-type]  # a doctor
            appointment_type=self.kind,
            starts_at=starts_at,
            status=status,
            **fields,  # type: ignore[arg-type]  # a test's own keywords
        )


@pytest.fixture(autouse=True)
def _it_is_monday_nine_in_berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "utc_now", lambda: NOW)
    monkeypatch.setattr("portals.layout.STARTED_AT", NOW)


@pytest.fixture
def world(clinic: Organisation) -> World:
    """One doctor, open 9 to 17 in Berlin from Monday to Friday; it is Monday, 9:00 there."""
    doctor = factories.make_doctor(organisation=clinic)
    for weekday in range(5):
        factories.make_window(doctor=doctor, weekday=weekday)
    shop = factories.make_shop(organisation=clinic)
    patients = (factories.make_patient(shop=shop) for _ in range(1000))
    kind = factories.make_type(organisation=clinic, doctors=[doctor], duration_minutes=60)
    return World(clinic, doctor, kind, patients)


def page_of(client: Client, address: str = HOME) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def section(text: str, name: str) -> str:
    match = re.search(rf'aria-labelledby="{name}">(.*?)(<section class="panel|</main>)', text, re.S)
    return match[1] if match else ""


def items_of(text: str) -> dict[str, str]:
    """Title → address ("" without a link) of what needs attention."""
    found = re.findall(
        r"<p>(?:<a href=\"([^\"]*)\">|<strong>)(.*?)</(?:a|strong)></p>", section(text, "attention")
    )
    return {unescape(title): unescape(url) for url, title in found}


def figures(text: str) -> dict[str, tuple[str, str]]:
    """Label → figure and the list it opens."""
    found = re.findall(r'<dt>([^<]+)</dt><dd><a href="([^"]+)">([^<]+)</a>', text)
    return {label: (figure, unescape(url)) for label, url, figure in found}


def listed(client: Client, url: str) -> int:
    """How many rows the appointment list behind that address shows."""
    return len(set(re.findall(r'href="/admin/appointments/(mtg-\w+)/"', page_of(client, url))))


def test_an_empty_organisation_sees_what_is_missing(admin: Client, clinic: Organisation) -> None:
    text = section(page_of(admin), "set-up")

    assert text.count(">Missing<") == 6
    for name in ("doctors", "types", "secrets", "subscriptions", "team"):
        assert f'href="{reverse(f"clinic:{name}")}"' in text


def test_what_is_there_is_ticked_off_and_the_first_visit_ends_the_list(
    admin: Client, world: World
) -> None:
    subscribe(world.clinic, "https://partner.example/hook")
    factories.make_member(organisation=world.clinic)
    assert section(page_of(admin), "set-up").count(">Done<") == 4  # hours, types, this, the team

    world.visit(NOW + timedelta(hours=1))

    text = page_of(admin)
    assert 'id="set-up"' not in text
    assert 'id="today"' in text


def test_operations_sees_the_dashboard_without_ways_into_the_settings(
    operations: Client, clinic: Organisation
) -> None:
    endpoint, _ = subscribe(clinic, "https://partner.example/hook")
    NotificationSubscription.objects.filter(pk=endpoint.pk).update(failing_since=NOW)

    text = page_of(operations)

    assert "/admin/settings/" not in text
    assert "An admin does this." in text
    assert items_of(text)["A webhook is failing: https://partner.example/hook"] == ""


def test_todays_figures_open_lists_of_as_many_rows(admin: Client, world: World) -> None:
    morning = NOW - timedelta(hours=5)  # 4:00 in Berlin
    world.visit(morning, Status.COMPLETED)
    world.visit(morning + timedelta(hours=1), Status.NO_SHOW)
    world.visit(NOW + timedelta(hours=1))
    world.visit(NOW + timedelta(hours=2))
    world.visit(NOW + timedelta(hours=3), Status.HELD)
    world.visit(NOW + timedelta(hours=4), Status.HELD, hold_expires_at=NOW)  # has run out
    world.visit(NOW + timedelta(hours=5), Status.CANCELLED)
    world.visit(datetime(2027, 2, 28, 22, 59, tzinfo=UTC), Status.COMPLETED)  # 23:59 in Berlin
    world.visit(datetime(2027, 3, 1, 23, 0, tzinfo=UTC))  # tomorrow in Berlin

    text = section(page_of(admin), "today")

    shown = figures(text)
    assert {label: figure for label, (figure, _) in shown.items()} == {
        "Visits today": "5",
        "Held": "1",
        "Confirmed": "2",
        "Completed": "1",
        "No-show": "1",
    }
    for figure, url in shown.values():
        assert listed(admin, url) == int(figure)
    assert len(re.findall(r"<tr>", text)) == 1 + 3  # what is still on


def test_the_next_seven_days_count_what_lies_ahead_and_how_full_it_is(
    admin: Client, world: World
) -> None:
    world.visit(NOW + timedelta(hours=1))
    for day in range(1, 3):
        world.visit(NOW + timedelta(days=day, hours=1))
    world.visit(NOW + timedelta(days=6, hours=1))
    world.visit(NOW + timedelta(days=7, hours=1))  # next Monday is the eighth day
    world.visit(NOW - timedelta(hours=3), Status.COMPLETED)

    text = section(page_of(admin), "next-seven")

    shown = figures(text)
    assert shown["Visits"][0] == "4"
    assert listed(admin, shown["Visits"][1]) == 4
    assert shown["Utilisation"][0] == "10 %"  # 4 of 40 hours
    assert "4 of 40 open hours are booked" in text
    days = re.findall(r'<li><a href="([^"]+)"><span>([^<]+)</span> <strong>(\d+)<', text)
    assert [(name, count) for _, name, count in days][:3] == [
        ("Mon 1 Mar", "1"),
        ("Tue 2 Mar", "1"),
        ("Wed 3 Mar", "1"),
    ]
    assert listed(admin, unescape(days[1][0])) == 1
    widths = [float(width) for width in re.findall(r'<rect width="([^"]+)"', text)]
    shares = [float(share) for share in re.findall(r"([\d.]+) % booked", text)]
    assert widths == pytest.approx(shares, abs=0.5)
    assert text.count("Tue 2 Mar") == 1  # each day once, as words, drawing and link


def test_a_day_without_hours_says_so_and_draws_nothing(admin: Client, world: World) -> None:
    world.visit(NOW + timedelta(hours=1))
    world.doctor.availability_windows.all().delete()

    text = section(page_of(admin), "next-seven")

    assert text.count("no hours") == 7
    assert "<rect" not in text


def test_hours_that_cannot_be_booked_do_not_count_as_open(admin: Client, world: World) -> None:
    world.visit(NOW + timedelta(hours=1))
    other = factories.make_doctor(organisation=world.clinic, display_name="Dr Off")
    factories.open_all_week(other)  # offers nothing
    BookingStop.objects.create(
        organisation=world.clinic,
        doctor=world.doctor,
        reason="Ill",
        created_by="Ada",
        created_at=NOW,
    )

    assert "no open hours" in section(page_of(admin), "next-seven")


def test_the_rates_leave_moved_visits_out_and_open_their_lists(admin: Client, world: World) -> None:
    day = NOW - timedelta(days=10)
    for hour in range(8):
        world.visit(day + timedelta(hours=hour), Status.COMPLETED)
    for hour in range(2):
        world.visit(day + timedelta(days=1, hours=hour), Status.NO_SHOW)
    for hour in range(2):
        world.visit(day + timedelta(days=2, hours=hour), Status.CANCELLED, confirmed_at=day)
    moved = {"confirmed_at": day, "cancellation_reason": "rebooked"}
    world.visit(day + timedelta(days=3), Status.CANCELLED, **moved)
    world.visit(day + timedelta(days=4), Status.CANCELLED)  # a hold given back
    world.visit(day + timedelta(days=5), Status.EXPIRED, hold_expires_at=day)
    world.visit(NOW - timedelta(days=30), Status.NO_SHOW)  # the day before the first

    text = section(page_of(admin), "last-thirty")

    shown = figures(text)
    assert shown["Took place"][0] == "8"
    assert shown["No-show rate"][0] == "20 %"
    assert "2 of 10" in text
    assert shown["Cancellation rate"][0] == "17 %"
    assert "2 of 12, moved ones left out" in text
    assert shown["Holds that expired"][0] == "1"
    rows = {label: listed(admin, url) for label, (_, url) in shown.items()}
    assert rows == {
        "Took place": 8,
        "No-show rate": 2,
        "Cancellation rate": 3,  # the moved one is marked there
        "Holds that expired": 1,
    }


def test_a_chosen_zone_decides_what_today_is(admin: Client, world: World) -> None:
    world.visit(datetime(2027, 3, 1, 23, 0, tzinfo=UTC))  # Tuesday in Berlin, Monday in New York
    assert figures(page_of(admin))["Visits today"][0] == "0"

    for member in world.clinic.memberships.select_related("user"):
        member.user.timezone = "America/New_York"
        member.user.save()

    assert figures(page_of(admin))["Visits today"][0] == "1"


def test_nothing_needs_attention(admin: Client, world: World) -> None:
    world.visit(NOW + timedelta(hours=1))

    text = page_of(admin)

    assert items_of(text) == {}
    assert "all messages got through" in text


def test_visits_outside_hours_are_listed_with_what_can_be_done(admin: Client, world: World) -> None:
    world.visit(NOW + timedelta(hours=1))
    night = world.visit(NOW + timedelta(hours=12))
    world.visit(NOW - timedelta(days=1), Status.COMPLETED)

    [(title, url)] = items_of(page_of(admin)).items()

    assert title == "1 visit outside the doctor’s hours"
    text = page_of(admin, url)
    assert listed(admin, url) == 1
    assert f"/admin/appointments/{night.uid}/rebook/" in text
    assert f"/admin/appointments/{night.uid}/cancel/" in text


def test_visits_of_a_stopped_doctor_open_that_doctors_list(admin: Client, world: World) -> None:
    for hour in (1, 2):
        world.visit(NOW + timedelta(hours=hour))
    stop = BookingStop.objects.create(
        organisation=world.clinic,
        doctor=world.doctor,
        reason="Ill",
        until=NOW + timedelta(days=2),
        created_by="Ada",
        created_at=NOW,
    )

    text = page_of(admin)

    [(title, url)] = items_of(text).items()
    assert title == "2 visits of Dr Jane Hill, whose new bookings are stopped"
    assert "Ill" in section(text, "attention")
    assert listed(admin, url) == 2
    BookingStop.objects.filter(pk=stop.pk).update(until=NOW)
    assert items_of(page_of(admin)) == {}


def _rule(world: World, **fields: object) -> ReminderRule:
    values: dict[str, object] = {
        "recipient_group": RecipientGroup.PATIENT,
        "minutes_before": 60,
        "send_email": True,
        **fields,
    }
    return ReminderRule.objects.create(
        organisation=world.clinic, appointment_type=world.kind, created_at=NOW, **values
    )


def _sent(
    visit: Appointment, rule: ReminderRule, outcome: Outcome, reason: str = ""
) -> AppointmentReminderSent:
    return AppointmentReminderSent.objects.create(
        organisation=visit.organisation,
        appointment=visit,
        rule=rule,
        recipient_group=rule.recipient_group,
        recipient_uid=visit.patient.uid,
        minutes_before=rule.minutes_before,
        due_at=NOW,
        outcome=outcome,
        reason=reason,
        created_at=NOW,
    )


def _mail(sent: AppointmentReminderSent, state: DeliveryState, reason: str = "") -> Delivery:
    return Delivery.objects.create(
        organisation=sent.organisation,
        channel=Channel.EMAIL,
        kind=APPOINTMENT_REMINDER,
        subject_uid=sent.uid,
        about_uid=sent.appointment.uid,
        recipient_group="patient",
        state=state,
        reason=reason,
        next_attempt_at=NOW if state == DeliveryState.PENDING else None,
        created_at=NOW,
    )


def test_reminders_that_did_not_get_through_are_listed_with_the_reason(
    admin: Client, world: World
) -> None:
    rule = _rule(world)
    bounced, failed, late, fine, over = (
        world.visit(NOW + timedelta(hours=hour)) for hour in (1, 2, 3, 4, -5)
    )
    _mail(_sent(bounced, rule, Outcome.FIRED), DeliveryState.BOUNCED, "mailbox unknown")
    _sent(failed, rule, Outcome.FAILED, "it broke")
    _sent(late, rule, Outcome.SKIPPED, BOOKED_LATE)
    _mail(_sent(fine, rule, Outcome.FIRED), DeliveryState.DELIVERED)
    _mail(_sent(over, rule, Outcome.FIRED), DeliveryState.FAILED, "relay away")

    [(title, url)] = items_of(page_of(admin)).items()

    assert title == "2 visits with reminders skipped or failed"
    text = page_of(admin, url)
    assert "E-mail to the patient: mailbox unknown" in text
    assert "To the patient: it broke" in text
    assert listed(admin, url) == 2


def test_a_reminder_that_got_through_when_sent_again_is_settled(
    admin: Client, world: World
) -> None:
    sent = _sent(world.visit(NOW + timedelta(hours=1)), _rule(world), Outcome.FIRED)
    _mail(sent, DeliveryState.FAILED, "relay away")
    assert len(items_of(page_of(admin))) == 1

    _mail(sent, DeliveryState.SENT)

    assert items_of(page_of(admin)) == {}


def test_endpoints_that_fail_or_were_disabled_for_it_are_named(admin: Client, world: World) -> None:
    world.visit(NOW + timedelta(hours=1))
    subscribe(world.clinic, "https://well.example/hook")
    changes: dict[str, dict[str, object]] = {
        "failing": {"failing_since": NOW},
        "gone": {"disabled_at": NOW, "disabled_reason": "The endpoint answered 410 Gone."},
        "by-hand": {
            "disabled_at": NOW,
            "disabled_reason": "Disabled by Ada.",
            "failing_since": NOW,
        },
        "deleted": {"failing_since": NOW, "deleted_at": NOW},
    }
    for name, change in changes.items():
        endpoint, _ = subscribe(world.clinic, f"https://{name}.example/hook")
        NotificationSubscription.objects.filter(pk=endpoint.pk).update(**change)

    found = items_of(page_of(admin))

    assert set(found) == {
        "A webhook is failing: https://failing.example/hook",
        "A webhook is disabled: https://gone.example/hook",
    }
    assert all(url.startswith("/admin/settings/notification-sub") for url in found.values())


def test_doctors_without_hours_or_without_the_number_a_rule_needs_open_that_list(
    admin: Client, world: World
) -> None:
    world.visit(NOW + timedelta(hours=1))
    _rule(world, recipient_group=RecipientGroup.DOCTOR, send_sms=True)
    factories.make_doctor(
        organisation=world.clinic, display_name="Dr New", mobile_phone="+491711234567"
    )
    factories.make_doctor(organisation=world.clinic, display_name="Dr Gone", is_active=False)

    found = items_of(page_of(admin))

    assert found == {
        "1 doctor has no hours": "/admin/doctors/?show=no-windows",
        "1 doctor has no mobile number": "/admin/doctors/?show=no-number",
    }
    for url, name in zip(found.values(), ("Dr New", "Dr Jane Hill"), strict=True):
        text = page_of(admin, url)
        names = {other for other in ("Dr New", "Dr Jane Hill", "Dr Gone") if other in text}
        assert names == {name}


def test_an_overdue_maintenance_manager_comes_first(
    admin: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.visit(NOW + timedelta(hours=12))
    monkeypatch.setattr("portals.layout.STARTED_AT", NOW - timedelta(hours=1))

    assert next(iter(items_of(page_of(admin)))) == "The maintenance manager is overdue"


def test_another_organisation_is_nowhere_in_it(stranger: Client, world: World) -> None:
    world.visit(NOW + timedelta(hours=12))
    _rule(world, recipient_group=RecipientGroup.DOCTOR, send_sms=True)
    endpoint, _ = subscribe(world.clinic, "https://partner.example/hook")
    NotificationSubscription.objects.filter(pk=endpoint.pk).update(failing_since=NOW)

    text = page_of(stranger)

    assert section(text, "set-up").count(">Missing<") == 6
    assert items_of(text) == {}
    for what in ("outside-hours", "reminders"):
        assert "Nothing here any more" in page_of(stranger, f"/admin/needs-attention/{what}/")


def test_what_is_no_matter_is_not_there(admin: Client) -> None:
    assert admin.get("/admin/needs-attention/nonsense/").status_code == 404


def test_it_costs_the_same_for_one_and_three(
    admin: Client, world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rule = _rule(world)

    def add(hour: int) -> None:
        visit = world.visit(NOW + timedelta(hours=hour))
        _sent(visit, rule, Outcome.FAILED)
        world.visit(NOW - timedelta(days=hour), Status.NO_SHOW)
        endpoint, _ = subscribe(world.clinic, f"https://p{hour}.example/hook")
        NotificationSubscription.objects.filter(pk=endpoint.pk).update(failing_since=NOW)
        doctor = factories.make_doctor(organisation=world.clinic)
        world.visit(NOW + timedelta(hours=1), doctor=doctor)
        BookingStop.objects.create(
            organisation=world.clinic, doctor=doctor, reason="Ill", created_by="", created_at=NOW
        )

    add(11)
    statements = {"outside-hours": 4, "reminders": 3}
    for more in ((13, 15), ()):
        with django_assert_num_queries(FRAME + DASHBOARD_QUERIES):
            admin.get(HOME)
        for what, number in statements.items():
            with django_assert_num_queries(FRAME + number):
                admin.get(f"/admin/needs-attention/{what}/")
        for hour in more:
            add(hour)
