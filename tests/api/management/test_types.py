"""Appointment types by key: the same bounds as everywhere, each field named, 204 or 200 on DELETE."""

from typing import Any

import pytest

from appointments.models import AppointmentType
from organisations.models import ApiKey, AuditEntry
from tests.api.world import Clinic, make_clinic
from tests.factories import make_type

from .world import ABSENT, Integrator

PATH = "/scheduling/appointment-types"
DEFAULTS = {
    "description": "",
    "hold_ttl_seconds": 900,
    "cancellation_notice_minutes": 1440,
    "rebooking_notice_minutes": 1440,
    "min_booking_notice_minutes": 0,
    "booking_horizon_days": 60,
    "slot_interval_minutes": 25,
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 0,
    "rebooking_mode": "same_doctor",
    "meeting_type": "CONSULTATION",
    "is_active": True,
    "doctor_uids": [],
}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_new_type_has_the_documented_defaults(
    clinic: Clinic, api: Integrator, slash: str
) -> None:
    response = api.post(f"{PATH}{slash}", name="Check up", duration_minutes=25)

    body = response.json()
    assert response.status_code == 201, response.content
    rest = {name: body.pop(name) for name in ("uid", "created_at", "updated_at")}
    assert body == {"name": "Check up", "duration_minutes": 25, **DEFAULTS}
    kind = AppointmentType.objects.get(uid=rest["uid"])
    assert kind.organisation == clinic.organisation
    assert api.get(f"{PATH}/{kind.uid}{slash}").json() == {**rest, **body}
    entry, key = AuditEntry.objects.latest("id"), ApiKey.objects.get()
    assert (entry.action, entry.object_uid) == ("appointment_type.created", kind.uid)
    assert (entry.actor_kind, entry.actor_uid, entry.actor_label) == ("admin", key.uid, key.name)


def test_every_field_is_stored_as_given(clinic: Clinic, api: Integrator) -> None:
    given = {
        "name": "Check up",
        "description": "Two\nlines",
        "rebooking_mode": "any_doctor",
        "is_active": False,
        "doctor_uids": sorted([clinic.doctor.uid, clinic.second_doctor().uid]),
        **{name: least for name, least, _ in AppointmentType.BOUNDS},
    }
    most = {name: most for name, _, most in AppointmentType.BOUNDS}

    created = api.post(PATH, **given)
    patched = api.patch(f"{PATH}/{created.json()['uid']}/", **most, doctor_uids=[])

    assert (created.status_code, patched.status_code) == (201, 200)
    assert given.items() <= created.json().items()
    assert {**given, **most, "doctor_uids": []}.items() <= patched.json().items()


def test_a_patch_changes_what_it_names_and_nothing_else(clinic: Clinic, api: Integrator) -> None:
    path = f"{PATH}/{clinic.kind.uid}"
    before = api.get(path).json()

    untouched = api.patch(path)
    changed = api.patch(path, duration_minutes=45).json()

    assert (untouched.status_code, untouched.json()) == (200, before)
    assert changed.pop("updated_at") >= before.pop("updated_at")
    assert changed == {**before, "duration_minutes": 45}  # the interval, too, is as it was
    assert changed["doctor_uids"] == [clinic.doctor.uid]
    fields = [entry.details for entry in AuditEntry.objects.filter(action__endswith=".changed")]
    assert fields == [{"fields": ["duration_minutes"]}]


