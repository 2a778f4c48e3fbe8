"""When a reminder fires, is skipped, is missed: the instants of behaviour 24, 25 and 28."""

from datetime import UTC, datetime, timedelta

import pytest

from appointments.models import Appointment
from appointments.status import Status
from organisations.actors import ActorKind
from reminders import due, rules
from reminders.models import AppointmentReminderSent, DueMark, Outcome, ReminderRule
from reminders.verdict import BOOKED_LATE, MANAGER_WAS_DOWN, RULE_IS_NEWER
from tests.factories import ADMIN, NOW

from .world import DAY, HOUR, MINUTE, World, published, sent, tick, tick_every_minute


def test_fires_once_at_the_due_instant_and_not_a_minute_before(world: World) -> None:
    world.rule(60)
    world.visit(NOW + 2 * HOUR)
    assert tick(NOW + HOUR - MINUTE) == {}
    assert tick(NOW + HOUR) == {"fired": 1}
    assert tick(NOW + HOUR) == {}
    assert tick(NOW + HOUR + MINUTE) == {}
    assert len(published()) == 1


def test_every_rule_of_a_type_fires_at_its_own_instant(world: World) -> None:
    world.rule(1440, "doctor")
    world.rule(60)
    world.rule(15, "doctor")
    visit = world.visit(NOW + 25 * HOUR)
    fired = tick_every_minute(NOW, NOW + 61 * MINUTE)
    fired += tick_every_minute(NOW + 23 * HOUR, visit.ends_at)
    assert fired == [visit.starts_at - offset * MINUTE for offset in (1440, 60, 15)]


def test_a_rule_reaches_only_visits_of_its_type(world: World) -> None:
    world.rule(60)
    other = World().visit(NOW + HOUR)
    assert tick(NOW) == {}
    assert not other.reminders_sent.exists()


@pytest.mark.parametrize(
    "status",
    [Status.HELD, Status.CANCELLED, Status.EXPIRED, Status.COMPLETED, Status.NO_SHOW],
)
def test_only_confirmed_visits_are_reminded_of(world: World, status: Status) -> None:
    world.rule(60)
    world.visit(NOW + HOUR, status=status)
    assert tick(NOW) == {}
    assert sent() == []


def test_a_visit_cancelled_before_its_instant_is_not_reminded_of(world: World) -> None:
    world.rule(60)
    visit = world.visit(NOW + HOUR + MINUTE)
    assert tick(NOW) == {}
    Appointment.objects.filter(pk=visit.pk).update(
        status=Status.CANCELLED, cancelled_at=NOW, cancelled_by=ActorKind.PATIENT
    )
    assert tick(NOW + MINUTE) == {}


def test_a_day_before_a_visit_booked_36_hours_ahead_fires_once(world: World) -> None:
    world.rule(1440)
    visit = world.visit(NOW + 36 * HOUR, confirmed_at=NOW)
    assert tick_every_minute(NOW, NOW + 13 * HOUR) == [visit.starts_at - DAY]


def test_a_day_before_a_visit_booked_20_hours_ahead_is_skipped_and_logged(world: World) -> None:
    world.rule(1440)
    visit = world.visit(NOW + 20 * HOUR, confirmed_at=NOW)
    assert tick(NOW + MINUTE) == {"skipped": 1}
    (row,) = sent()
    assert (row.outcome, row.reason) == (Outcome.SKIPPED, BOOKED_LATE)
    assert row.due_at == visit.starts_at - DAY
    assert tick(NOW + 2 * MINUTE) == {}
    assert published() == []


def test_a_visit_confirmed_at_its_very_instant_is_reminded_of(world: World) -> None:
    world.rule(60)
    world.visit(NOW + HOUR, confirmed_at=NOW)
    assert tick(NOW) == {"fired": 1}


def test_an_hour_is_an_hour_across_a_change_of_the_clocks(world: World) -> None:
    world.rule(1440)
    # Berlin: 28 March 2027, 02:00 becomes 03:00; the day before is 23 wall-clock hours long.
    starts_at = datetime(2027, 3, 28, 8, 0, tzinfo=UTC)
    world.visit(starts_at, confirmed_at=starts_at - 3 * DAY)
    assert tick(starts_at - DAY - MINUTE) == {}
    assert tick(starts_at - DAY) == {"fired": 1}


def test_a_confirm_that_commits_after_the_tick_that_should_have_seen_it_is_reminded_of(
    world: World,
) -> None:
    world.rule(60)
    assert tick(NOW + MINUTE) == {}
    world.visit(NOW + HOUR, confirmed_at=NOW - MINUTE)  # due at NOW, visible only now
    assert tick(NOW + 2 * MINUTE) == {"fired": 1}


