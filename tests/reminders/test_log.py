"""The reminder log of an appointment (behaviour 27)."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment
from notifications.models import Channel, Delivery, DeliveryState
from reminders import rules
from reminders.log import Entry, State, reminder_log
from reminders.verdict import BOOKED_LATE, MANAGER_WAS_DOWN, RULE_IS_NEWER
from tests.factories import ADMIN, NOW, make_member

from .world import HOUR, MINUTE, World, tick


def log(visit: Appointment, now: datetime) -> list[Entry]:
    return reminder_log(Appointment.objects.for_display().get(pk=visit.pk), now)


def states(visit: Appointment, now: datetime) -> list[tuple[str, int, str, str]]:
    return [
        (str(e.recipient_group), e.minutes_before, str(e.state), e.reason) for e in log(visit, now)
    ]


def settle(channel: Channel, state: DeliveryState, reason: str = "") -> None:
    Delivery.objects.filter(channel=channel).update(
        state=state, reason=reason, next_attempt_at=None, settled_at=NOW
    )


def test_it_says_what_is_planned_and_when(world: World) -> None:
    rule = world.rule(60)
    world.rule(15, "doctor")
    visit = world.visit(NOW + 2 * HOUR)
    to_patient, to_doctor = log(visit, NOW)
    assert to_patient == Entry(
        rule_uid=rule.uid,
        recipient_group=to_patient.recipient_group,
        recipient_uid=world.patient.uid,
        recipient_name="Paula Patient",
        minutes_before=60,
        due_at=NOW + HOUR,
        state=State.PLANNED,
    )
    assert (to_doctor.recipient_uid, to_doctor.due_at) == (
        world.doctor.uid,
        visit.starts_at - 15 * MINUTE,
    )


@pytest.mark.parametrize(
    ("delivery", "shown"),
    [
        (DeliveryState.SENT, State.SENT),
        (DeliveryState.DELIVERED, State.DELIVERED),
        (DeliveryState.BOUNCED, State.BOUNCED),
        (DeliveryState.SKIPPED, State.SKIPPED),
        (DeliveryState.FAILED, State.FAILED),
        (DeliveryState.UNKNOWN, State.UNKNOWN),
    ],
)
def test_a_fired_reminder_shows_how_its_message_fared(
    world: World, delivery: DeliveryState, shown: State
) -> None:
    world.rule(60)
    visit = world.visit(NOW + HOUR)
    tick(NOW)
    assert states(visit, NOW) == [("patient", 60, "sending", "")]
    settle(Channel.EMAIL, delivery, "for this reason")
    (entry,) = log(visit, NOW)
    assert (entry.state, entry.reason, entry.at) == (shown, "for this reason", NOW)
    (message,) = entry.messages
    assert (message.channel, message.state, message.at) == (Channel.EMAIL, shown, NOW)


def test_of_two_messages_the_one_that_went_wrong_is_shown(world: World) -> None:
    world.rule(60, send_sms=True)
    visit = world.visit(NOW + HOUR)
    tick(NOW)
    settle(Channel.EMAIL, DeliveryState.DELIVERED)
    settle(Channel.SMS, DeliveryState.FAILED, "number unknown")
    (entry,) = log(visit, NOW)
    assert (entry.state, entry.reason) == (State.FAILED, "number unknown")
    assert [message.state for message in entry.messages] == [State.DELIVERED, State.FAILED]


def test_with_both_toggles_off_the_published_event_counts_as_sent(world: World) -> None:
    world.rule(60, send_email=False)
    visit = world.visit(NOW + HOUR)
    tick(NOW)
    assert states(visit, NOW) == [("patient", 60, "sent", "")]


def test_it_says_what_was_skipped_and_missed_and_why(world: World) -> None:
    world.rule(1440)
    world.rule(60, "doctor")
    tick(NOW)
    rules.add_rule(world.type, recipient_group="patient", minutes_before=120, actor=ADMIN, now=NOW)
    visit = world.visit(NOW + 100 * MINUTE, confirmed_at=NOW - HOUR)
    expected = [
        ("patient", 1440, "skipped", BOOKED_LATE),
        ("patient", 120, "skipped", RULE_IS_NEWER),
    ]
    assert states(visit, NOW + MINUTE)[:2] == expected  # foretold
    tick(NOW + 2 * HOUR)
    expected += [("doctor", 60, "missed", MANAGER_WAS_DOWN)]
    assert states(visit, NOW + 2 * HOUR) == expected  # and so it came


def test_a_cancelled_visit_has_nothing_planned_and_keeps_its_past(world: World) -> None:
    world.rule(60)
    world.rule(15)
    visit = world.visit(NOW + HOUR)
    tick(NOW)
    Appointment.objects.filter(pk=visit.pk).update(
        status="cancelled", cancelled_at=NOW, cancelled_by="patient"
    )
    assert states(visit, NOW) == [("patient", 60, "sending", "")]


def test_a_removed_rule_stays_in_the_log_with_what_it_did(world: World) -> None:
    rule = world.rule(60)
    visit = world.visit(NOW + HOUR)
    other = world.visit(NOW + 3 * HOUR)
    tick(NOW)
    rules.remove_rule(rule, actor=ADMIN, now=NOW)
    assert states(visit, NOW) == [("patient", 60, "sending", "")]
    assert states(other, NOW) == []


def test_an_edited_rule_is_planned_anew_where_it_had_been_skipped(world: World) -> None:
    rule = world.rule(1440)
    visit = world.visit(NOW + 20 * HOUR, confirmed_at=NOW)
    tick(NOW)
    assert states(visit, NOW) == [("patient", 1440, "skipped", BOOKED_LATE)]
    rules.change_rule(rule, minutes_before=60, actor=ADMIN, now=NOW + MINUTE)
    assert states(visit, NOW + MINUTE) == [("patient", 60, "planned", "")]


def test_every_admin_has_a_line_with_their_name(world: World) -> None:
    world.rule(60, "admin")
    admins = [make_member(organisation=world.organisation).user for _ in range(2)]
    visit = world.visit(NOW + HOUR)
    for _ in range(2):  # planned, then fired
        lines = {entry.recipient_uid: entry.recipient_name for entry in log(visit, NOW)}
        assert lines == {user.uid: str(user) for user in admins}
        tick(NOW)


def test_queries_do_not_grow_with_the_rows(world: World) -> None:
    visit = world.visit(NOW + HOUR)

    def queries(offsets: range) -> int:
        for offset in offsets:
            for group in ("patient", "doctor", "admin"):
                world.rule(offset, group)
        tick(visit.starts_at - 35 * MINUTE)
        loaded = Appointment.objects.for_display().select_related("doctor__user").get(pk=visit.pk)
        with CaptureQueriesContext(connection) as captured:
            assert reminder_log(loaded, NOW)
        return len(captured)

    world.admin  # noqa: B018  # exists
    assert queries(range(35, 36)) == queries(range(36, 45)) == 5
