"""The hot queries' plans as PostgreSQL makes them for a million rows: by index, nothing sorted on disk.

Ten thousand rows are written and analysed; then their statistics say a hundred times as many. A planner
that believes in a million rows reads no big table as a whole and sorts no large part of one.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments import lifecycle, slots
from appointments.errors import Refused
from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from common.clock import to_epoch
from notifications import leases, wake
from organisations import api_keys
from organisations.models import Organisation, Patient, Permission
from portals.clinic.search import queries as search
from reminders import due, rules
from reminders.models import DueMark, ReminderRule
from tests import factories
from tests.many_visits import write_visits

ROWS, TIMES = 10_000, 100
# What a hot query may sort: a page, a day, a handful.
MOST_SORTED = 500
BIG = (
    "appointments_appointment",
    "appointments_appointmenttransition",
    "organisations_patient",
    "notifications_event",
    "notifications_delivery",
    "appointment_reminders_sent",
)

_EVENTS = """
INSERT INTO notifications_event (uid, organisation_id, shop_id, event_type, timestamp, subject_uid,
    about_uid, is_hold_event, data, contact_paths, created_at)
SELECT 'evt-' || id, organisation_id, shop_id, 'PATIENT_DOCTOR_MEETING_UPDATED', id, uid, uid, false,
    '{}', '[]', starts_at FROM appointments_appointment
"""
_DELIVERIES = """
INSERT INTO notifications_delivery (uid, organisation_id, event_id, channel, kind, subject_uid, about_uid,
    recipient_group, recipient_uid, address, context, body, is_test, state, reason, attempt_count,
    next_attempt_at, lease_token, provider_message_id, created_at, settled_at)
SELECT 'dlv-' || id, organisation_id, id, 'email', 'appointment.confirmed', subject_uid, about_uid,
    'patient', '', 'someone@patients.example', '{}', '', false,
    CASE WHEN id % 500 = 0 THEN 'pending' ELSE 'sent' END, '', 1,
    CASE WHEN id % 500 = 0 THEN created_at END, '', 'msg-' || id, created_at,
    CASE WHEN id % 500 <> 0 THEN created_at END FROM notifications_event
"""
_TRANSITIONS = """
INSERT INTO appointments_appointmenttransition (organisation_id, appointment_id, at, from_status,
    to_status, actor_kind, actor_uid, actor_label, reason, note)
SELECT organisation_id, id, created_at, '', 'held', 'patient', '', '', '', ''
FROM appointments_appointment
"""
_SENT = """
INSERT INTO appointment_reminders_sent (uid, organisation_id, appointment_id, rule_id, recipient_group,
    recipient_uid, minutes_before, due_at, outcome, reason, created_at)
SELECT 'sent-' || visit.id, visit.organisation_id, visit.id, rule.id, 'patient', 'pp', 60,
    visit.starts_at, 'fired', '', visit.created_at
FROM appointments_appointment visit JOIN reminders_reminderrule rule USING (appointment_type_id)
"""
_INFLATE = """
UPDATE pg_class SET reltuples = reltuples * %s
WHERE relname = ANY(%s)
   OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = ANY(%s::regclass[]))