@pytest.mark.parametrize("down", [5 * MINUTE, 3 * HOUR, 2 * DAY])
def test_after_an_outage_what_is_still_useful_goes_once(world: World, down: timedelta) -> None:
    world.rule(60)
    tick(NOW)
    back = NOW + down
    ahead = world.visit(back + HOUR - 2 * MINUTE)  # came due while the manager was down
    later = world.visit(back + 2 * HOUR)
    assert tick(back) == {"fired": 1}
    assert [row.appointment_id for row in sent()] == [ahead.pk]
    assert tick(back + HOUR) == {"fired": 1}
    assert [row.appointment_id for row in sent()] == [ahead.pk, later.pk]
    assert tick(back + HOUR + MINUTE) == {}


def test_after_two_days_down_what_has_begun_is_recorded_as_missed(world: World) -> None:
    world.rule(60)
    tick(NOW)
    begun = [world.visit(NOW + hours * HOUR) for hours in (2, 30, 48)]
    world.visit(NOW + 2 * DAY + 30 * MINUTE)
    assert tick(NOW + 2 * DAY) == {"missed": 3, "fired": 1}
    missed = sent(Outcome.MISSED)
    assert [row.appointment_id for row in missed] == [visit.pk for visit in begun]
    assert {row.reason for row in missed} == {MANAGER_WAS_DOWN}
    assert tick(NOW + 2 * DAY + MINUTE) == {}
    assert len(published()) == 1


def test_at_the_start_it_is_too_late(world: World) -> None:
    world.rule(60)
    tick(NOW)
    visit = world.visit(NOW + 2 * HOUR)
    assert tick(visit.starts_at) == {"missed": 1}


def test_the_very_first_pass_finds_what_came_due_since_the_rule_was_made(world: World) -> None:
    world.rule(60, now=NOW)
    world.visit(NOW + 2 * HOUR)
    world.visit(NOW + 3 * HOUR)
    assert tick(NOW + 2 * HOUR + MINUTE) == {"missed": 1, "fired": 1}


def test_a_clock_set_back_neither_fires_twice_nor_moves_the_mark(world: World) -> None:
    world.rule(60)
    world.visit(NOW + HOUR)
    assert tick(NOW) == {"fired": 1}
    mark = due.looked_until()
    assert tick(NOW - HOUR) == {}
    assert due.looked_until() == mark == NOW
    assert tick(NOW) == {}
    assert len(published()) == 1


def test_what_comes_due_while_the_clock_is_behind_the_mark_is_not_lost(world: World) -> None:
    world.rule(60)
    tick(NOW + 3 * HOUR)  # a clock three hours ahead, corrected now
    world.visit(NOW + 2 * HOUR)
    assert tick(NOW + HOUR - MINUTE) == {}
    assert tick(NOW + HOUR) == {"fired": 1}


def test_a_clock_that_ran_ahead_has_not_made_visits_missed(world: World) -> None:
    world.rule(60)
    tick(NOW)
    world.visit(NOW + 2 * HOUR)
    assert tick(NOW + 5 * HOUR) == {"missed": 1}  # three hours too far
    assert tick(NOW + HOUR) == {"fired": 1}
    (row,) = sent()
    assert row.outcome == Outcome.FIRED


def test_the_mark_stands_still_when_the_pass_breaks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.rule(60)
    tick(NOW - MINUTE)
    world.visit(NOW + HOUR)

    def break_off(self: due.Pass) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(due.Pass, "complete", break_off)
        with pytest.raises(RuntimeError):
            tick(NOW)
    assert due.looked_until() == NOW - MINUTE
    assert published() == []
    assert tick(NOW + MINUTE) == {"fired": 1}


# New, edited, removed and restored rules


def test_a_new_rule_skips_the_visits_whose_instant_has_passed(world: World) -> None:
    near, far = world.visit(NOW + HOUR), world.visit(NOW + 5 * HOUR)
    rules.add_rule(world.type, recipient_group="patient", minutes_before=120, actor=ADMIN, now=NOW)
    assert tick(NOW + MINUTE) == {"skipped": 1}
    (row,) = sent()
    assert (row.appointment_id, row.reason) == (near.pk, RULE_IS_NEWER)
    assert tick_every_minute(NOW + 2 * MINUTE, far.starts_at) == [far.starts_at - 2 * HOUR]
    assert len(sent(Outcome.FIRED)) == 1


def test_a_sweep_happens_once(world: World) -> None:
    rule = rules.add_rule(
        world.type, recipient_group="patient", minutes_before=120, actor=ADMIN, now=NOW
    )
    tick(NOW)
    rule.refresh_from_db()
    assert not rule.is_sweep_wanted


def test_an_edit_during_the_pass_keeps_its_wish_for_a_sweep(world: World) -> None:
    rule = rules.add_rule(
        world.type, recipient_group="patient", minutes_before=60, actor=ADMIN, now=NOW
    )
    found = due.find(NOW)
    rules.change_rule(rule, minutes_before=120, actor=ADMIN, now=NOW)
    found.complete()
    rule.refresh_from_db()
    assert rule.is_sweep_wanted


