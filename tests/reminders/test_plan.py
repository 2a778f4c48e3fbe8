"""The minute's statement costs what is due: index ranges, whatever the planner fears of a big table."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reminders import due, firing
from tests.factories import NOW

from .world import DAY, HOUR, MINUTE, World

# Copies of one visit by SQL, one after the other, over the months ahead.
_COPIES = """
INSERT INTO appointments_appointment ({columns})
SELECT {values} FROM appointments_appointment visit, generate_series(1, %s) number
WHERE visit.id = %s
"""


@pytest.fixture
def busy_world(world: World) -> World:
    """6,000 confirmed visits and 3,000 sent rows, analysed; three offsets."""
    for minutes, group in ((1440, "doctor"), (60, "patient"), (15, "doctor")):
        world.rule(minutes, group)
    visit = world.visit(NOW + HOUR)
    firing.fire_due(NOW)
    own = {
        "uid": "'mtg-' || number",
        "link_nonce": "'n-' || number",
        **{
            name: f"visit.{name} + number * interval '35 minutes'"
            for name in ("starts_at", "ends_at", "blocked_from", "blocked_until")
        },
    }
    columns = [str(f.column) for f in type(visit)._meta.local_concrete_fields if not f.primary_key]
    values = ", ".join(own.get(name, f"visit.{name}") for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(_COPIES.format(columns=", ".join(columns), values=values), [6_000, visit.pk])
        cursor.execute(
            "INSERT INTO appointment_reminders_sent (uid, organisation_id, appointment_id, rule_id,"
            " recipient_group, recipient_uid, minutes_before, due_at, outcome, reason, created_at)"
            " SELECT 'sent-' || visit.id, visit.organisation_id, visit.id, rule.id, 'patient', 'pp',"
            " 60, visit.starts_at, 'fired', '', visit.created_at"
            " FROM appointments_appointment visit, reminders_reminderrule rule"
            " WHERE rule.minutes_before = 60 AND visit.id % 2 = 0"
            " ON CONFLICT DO NOTHING"
        )
        cursor.execute("ANALYZE appointments_appointment, appointment_reminders_sent")
        cursor.execute("ANALYZE reminders_reminderrule")
    return world


def plan_of_the_minute() -> dict[str, Any]:
    with CaptureQueriesContext(connection) as queries:
        due.find(NOW + MINUTE)
    (statement,) = (q["sql"] for q in queries if "WITH RECURSIVE" in q["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
        (explained,) = cursor.fetchone()
    plan = json.loads(explained) if isinstance(explained, str) else explained
    found: dict[str, Any] = plan[0]
    return found


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def test_an_idle_minute_reads_index_ranges_and_a_handful_of_pages(busy_world: World) -> None:
    plan = plan_of_the_minute()["Plan"]
    assert plan["Actual Rows"] == 0
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 150
    reads = {
        (node["Relation Name"], node["Node Type"], node.get("Index Name"))
        for node in nodes(plan)
        if "Relation Name" in node and not node["Relation Name"].startswith("reminders_")
    }
    big = {name: {(kind, index) for of, kind, index in reads if of == name} for name, *_ in reads}
    assert {index for _, index in big["appointments_appointment"]} == {
        "appointment_to_remind",
        "appointment_newly_confirmed",
    }
    assert all(kind == "Index Scan" for kind, _ in big["appointments_appointment"])
    assert {index for _, index in big["appointment_reminders_sent"]} == {
        "reminder_is_dealt_with_once_per_recipient"
    }


def test_jit_is_off_for_every_statement_of_ours(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


def test_the_sweep_is_left_out_when_nothing_wants_it(world: World) -> None:
    world.rule(60)
    with CaptureQueriesContext(connection) as queries:
        found = due.find(NOW)
    assert found.swept == []
    assert len(queries) == 2
    assert "ANY(" not in queries[1]["sql"]


def test_an_outage_widens_the_window_and_nothing_else(busy_world: World) -> None:
    found = due.find(NOW + DAY)
    starts = [one.starts_at for one in found.due]
    assert starts
    assert max(starts) <= NOW + 2 * DAY
    assert min(starts) >= NOW - due.LOOK_BACK + timedelta(minutes=15)
