"""Patients by key: found or created by the shop's number, read, handed over, erased; each in the audit log."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import patient_records
from appointments.status import Status
from common.clock import to_epoch, utc_now
from notifications import outbox
from notifications.models import Channel, Delivery
from organisations import patients
from organisations.models import ApiKey, AuditEntry, Patient, Permission
from tests.api.world import Clinic, make_clinic
from tests.factories import ADMIN, make_patient, make_shop

from .world import ABSENT, Integrator, integrator

PATH = "/patients"
FIELDS: list[dict[str, Any]] = [
    {"field": "first_name", "value": "Robin", "source": "shop"},
    {"field": "last_name", "value": "Example"},
    {"field": "date_of_birth", "value": "1990-02-03"},
    {"field": "phone", "value": None},
]


def resolve(api: Integrator, clinic: Clinic, **body: Any) -> Any:
    sent = {"shop_uid": clinic.shop.uid, "shop_customer_id": "customer-7", **body}
    return api.post(PATH, **sent)


def audited() -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.filter(action__startswith="patient").order_by("pk")
    return list(rows.values_list("action", "object_uid", "actor_uid"))


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_first_call_creates_and_the_next_finds(
    clinic: Clinic, api: Integrator, slash: str
) -> None:
    sent = {"shop_uid": clinic.shop.uid, "shop_customer_id": "7", "email": "R@Shop.example"}
    created = api.post(PATH + slash, **sent, fields=FIELDS)
    known = api.post(PATH + slash, **sent)

    row = Patient.objects.get()
    assert (created.status_code, created.json()) == (201, {"patient_profile_uid": row.uid})
    assert (known.status_code, known.json()) == (200, {"patient_profile_uid": row.uid})
    assert (row.shop, row.shop_customer_id) == (clinic.shop, "7")
    assert (row.display_name, row.email) == ("Robin Example", "r@shop.example")


def test_by_key_and_by_the_verb_the_rows_are_the_same(clinic: Clinic, api: Integrator) -> None:
    resolve(api, clinic, fields=FIELDS)
    pairs = [(each["field"], each["value"]) for each in FIELDS]
    patients.upsert(clinic.shop, "by-verb", pairs, now=utc_now())

    kept = ("organisation_id", "shop_id", "first_name", "last_name", "email", "phone")
    more = ("date_of_birth", "timezone", "language", "extra_fields", "shop_fields", "erased_at")
    by_key, by_verb = Patient.objects.order_by("pk").values(*kept, *more)
    assert by_key == by_verb


def test_a_value_that_cannot_be_used_stays_out_with_a_warning(
    clinic: Clinic, api: Integrator
) -> None:
    resolve(api, clinic, fields=FIELDS)
    fields = [
        {"field": "date_of_birth", "value": "someday"},
        {"field": "last_name", "value": ""},
        {"field": "shoe_size", "value": 42},
        {"field": "first_name", "value": True},
    ]

    response = resolve(api, clinic, fields=fields)

    assert response.status_code == 200
    warned = [warning["field"] for warning in response.json()["warnings"]]
    assert warned == ["date_of_birth", "shoe_size", "first_name"]
    assert str(Patient.objects.get().date_of_birth) == "1990-02-03"
    assert Patient.objects.get().display_name == "Robin Example"


NOT_RESOLVED: list[tuple[dict[str, Any], str]] = [
    ({"shop_uid": None}, "shop_uid"),
    ({"shop_customer_id": 7}, "shop_customer_id"),
    ({"shop_customer_id": ""}, "shop_customer_id"),
    ({"shop_customer_id": "  "}, "shop_customer_id"),
    ({"shop_customer_id": "x" * 256}, "shop_customer_id"),
    ({"shop_customer_id": "a\0b"}, "shop_customer_id"),
    ({"email": "nobody"}, "email"),
    ({"email": True}, "email"),
    ({"email": "x" * 501}, "email"),
    ({"fields": {"first_name": "Robin"}}, "fields"),
    ({"fields": ["first_name"]}, "fields.0"),
    ({"fields": [*FIELDS, {"field": "phone"}]}, "fields.4.value"),
    ({"fields": [{"field": "phone", "value": ["1"]}]}, "fields.0.value"),
    ({"fields": [{"field": "phone", "value": "\ud800"}]}, "fields.0.value"),
    ({"fields": [{"field": "phone", "value": "1", "source": "me"}]}, "fields.0.source"),
    ({"fields": [{"field": "phone", "value": "1", "by": "me"}]}, "fields.0.by"),
    ({"fields": [FIELDS[3]] * 101}, "fields"),
    ({"first_name": "Robin"}, "first_name"),
]


@pytest.mark.parametrize(("body", "path"), NOT_RESOLVED, ids=lambda v: repr(v)[:40])
def test_bad_input_is_named_by_its_json_path(
    clinic: Clinic, api: Integrator, body: dict[str, Any], path: str
) -> None:
    response = resolve(api, clinic, **body)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {path}
    assert not Patient.objects.exists()


def test_a_patient_is_found_by_address_by_number_and_by_uid(
    clinic: Clinic, api: Integrator
) -> None:
    uid = resolve(api, clinic, email="robin@shop.example", fields=FIELDS).json()[
        "patient_profile_uid"
    ]
    data = {
        "display_name": "Robin Example",
        "email": "robin@shop.example",
        "date_of_birth": "1990-02-03",
    }
    number = {"shop_uid": clinic.shop.uid, "shop_customer_id": "customer-7"}

    answers = [
        api.get(PATH, email="Robin@Shop.example"),
        api.get(f"{PATH}/", **number),
        api.get(PATH, **number, email="robin@shop.example"),
        api.get(f"{PATH}/{uid}"),
        api.get(f"{PATH}/{uid}/"),
    ]

    assert [(r.status_code, r.json()) for r in answers] == [(200, {"uid": uid, "data": data})] * 5
    key = ApiKey.objects.get().uid
    opened, searched = ("patient.opened", uid, key), ("patients.searched", "", key)
    assert audited() == [searched, searched, searched, opened, opened]


def test_of_several_with_one_address_the_newest_unless_the_shop_is_named(
    clinic: Clinic, api: Integrator
) -> None:
    second = make_shop(organisation=clinic.organisation)
    older, newer = (
        clinic.patient(email="a@b.example"),
        make_patient(shop=second, email="a@b.example"),
    )

    assert api.get(PATH, email="a@b.example").json()["uid"] == newer.uid
    named = api.get(PATH, email="a@b.example", shop_uid=clinic.shop.uid)
    assert named.json()["uid"] == older.uid


def test_a_search_without_a_name_is_refused(clinic: Clinic, api: Integrator) -> None:
    for query, missing in (
        ({}, "email"),
        ({"shop_uid": clinic.shop.uid}, "email"),
        ({"shop_customer_id": "7"}, "shop_uid"),
    ):
        response = api.get(PATH, **query)
        assert response.status_code == 400
        assert response.json()["error"] == f"Missing required parameters: {missing}"
        assert set(response.json()["errors"]) == {missing}
    assert audited() == []


def test_what_is_not_known_is_null(clinic: Clinic, api: Integrator) -> None:
    uid = resolve(api, clinic).json()["patient_profile_uid"]

    data = api.get(f"{PATH}/{uid}").json()["data"]

    assert data == {"display_name": None, "email": None, "date_of_birth": None}


def test_the_export_is_the_portals(clinic: Clinic, api: Integrator) -> None:
    person = clinic.patient()
    clinic.appointment(person, cancellation_reason="Ill", status=Status.CANCELLED)
    expected = patient_records.export(person, actor=ADMIN, now=utc_now())

    response = api.get(f"{PATH}/{person.uid}/export")

    body = response.json()
    assert response.status_code == 200
    for volatile in (body, expected):
        assert volatile.pop("exported_at")
    assert body == expected
    assert audited()[-1] == ("patient.exported", person.uid, ApiKey.objects.get().uid)


def test_erasing_forgets_and_repeating_it_changes_nothing(clinic: Clinic, api: Integrator) -> None:
    uid = resolve(api, clinic, email="robin@shop.example", fields=FIELDS).json()[
        "patient_profile_uid"
    ]

    first, again = api.post(f"{PATH}/{uid}/erase"), api.post(f"{PATH}/{uid}/erase/")

    row = Patient.objects.get()
    assert row.erased_at is not None
    assert (first.status_code, first.json()) == (
        200,
        {"uid": uid, "erased_at": to_epoch(row.erased_at)},
    )
    assert (again.status_code, again.json()) == (200, first.json())
    assert set(api.get(f"{PATH}/{uid}").json()["data"].values()) == {None}
    assert api.get(PATH, email="robin@shop.example").json() == ABSENT
    assert resolve(api, clinic).status_code == 201
    assert [entry[0] for entry in audited()].count("patient.erased") == 1


def test_erasing_is_refused_while_a_visit_is_open_or_a_message_leaves(
    clinic: Clinic, api: Integrator
) -> None:
    person = clinic.patient()
    visit = clinic.appointment(person)

    is_open = api.post(f"{PATH}/{person.uid}/erase")
    type(visit).objects.update(status=Status.COMPLETED)
    message = outbox.NewMessage(
        organisation_id=clinic.organisation.pk,
        channel=Channel.EMAIL,
        kind="appointment.confirmed",
        subject_uid=visit.uid,
        about_uid=visit.uid,
        address=person.email,
    )
    outbox.publish(now=utc_now(), messages=[message])
    Delivery.objects.update(leased_until=utc_now().replace(year=2100))
    is_leaving = api.post(f"{PATH}/{person.uid}/erase")

    assert (is_open.status_code, is_open.json()["code"]) == (409, "visits_open")
    assert is_open.json()["appointment_uids"] == [visit.uid]
    assert (is_leaving.status_code, is_leaving.json()["code"]) == (409, "message_leaving")
    assert set(is_leaving.json()) == {"error", "code"}
    person.refresh_from_db()
    assert (person.erased_at, person.first_name) == (None, "Paula")


def test_reading_and_writing_are_two_permissions(clinic: Clinic) -> None:
    reader = integrator(clinic, Permission.PATIENT_READ)
    writer = integrator(clinic, Permission.PATIENT_WRITE)
    person = clinic.patient()
    one = f"{PATH}/{person.uid}"

    assert resolve(reader, clinic).status_code == 403
    assert reader.post(f"{one}/erase").status_code == 403
    for path in (one, f"{one}/export"):
        assert (reader.get(path).status_code, writer.get(path).status_code) == (200, 403)
    assert writer.get(PATH, email=person.email).status_code == 403
    assert resolve(writer, clinic).status_code == 201
    assert writer.post(f"{one}/erase").status_code == 200


def answers(api: Integrator, uid: str, shop_uid: str) -> list[tuple[int, bytes]]:
    one, number = f"{PATH}/{uid}", {"shop_uid": shop_uid, "shop_customer_id": "customer-1"}
    responses = [
        api.get(one),
        api.get(f"{one}/export"),
        api.post(f"{one}/erase"),
        api.get(PATH, **number),
        api.post(PATH, **number),
    ]
    return [(response.status_code, response.content) for response in responses]


def test_foreign_and_absent_are_the_same(clinic: Clinic, api: Integrator) -> None:
    elsewhere = make_clinic(name="Elsewhere")
    second = make_shop(organisation=clinic.organisation)
    theirs = elsewhere.patient("customer-1", email="t@patients.example")
    others = make_patient(shop=second, shop_customer_id="customer-1", email="o@patients.example")
    bound = integrator(clinic, shop=clinic.shop)
    absent = answers(api, "pp-absent", "shop-absent")

    assert {status for status, _ in absent} == {404}
    assert answers(api, theirs.uid, elsewhere.shop.uid) == absent
    assert answers(bound, others.uid, second.uid) == absent
    for caller, person in ((api, theirs), (bound, others)):
        assert caller.get(PATH, email=person.email).json() == ABSENT
    assert Patient.objects.filter(erased_at=None).count() == 2
    # The negative control: a key of the whole organisation finds the other shop's patient.
    assert api.get(f"{PATH}/{others.uid}").status_code == 200


def test_what_the_calls_cost(clinic: Clinic, api: Integrator) -> None:
    person = clinic.patient("customer-7")
    costs: dict[str, Callable[[], Any]] = {
        "known": lambda: resolve(api, clinic),
        "new": lambda: resolve(api, clinic, shop_customer_id="new"),
        "found": lambda: api.get(PATH, email=person.email, shop_uid=clinic.shop.uid),
        "read": lambda: api.get(f"{PATH}/{person.uid}"),
    }
    spent = {}
    for name, call in costs.items():
        with CaptureQueriesContext(connection) as queries:
            assert call().status_code in (200, 201)
        spent[name] = len(queries)

    # The key, the shop, the patient (and the insert); the key, the patient, the audit entry.
    assert spent == {"known": 3, "new": 4, "found": 3, "read": 3}