def test_an_edit_that_moves_the_instant_into_the_past_fires_with_the_next_run(
    world: World,
) -> None:
    rule = world.rule(60)
    visit = world.visit(NOW + 5 * HOUR)
    assert tick(NOW) == {}
    rules.change_rule(rule, minutes_before=1440, actor=ADMIN, now=NOW)
    assert tick(NOW + MINUTE) == {"fired": 1}
    assert tick_every_minute(NOW + 2 * MINUTE, visit.starts_at) == []


def test_an_edit_in_the_minute_of_the_old_instant_loses_nothing(world: World) -> None:
    rule = world.rule(60)
    tick(NOW - MINUTE)
    world.visit(NOW + HOUR)  # due now, and not looked at before the edit
    rules.change_rule(rule, minutes_before=90, actor=ADMIN, now=NOW + timedelta(seconds=30))
    assert tick(NOW + MINUTE) == {"fired": 1}


def test_an_edit_to_a_later_instant_waits_for_it(world: World) -> None:
    rule = world.rule(1440)
    visit = world.visit(NOW + 25 * HOUR)
    rules.change_rule(rule, minutes_before=60, actor=ADMIN, now=NOW)
    assert tick_every_minute(NOW, NOW + 2 * HOUR) == []
    assert tick(visit.starts_at - HOUR) == {"fired": 1}


def test_what_has_fired_never_fires_again_whatever_the_edit(world: World) -> None:
    rule = world.rule(60)
    visit = world.visit(NOW + HOUR)
    assert tick(NOW) == {"fired": 1}
    for minutes in (30, 1440, 45):
        rules.change_rule(rule, minutes_before=minutes, actor=ADMIN, now=NOW + MINUTE)
        assert tick_every_minute(NOW + MINUTE, visit.starts_at) == []
    assert len(published()) == 1


def test_a_visit_skipped_as_booked_late_is_reminded_of_at_the_edited_instant(
    world: World,
) -> None:
    rule = world.rule(1440)
    visit = world.visit(NOW + 20 * HOUR, confirmed_at=NOW)
    assert tick(NOW) == {"skipped": 1}
    rules.change_rule(rule, minutes_before=60, actor=ADMIN, now=NOW + MINUTE)
    assert tick(NOW + 2 * MINUTE) == {}
    assert tick(visit.starts_at - HOUR) == {"fired": 1}
    (row,) = sent()
    assert (row.outcome, row.minutes_before) == (Outcome.FIRED, 60)


def test_an_edit_does_not_reach_a_visit_booked_after_it(world: World) -> None:
    rule = world.rule(60)
    rules.change_rule(rule, minutes_before=120, actor=ADMIN, now=NOW)
    world.visit(NOW + HOUR, confirmed_at=NOW + MINUTE)
    assert tick(NOW + 2 * MINUTE) == {"skipped": 1}


def test_a_confirm_that_commits_after_the_sweep_of_an_edit_is_reminded_of(world: World) -> None:
    rule = world.rule(60)
    rules.change_rule(rule, minutes_before=600, actor=ADMIN, now=NOW)
    assert tick(NOW + MINUTE) == {}
    world.visit(NOW + 5 * HOUR, confirmed_at=NOW - MINUTE)  # visible only now
    assert tick(NOW + 2 * MINUTE) == {"fired": 1}


def test_a_removed_rule_fires_no_more_and_keeps_its_rows(world: World) -> None:
    rule = world.rule(60)
    world.visit(NOW + HOUR)
    world.visit(NOW + 2 * HOUR)
    assert tick(NOW) == {"fired": 1}
    rules.remove_rule(rule, actor=ADMIN, now=NOW)
    assert tick(NOW + HOUR) == {}
    assert len(sent()) == 1


def test_a_rule_removed_between_finding_and_firing_does_not_fire(world: World) -> None:
    rule = world.rule(60)
    world.visit(NOW + HOUR)
    found = due.find(NOW)
    rules.remove_rule(rule, actor=ADMIN, now=NOW)
    assert len(found.due) == 1
    assert tick(NOW) == {}


def test_a_restored_rule_catches_up_with_what_is_ahead(world: World) -> None:
    rule = world.rule(60)
    world.visit(NOW + HOUR)
    rules.remove_rule(rule, actor=ADMIN, now=NOW - MINUTE)
    assert tick(NOW) == {}
    assert tick(NOW + 20 * MINUTE) == {}
    rules.restore(rule, actor=ADMIN, now=NOW + 21 * MINUTE)
    assert tick(NOW + 22 * MINUTE) == {"fired": 1}


def test_the_mark_is_one_row(world: World) -> None:
    tick(NOW)
    tick(NOW + MINUTE)
    assert DueMark.objects.get().looked_until == NOW + MINUTE
    assert not AppointmentReminderSent.objects.exists()
    assert not ReminderRule.objects.exists()
