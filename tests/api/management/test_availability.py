"""Weekly rules, dates with hours of their own and time off, by key: stored, refused, told to the doctor."""

from typing import Any

import pytest

from availability.models import AvailabilityOverride, AvailabilityWindow, TimeOff
from notifications.models import Delivery
from organisations.models import AuditEntry
from tests.api.world import Clinic, make_clinic
from tests.factories import make_doctor

from .world import ABSENT, Integrator, integrator

RULES, OVERRIDES, OFF = "availability-rules", "availability-overrides", "time-off"
RULE = {"weekday": "monday", "start_time": "09:00", "end_time": "12:00"}
OVERRIDE = {"date": "2027-03-01", "hours": [{"start_time": "09:00", "end_time": "24:00"}]}
TIME_OFF = {"start_date": "2027-03-01", "end_date": "2027-03-02"}
BODIES: list[tuple[str, dict[str, Any]]] = [(RULES, RULE), (OVERRIDES, OVERRIDE), (OFF, TIME_OFF)]
ROWS: dict[str, Any] = {RULES: AvailabilityWindow, OVERRIDES: AvailabilityOverride, OFF: TimeOff}


@pytest.fixture
def path(clinic: Clinic) -> str:
    """Of a doctor without any hours."""
    doctor = make_doctor(organisation=clinic.organisation, display_name="Dr New")
    return f"/scheduling/doctors/{doctor.uid}"


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(("kind", "body"), BODIES)
def test_each_is_added_read_and_removed_and_the_doctor_is_told(
    api: Integrator, path: str, kind: str, body: dict[str, Any], slash: str
) -> None:
    added = api.post(f"{path}/{kind}{slash}", **body)

    assert added.status_code == 201, added.content
    assert body.items() <= added.json().items()
    one = f"{path}/{kind}/{added.json()['uid']}{slash}"
    assert (api.get(one).status_code, api.get(one).json()) == (200, added.json())
    listed = {"data": [added.json()], "totalRegistries": 1, "totalPages": 1}
    assert api.get(f"{path}/{kind}{slash}").json() == listed
    removed = api.delete(one)
    assert (removed.status_code, removed.content) == (204, b"")
    assert (api.get(one).status_code, api.delete(one).status_code) == (404, 404)
    mails = Delivery.objects.filter(kind="availability.changed").count()
    assert mails == Delivery.objects.count() == 2
    actors = AuditEntry.objects.exclude(actor_uid="usr-admin").values_list("actor_label", flat=True)
    assert list(actors) == ["Integrator"] * 2


def test_a_rule_in_all_its_fields(api: Integrator, path: str) -> None:
    night = {
        "weekday": "sunday",
        "start_time": "22:00",
        "end_time": "02:00",
        "valid_from": "2027-03-01",
        "valid_until": "2027-06-30",
    }
    added = api.post(f"{path}/{RULES}", **night).json()
    uid = added.pop("uid")
    assert added == night
    stored = AvailabilityWindow.objects.get(uid=uid)
    assert (stored.weekday, stored.start_minute, stored.end_minute) == (6, 1320, 1560)

    later = api.patch(f"{path}/{RULES}/{uid}/", start_time="01:00", valid_until=None)

    assert later.status_code == 200, later.content
    changed = {"start_time": "01:00", "valid_until": None}
    assert later.json() == {"uid": uid, **night, **changed}
    stored.refresh_from_db()
    assert (stored.start_minute, stored.end_minute) == (60, 120)
    assert api.patch(f"{path}/{RULES}/{uid}").json() == later.json()


def test_rules_that_touch_are_fine_and_an_overlap_is_named(api: Integrator, path: str) -> None:
    first = api.post(f"{path}/{RULES}", **RULE).json()
    second = api.post(f"{path}/{RULES}", **RULE | {"start_time": "12:00", "end_time": "24:00"})

    added = api.post(f"{path}/{RULES}", **RULE | {"start_time": "11:00"})
    moved = api.patch(f"{path}/{RULES}/{second.json()['uid']}", start_time="11:59")

    assert second.status_code == 201
    for response, others in ((added, [first["uid"]]), (moved, [first["uid"]])):
        assert (response.status_code, response.json()["code"]) == (409, "window_overlap")
        assert response.json()["overlaps_with"] == others
        assert set(response.json()) == {"error", "code", "overlaps_with"}
    assert AvailabilityWindow.objects.filter(doctor__display_name="Dr New").count() == 2


def test_an_override_is_one_per_date_and_its_hours_can_be_changed(
    api: Integrator, path: str
) -> None:
    added = api.post(f"{path}/{OVERRIDES}", **OVERRIDE).json()

    again = api.post(f"{path}/{OVERRIDES}", **OVERRIDE | {"hours": []})
    closed = api.patch(f"{path}/{OVERRIDES}/{added['uid']}", hours=[])

    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    assert closed.json() == {**added, "hours": []}