"""


@dataclass(frozen=True)
class World:
    organisation: Organisation
    kind: AppointmentType
    patient: Patient
    now: datetime

    @property
    def visit(self) -> Appointment:
        return Appointment.objects.filter(status=Status.CONFIRMED).latest("pk")


@pytest.fixture
def world(db: None) -> World:
    now = datetime.now(UTC).replace(minute=40, second=0, microsecond=0)
    organisation = factories.make_organisation()
    write_visits(organisation, ROWS)
    for kind in AppointmentType.objects.of(organisation):
        make_rule(kind, now)
    DueMark.objects.create(looked_until=now - timedelta(minutes=1))
    with connection.cursor() as cursor:
        for statement in (_EVENTS, _DELIVERIES, _TRANSITIONS, _SENT, "ANALYZE"):
            cursor.execute(statement)
        cursor.execute(_INFLATE, [TIMES, list(BIG), list(BIG)])
    patient = Patient.objects.of(organisation).latest("pk")
    return World(organisation, kind, patient, now)


def make_rule(kind: AppointmentType, now: datetime) -> None:
    rules.add_rule(
        kind,
        recipient_group="patient",
        minutes_before=60,
        send_email=False,
        send_sms=False,
        actor=factories.ADMIN,
        now=now - timedelta(days=30),
    )
    ReminderRule.objects.update(is_sweep_wanted=False)


def hold(world: World) -> None:
    start = world.now.replace(minute=0) + timedelta(days=5, hours=12)
    with suppress(Refused):
        lifecycle.hold(
            patient=world.patient,
            appointment_type=world.kind,
            starts_at=start,
            actor=factories.PARTNER,
            now=world.now,
        )


def list_slots(world: World) -> None:
    start = to_epoch(world.now)
    assert slots.bookable(world.kind, start=start, end=start + 7 * 86_400, now=world.now) == []


def call(path: str) -> Callable[[World], None]:
    """Through the Management API."""

    def work(world: World) -> None:
        _, key = api_keys.issue(
            world.organisation,
            name="Reader",
            permissions=[Permission.SCHEDULING_READ],
            actor=factories.ADMIN,
            now=world.now,
        )
        path_now = path.format(visit=world.visit.uid, patient=world.patient.uid)
        answer = Client().get(f"/v1/management/scheduling/{path_now}", headers={"X-API-Key": key})
        assert answer.status_code == 200

    return work


HOT: dict[str, Callable[[World], object]] = {
    "slots of a week": list_slots,
    "hold with any doctor": hold,
    "confirm": lambda world: lifecycle.confirm(world.visit, actor=factories.PARTNER, now=world.now),
    "holds that ran out": lambda world: lifecycle.expire_stale_holds(now=world.now),
    "visits to complete": lambda world: lifecycle.complete_finished(
        now=world.now - timedelta(days=200)
    ),
    "reminders due": lambda world: due.find(world.now),
    "deliveries to wake for": lambda world: wake.due(world.now),
    "deliveries to claim": lambda world: leases.claim(world.now, limit=64),
    "a visit by key": call("appointments/{visit}"),
    "a patient's visits by key": call("appointments?patient_uid={patient}&status=all"),
    "a patient by a piece of the name": lambda world: search.find(world.organisation, "1977"),
    "the history of a visit": lambda world: list(world.visit.transitions.all()),
}


@pytest.mark.timeout(60)
def test_no_hot_query_reads_a_big_table_or_sorts_much_of_one(
    world: World, subtests: pytest.Subtests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake, "_send", lambda *_, **__: None)
    for name, work in HOT.items():
        with subtests.test(name):
            plans = list(plans_of(partial(work, world)))
            assert plans, "it asks nothing of a big table"
            for plan in plans:
                for node in nodes(plan):
                    check(node)
        with subtests.test("negative control"):
            (plan,) = plans_of(Appointment.objects.filter(cancellation_reason="no car").first)
            assert "Seq Scan" in {node["Node Type"] for node in nodes(plan)}


@pytest.mark.parametrize(
    "node",
    [
        {"Node Type": "Seq Scan", "Relation Name": "organisations_patient"},
        {"Node Type": "Sort", "Actual Rows": MOST_SORTED + 1},
        {"Node Type": "Sort", "Actual Rows": 1, "Sort Space Type": "Disk"},
    ],
)
def test_the_check_refuses_what_it_is_there_for(node: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check(node)


def plans_of(work: Callable[[], object]) -> Iterator[dict[str, Any]]:
    """Of every SELECT that names a big table."""
    with CaptureQueriesContext(connection) as captured:
        work()
    statements = [str(each["sql"]) for each in captured.captured_queries]
    with connection.cursor() as cursor:
        for statement in statements:
            is_read = statement.lstrip().startswith(("SELECT", "WITH"))
            if is_read and any(table in statement for table in BIG):
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
                yield cursor.fetchone()[0][0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def check(node: dict[str, Any]) -> None:
    if node.get("Relation Name") in BIG:
        assert node["Node Type"] != "Seq Scan", f"reads the whole {node['Relation Name']}"
    if "Sort" in node["Node Type"]:
        assert node.get("Sort Space Type", "Memory") == "Memory", "sorts on disk"
        assert node["Actual Rows"] <= MOST_SORTED, f"sorts {node['Actual Rows']} rows"
