"""Every route of the booking page × method × caller, against `access_table.BOOK`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse

from appointments.models import Appointment
from tests.appointments.clinic import START, Clinic, make_clinic
from tests.factories import NOW, make_member
from tests.portals.access_table import BOOK
from tests.portals.callers import expected, taken_back
from tests.portals.everything import absent
from tests.portals.routes import routes

from .front import Shop, Visitor, launched

Uids = Mapping[str, str]
NAMED_BY_UID = {"booking:details", "booking:done", "booking:release"}
WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE)\b(?! OF\b)")


def uids_of(visitor: Visitor, clinic: Clinic) -> Uids:
    """What fills the URLs: a hold, and for `done` a booked visit."""
    booked = clinic.book(START.replace(hour=20), patient=visitor.patient)
    visitor.hold(clinic.kind, START)
    return {"booking:done": booked.uid, "": visitor.held().uid}


def wrong_answers(client: Client, uids: Uids, want: Callable[[str, str], int]) -> list[str]:
    wrong = []
    for route in routes("book"):
        if route.name not in BOOK:
            continue
        uid = uids.get(route.name, uids[""])
        url = reverse(route.name, args=[uid] if route.parameters else [])
        for method in ("GET", "POST", "DELETE"):
            with taken_back():
                status = client.generic(method, url).status_code
            if status != want(route.name, method):
                wrong.append(f"{method} {route.name}: {status}, not {want(route.name, method)}")
    return wrong


def test_the_patient_gets_every_page_of_their_own(visitor: Visitor, clinic: Clinic) -> None:
    uids = uids_of(visitor, clinic)

    found = wrong_answers(visitor.client, uids, lambda name, method: expected(BOOK[name], method))
    assert found == []
    assert len([route for route in routes("book") if route.name in BOOK]) == len(BOOK)


def test_without_a_booking_session_nobody_gets_anything(visitor: Visitor, clinic: Clinic) -> None:
    uids, admin = uids_of(visitor, clinic), Client()
    admin.force_login(make_member(organisation=clinic.organisation).user)

    for client in (Client(), admin):
        assert wrong_answers(client, uids, lambda name, method: 404) == []


def test_another_patients_visit_is_as_absent_as_one_that_never_was(
    visitor: Visitor, clinic: Clinic, shop: Shop
) -> None:
    """Of the same shop, and of another clinic."""
    uids = uids_of(visitor, clinic)
    nothing = {name: absent(uid) for name, uid in uids.items()}
    strangers = [launched(shop.code("customer-2")), launched(Shop(make_clinic(), NOW).code())]

    def want(name: str, method: str) -> int:
        status, has_uid = expected(BOOK[name], method), name in NAMED_BY_UID
        return 404 if has_uid and status != 405 else status

    for stranger in strangers:
        assert wrong_answers(stranger.client, uids, want) == []
        assert wrong_answers(stranger.client, nothing, want) == []
        pages = [
            stranger.client.get(reverse("booking:details", args=[each[""]])).content
            for each in (uids, nothing)
        ]
        assert pages[0] == pages[1]


def test_looking_writes_nothing(visitor: Visitor, clinic: Clinic) -> None:
    uids, written = uids_of(visitor, clinic), []

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if WRITES.search(sql):
            written.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        for route in routes("book"):
            uid = uids.get(route.name, uids[""])
            visitor.client.get(reverse(route.name, args=[uid] if route.parameters else []))
            assert written == [], route.name
        held = Appointment.objects.get(uid=uids[""])
        visitor.release(held)

    assert written  # the watch sees a write when there is one
