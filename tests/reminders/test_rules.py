"""The verbs of reminder rules, and what their form says before saving."""

import pytest

from organisations.models import AuditEntry
from reminders import rules
from reminders.errors import AlreadyExists, Invalid
from reminders.models import ReminderRule
from reminders.rules import Preview
from tests.factories import ADMIN, NOW

from .world import HOUR, MINUTE, World, tick


def audited() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_a_rule_is_added_and_audited(world: World) -> None:
    rule = rules.add_rule(
        world.type,
        recipient_group="doctor",
        minutes_before=15,
        send_sms=True,
        actor=ADMIN,
        now=NOW,
    )
    rule.refresh_from_db()
    assert rule.organisation == world.organisation
    assert (rule.recipient_group, rule.minutes_before) == ("doctor", 15)
    assert (rule.send_email, rule.send_sms) == (False, True)
    assert rule.created_at == NOW
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_uid) == ("reminder_rule.created", rule.uid)
    assert (entry.actor_uid, entry.at) == (ADMIN.uid, NOW)


@pytest.mark.parametrize("minutes", [0, -1, 43_201, True])
def test_an_offset_is_a_whole_number_from_1_to_43200(world: World, minutes: int) -> None:
    with pytest.raises(Invalid) as refused:
        world.rule(minutes)
    assert refused.value.field == "minutes_before"
    rule = world.rule(60)
    with pytest.raises(Invalid):
        rules.change_rule(rule, minutes_before=minutes, actor=ADMIN, now=NOW)
    with pytest.raises(Invalid):
        rules.preview(world.type, minutes_before=minutes, now=NOW)


def test_the_bounds_themselves_are_fine(world: World) -> None:
    assert [world.rule(minutes).minutes_before for minutes in (1, 43_200)] == [1, 43_200]


def test_an_unknown_group_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        world.rule(60, "nurse")
    assert refused.value.field == "recipient_group"


def test_group_and_offset_are_unique_among_living_rules_of_a_type(world: World) -> None:
    first = world.rule(60)
    with pytest.raises(AlreadyExists):
        world.rule(60)
    world.rule(60, "doctor")
    world.rule(61)
    other = World()
    other.rule(60)
    rules.remove_rule(first, actor=ADMIN, now=NOW)
    world.rule(60)
    with pytest.raises(AlreadyExists):
        rules.restore(first, actor=ADMIN, now=NOW)
    assert ReminderRule.objects.of(world.organisation).living().count() == 3


def test_a_change_onto_another_rule_is_refused_and_changes_nothing(world: World) -> None:
    world.rule(60)
    rule = world.rule(30)
    with pytest.raises(AlreadyExists):
        rules.change_rule(rule, minutes_before=60, actor=ADMIN, now=NOW)
    rule.refresh_from_db()
    assert (rule.minutes_before, rule.offset_changed_at) == (30, None)
    assert audited() == ["reminder_rule.created"] * 2


def test_a_new_offset_says_when_it_was_edited_and_asks_for_a_sweep(world: World) -> None:
    rule = rules.change_rule(world.rule(60), minutes_before=90, actor=ADMIN, now=NOW)
    rule.refresh_from_db()
    assert (rule.minutes_before, rule.offset_changed_at, rule.is_sweep_wanted) == (90, NOW, True)
    assert audited()[-1] == "reminder_rule.changed"


def test_a_change_of_the_toggles_is_no_new_offset(world: World) -> None:
    rule = rules.change_rule(
        world.rule(60), send_email=False, send_sms=True, minutes_before=60, actor=ADMIN, now=NOW
    )
    rule.refresh_from_db()
    assert (rule.send_email, rule.send_sms) == (False, True)
    assert (rule.offset_changed_at, rule.is_sweep_wanted) == (None, False)


def test_a_change_of_nothing_writes_nothing(world: World) -> None:
    rules.change_rule(world.rule(60), minutes_before=60, actor=ADMIN, now=NOW)
    assert audited() == ["reminder_rule.created"]


def test_removing_keeps_the_row_and_restoring_brings_it_back(world: World) -> None:
    rule = rules.remove_rule(world.rule(60), actor=ADMIN, now=NOW)
    rules.remove_rule(rule, actor=ADMIN, now=NOW + MINUTE)
    assert ReminderRule.objects.get().deleted_at == NOW
    with pytest.raises(Invalid):
        rules.change_rule(rule, minutes_before=30, actor=ADMIN, now=NOW)
    rules.restore(rule, actor=ADMIN, now=NOW + HOUR)
    rules.restore(rule, actor=ADMIN, now=NOW + HOUR)
    assert ReminderRule.objects.get().deleted_at is None
    assert audited() == [f"reminder_rule.{what}" for what in ("created", "removed", "restored")]


# What the form says before saving


def test_a_new_rule_reaches_what_is_far_enough_ahead(world: World) -> None:
    world.visit(NOW - HOUR)
    for hours in (1, 3, 5):
        world.visit(NOW + hours * HOUR)
    World().visit(NOW + 5 * HOUR)
    preview = rules.preview(world.type, minutes_before=120, now=NOW)
    assert preview == Preview(upcoming=2, at_once=0, too_close=1)


def test_what_the_form_says_of_a_new_rule_comes_true(world: World) -> None:
    for hours in (1, 2, 3):
        world.visit(NOW + hours * HOUR)
    preview = rules.preview(world.type, minutes_before=120, now=NOW)
    rules.add_rule(world.type, recipient_group="patient", minutes_before=120, actor=ADMIN, now=NOW)
    assert preview == Preview(upcoming=2, at_once=1, too_close=1)
    assert tick(NOW) == {"fired": 1, "skipped": 1}
    assert tick(NOW + HOUR) == {"fired": 1}


def test_what_the_form_says_of_an_edit_comes_true(world: World) -> None:
    rule = world.rule(60)
    for hours in (1, 2, 3, 30):
        world.visit(NOW + hours * HOUR)
    assert tick(NOW) == {"fired": 1}
    preview = rules.preview(world.type, minutes_before=200, now=NOW + MINUTE, rule=rule)
    assert preview == Preview(upcoming=3, at_once=2, too_close=0)
    rules.change_rule(rule, minutes_before=200, actor=ADMIN, now=NOW + MINUTE)
    assert tick(NOW + 2 * MINUTE) == {"fired": 2}


def test_a_change_of_the_toggles_alone_brings_nobody_back(world: World) -> None:
    rule = world.rule(1440)
    world.visit(NOW + HOUR, confirmed_at=NOW)  # booked late
    world.visit(NOW + 30 * HOUR)
    tick(NOW)
    preview = rules.preview(world.type, minutes_before=1440, now=NOW + MINUTE, rule=rule)
    assert preview == Preview(upcoming=1, at_once=0, too_close=1)