def test_a_patch_of_an_override_takes_any_subset(api: Integrator, path: str) -> None:
    added = api.post(f"{path}/{OVERRIDES}", **OVERRIDE).json()
    other = api.post(f"{path}/{OVERRIDES}", **OVERRIDE | {"date": "2027-04-01"}).json()
    one = f"{path}/{OVERRIDES}/{added['uid']}"

    nothing = api.patch(one)
    moved = api.patch(one, date="2027-05-01")
    taken = api.patch(one, date=other["date"])

    assert (nothing.status_code, nothing.json()) == (200, added)
    assert (moved.status_code, moved.json()) == (200, {**added, "date": "2027-05-01"})
    assert (taken.status_code, taken.json()["code"]) == (409, "already_exists")
    assert api.get(one).json() == moved.json()


def test_time_off_keeps_what_a_patch_does_not_name(api: Integrator, path: str) -> None:
    added = api.post(f"{path}/{OFF}", **TIME_OFF).json()
    assert (added["start_time"], added["end_time"]) == ("00:00", "24:00")
    TimeOff.objects.update(note="My own")

    changed = api.patch(f"{path}/{OFF}/{added['uid']}", end_time="12:30").json()

    assert changed == {**added, "end_time": "12:30"}
    assert TimeOff.objects.get().note == "My own"


BAD: list[tuple[str, str, Any]] = [
    *((RULES, "weekday", wrong) for wrong in ("Monday", "mon", 0, None)),
    *((RULES, "start_time", wrong) for wrong in ("24:00", "9:00", "09:60", "09:00\n", 540, None)),
    *((RULES, "end_time", wrong) for wrong in ("09:00", "24:01", "٠٩:٠٠", "", True)),
    *((RULES, "valid_from", wrong) for wrong in ("2027-02-30", "27-03-01", "20270301", 1, "a\0b")),
    (RULES, "colour", "red"),
    *((OVERRIDES, "date", wrong) for wrong in ("2027-13-01", "9999-12-31", "1969-12-31", 1)),
    *((OVERRIDES, "hours", wrong) for wrong in (None, "09:00-12:00", {"a": 1})),
    (OVERRIDES, "hours.0.start_time", [{"end_time": "09:00"}]),
    (OVERRIDES, "hours.0.end_time", [{"start_time": "09:00", "end_time": "09:00"}]),
    (OVERRIDES, "hours.0.end", [{"start_time": "09:00", "end_time": "10:00", "end": 1}]),
    (OVERRIDES, "hours", [{"start_time": "09:00", "end_time": "10:00"}] * 2),
    (OFF, "start_date", "2027-03-32"),
    (OFF, "end_date", "2027-02-28"),
    (OFF, "end_date", "9999-12-31"),
    (OFF, "start_time", "24:00"),
    (OFF, "end_time", 24),
    (OFF, "note", "ski"),
]


@pytest.mark.parametrize(("kind", "field", "value"), BAD)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_bad_value_is_400_on_its_json_path(
    api: Integrator, path: str, method: str, kind: str, field: str, value: Any
) -> None:
    body, target = dict(BODIES)[kind], f"{path}/{kind}"
    if method == "PATCH":
        target += f"/{api.post(target, **body).json()['uid']}"
        body = {}
    before = ROWS[kind].objects.count()

    response = api.ask(method, target, {**body, field.split(".")[0]: value})

    assert response.status_code == 400, response.content
    assert set(response.json()["errors"]) == {field}
    assert ROWS[kind].objects.count() == before


@pytest.mark.parametrize(("kind", "body"), BODIES)
def test_foreign_and_absent_are_the_same_bytes(
    clinic: Clinic, api: Integrator, path: str, kind: str, body: dict[str, Any]
) -> None:
    other = make_clinic(name="Elsewhere")
    stranger = make_doctor(organisation=other.organisation)
    theirs = f"/scheduling/doctors/{stranger.uid}/{kind}"
    foreign = integrator(other).post(theirs, **body).json()["uid"]
    own = api.post(f"{path}/{kind}", **body).json()["uid"]
    answers = []
    for doctor in (theirs, f"/scheduling/doctors/doc-absent/{kind}"):
        answers += [api.get(doctor), api.post(doctor, **body)]
        # Our own row is not found under another's doctor either.
        answers += [api.get(f"{doctor}/{own}"), api.delete(f"{doctor}/{own}")]
    places = [f"{path}/{kind}/{uid}" for uid in (foreign, "xxx-absent", "a%00b")]
    for one in (*places, f"{theirs}/{foreign}"):
        answers += [api.get(one), api.patch(one), api.delete(one)]

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (404, answers[0].content)
    }
    assert answers[0].json() == ABSENT
    assert api.get(f"{path}/{kind}/{own}").status_code == 200


@pytest.mark.parametrize(("kind", "body"), BODIES)
def test_a_limit_is_capped_and_pages_are_exact(
    clinic: Clinic,
    api: Integrator,
    path: str,
    kind: str,
    body: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api.post(f"{path}/{kind}", **body)
    second = {RULES: {"weekday": "friday"}, OVERRIDES: {"date": "2027-04-01"}, OFF: {}}[kind]
    api.post(f"{path}/{kind}", **body | second)
    monkeypatch.setattr("api.paging.MAX_LIMIT", 1)

    page = api.get(f"{path}/{kind}", limit=10**20, page=1).json()

    assert len(page["data"]) == 1
    assert (page["totalRegistries"], page["totalPages"]) == (2, 2)
    assert set(api.get(f"{path}/{kind}", limit=0).json()["errors"]) == {"limit"}