BAD: list[tuple[str, Any]] = [
    *((name, least - 1) for name, least, _ in AppointmentType.BOUNDS),
    *((name, most + 1) for name, _, most in AppointmentType.BOUNDS),
    ("duration_minutes", True),
    ("duration_minutes", 30.0),
    ("duration_minutes", "30"),
    ("duration_minutes", None),
    ("duration_minutes", 10**20),
    ("slot_interval_minutes", None),
    ("name", ""),
    ("name", "  "),
    ("name", "x" * 201),
    ("name", "a\0b"),
    ("name", "a\nb"[1:] + "\x07"),
    ("name", "\ud800"),
    ("name", None),
    ("description", "x" * 2001),
    ("description", "a\0b"),
    ("description", None),
    ("rebooking_mode", "whoever"),
    ("is_active", 1),
    ("is_active", "true"),
    ("doctor_uids", None),
    ("doctor_uids", "doc-x"),
    ("doctor_uids.0", [7]),
    ("doctor_uids.1", ["doc-x", None]),
    ("uid", "at-mine"),
    ("meeting_type", "CONSULTATION"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_bad_value_is_400_on_its_json_path(
    clinic: Clinic, api: Integrator, method: str, field: str, value: Any
) -> None:
    body = {"name": "Check", "duration_minutes": 30} if method == "POST" else {}
    path = PATH if method == "POST" else f"{PATH}/{clinic.kind.uid}"

    response = api.ask(method, path, {**body, field.split(".")[0]: value})

    assert response.status_code == 400, response.content
    assert set(response.json()["errors"]) == {field}
    assert response.json()["code"] == "validation_error"
    assert AppointmentType.objects.count() == 1
    assert not AuditEntry.objects.filter(action__startswith="appointment_type").exists()


def test_name_and_duration_are_required(api: Integrator) -> None:
    assert set(api.post(PATH).json()["errors"]) == {"name", "duration_minutes"}


@pytest.mark.parametrize("body", [b"[]", b'{"name": "a", "name": "b"}', b"{", b"\xff", b"NaN"])
def test_a_body_that_is_no_plain_json_object(api: Integrator, body: bytes) -> None:
    response = api.client.generic(
        "POST",
        f"/v1/management{PATH}",
        body,
        content_type="application/json",
        headers={"X-API-Key": api.key},
    )

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"body"}


def test_the_list_has_inactive_types_by_name_and_caps_its_limit(
    clinic: Clinic, api: Integrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b", "a"):
        make_type(organisation=clinic.organisation, name=name, is_active=name == "a")
    make_type(organisation=make_clinic(name="Elsewhere").organisation, name="theirs")

    def names(**query: Any) -> list[str]:
        return [kind["name"] for kind in api.get(PATH, **query).json()["data"]]

    assert names() == ["Consultation", "a", "b"]
    page = api.get(f"{PATH}/", limit=2, page=1).json()
    assert [kind["name"] for kind in page["data"]] == ["b"]
    assert (page["totalRegistries"], page["totalPages"]) == (3, 2)
    monkeypatch.setattr("api.paging.MAX_LIMIT", 1)
    assert names(limit=10**20) == ["Consultation"]
    for query, field in (({"limit": 0}, "limit"), ({"page": "-1"}, "page")):
        assert set(api.get(PATH, **query).json()["errors"]) == {field}


@pytest.mark.parametrize("slash", ["", "/"])
def test_what_was_never_booked_is_deleted(clinic: Clinic, api: Integrator, slash: str) -> None:
    path = f"{PATH}/{clinic.kind.uid}{slash}"

    gone = api.delete(path)

    assert (gone.status_code, gone.content) == (204, b"")
    assert "Content-Type" not in gone.headers
    assert (api.get(path).status_code, api.delete(path).status_code) == (404, 404)


def test_what_was_booked_is_deactivated(clinic: Clinic, api: Integrator) -> None:
    clinic.appointment(clinic.patient())
    path = f"{PATH}/{clinic.kind.uid}"

    first, again = api.delete(path), api.delete(path)

    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json()["uid"], first.json()["is_active"]) == (clinic.kind.uid, False)
    assert first.json() == again.json() == api.get(path).json()
    assert api.patch(path, is_active=True).json()["is_active"]


def test_a_foreign_type_or_doctor_is_absent(clinic: Clinic, api: Integrator) -> None:
    other = make_clinic(name="Elsewhere")
    calls: list[tuple[str, Any]] = [("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)]

    for method, body in calls:
        answers = [
            api.ask(method, f"{PATH}/{uid}", body)
            for uid in (other.kind.uid, "at-absent", "a%00b", "%F0%9F%A9%BA")
        ]
        assert {answer.content for answer in answers} == {answers[1].content}
        assert (answers[0].status_code, answers[0].json()) == (404, ABSENT)
    for method, path in (("POST", PATH), ("PATCH", f"{PATH}/{clinic.kind.uid}")):
        answers = [
            api.ask(method, path, {"name": "a", "duration_minutes": 5, "doctor_uids": [uid]})
            for uid in (other.doctor.uid, "doc-absent")
        ]
        assert {(answer.status_code, answer.content) for answer in answers} == {
            (404, answers[1].content)
        }
    assert AppointmentType.objects.count() == 2
    other.kind.refresh_from_db()
    assert other.kind.name == "Consultation"
