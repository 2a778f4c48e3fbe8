"""A GET changes nothing, whoever asks, and a visit that was moved twice is walked both ways by what is told of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment
from common.clock import to_epoch
from notifications.models import Event
from organisations.models import Patient

from .world import Clinic, Partner, on_the_grid, with_key, with_token

pytestmark = pytest.mark.django_db

WRITES = re.compile(r"^\s*(INSERT|UPDATE|DELETE)", re.IGNORECASE)
# When a credential was used last is written about once a minute; nothing else is.
OF_USE = re.compile(r"SET \"last_used_at\"")


def every_get(partner: Partner, clinic: Clinic, visit: Appointment, patient: Patient) -> list[Any]:
    start = to_epoch(on_the_grid(timedelta(days=1)))
    span = {"from_": start, "to": start + 86_400}
    shop = {"shop_uid": clinic.shop.uid}
    return [
        partner.get("/appointment-types", **shop),
        partner.get("/doctors", **shop),
        partner.get("/slots", appointment_type_uid=clinic.kind.uid, **shop, **span),
        partner.get("/appointments", status="all", patient_profile_uid=patient.uid),
        partner.get(f"/appointments/{visit.uid}"),
        partner.get(f"/appointments/{visit.uid}/rebook-slots", **span),
    ]


def test_no_get_writes_anything_but_when_a_credential_was_used(clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = clinic.appointment(patient)
    for partner in (with_token(clinic), with_token(clinic, "nobody-yet"), with_key(clinic)):
        with CaptureQueriesContext(connection) as captured:
            answers = every_get(partner, clinic, visit, patient)
        statements = [query["sql"] for query in captured]

        assert {answer.status_code for answer in answers} <= {200, 404}
        assert [sql for sql in statements if WRITES.match(sql) and not OF_USE.search(sql)] == []
    with CaptureQueriesContext(connection) as captured:  # the watch sees a write when there is one
        with_token(clinic, "nobody-yet").hold(clinic, on_the_grid(timedelta(days=2)))
    assert any(WRITES.match(query["sql"]) for query in captured)


def test_a_visit_moved_twice_is_walked_both_ways_in_answers_and_events(clinic: Clinic) -> None:
    partner = with_token(clinic)
    start = on_the_grid(timedelta(hours=48))
    held = partner.hold(clinic, start).json()
    first = partner.post(f"/appointments/{held['uid']}/confirm").json()
    second = partner.post(
        f"/appointments/{first['uid']}/rebook", starts_at=first["starts_at"] + 7200
    ).json()
    third = partner.post(
        f"/appointments/{second['uid']}/rebook", starts_at=first["starts_at"] + 14_400
    ).json()
    a, b, c = (each["uid"] for each in (first, second, third))

    links = ("previous_meeting_uid", "rebooked_to_uid")
    told = {
        uid: [
            tuple(event.data[name] for name in ("previous_status", "status", *links))
            for event in Event.objects.filter(subject_uid=uid, is_hold_event=False).order_by(
                "timestamp"
            )
        ]
        for uid in (a, b, c)
    }

    shown = [partner.get(f"/appointments/{uid}").json() for uid in (a, b, c)]
    assert [tuple(each[name] for name in links) for each in shown] == [
        (None, b),
        (a, c),
        (b, None),
    ]
    assert told == {
        a: [("held", "confirmed", None, None), ("confirmed", "cancelled", None, b)],
        b: [(None, "confirmed", a, None), ("confirmed", "cancelled", a, c)],
        c: [(None, "confirmed", b, None)],
    }
