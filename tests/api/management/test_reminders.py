"""The reminders of a type by key: the rules' own verbs, each refusal in the documented shape."""

from typing import Any

import pytest

from organisations.models import AuditEntry
from reminders.models import ReminderRule
from tests.api.world import Clinic, make_clinic
from tests.factories import make_type

from .world import ABSENT, Integrator, integrator

RULE = {"recipient_group": "patient", "minutes_before": 1440}


@pytest.fixture
def path(clinic: Clinic) -> str:
    return f"/scheduling/appointment-types/{clinic.kind.uid}/reminders"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_rule_is_added_read_changed_and_removed(api: Integrator, path: str, slash: str) -> None:
    added = api.post(f"{path}{slash}", **RULE)
    assert added.status_code == 201, added.content
    body = added.json()
    assert {**RULE, "send_email": False, "send_sms": False}.items() <= body.items()
    one = f"{path}/{body['uid']}{slash}"
    assert api.get(one).json() == body
    assert api.patch(one).json() == body

    changed = api.patch(one, send_email=True, minutes_before=60)

    assert changed.json() == {**body, "send_email": True, "minutes_before": 60}
    assert api.delete(one).status_code == 204
    assert (api.get(one).status_code, api.delete(one).status_code) == (404, 404)
    assert api.patch(one, send_sms=True).status_code == 404
    assert ReminderRule.objects.get().deleted_at is not None  # the log still names it
    actions = AuditEntry.objects.filter(object_uid=body["uid"]).order_by("id")
    assert [(entry.action, entry.actor_label) for entry in actions] == [
        ("reminder_rule.created", "Integrator"),
        ("reminder_rule.changed", "Integrator"),
        ("reminder_rule.removed", "Integrator"),
    ]


def test_group_and_offset_are_unique_among_living_rules(api: Integrator, path: str) -> None:
    first = api.post(path, **RULE).json()
    other = api.post(path, **RULE | {"minutes_before": 60}).json()

    again = api.post(path, **RULE)
    moved = api.patch(f"{path}/{other['uid']}", minutes_before=1440)

    for response in (again, moved):
        assert (response.status_code, response.json()["code"]) == (409, "already_exists")
    api.delete(f"{path}/{first['uid']}")
    assert api.post(path, **RULE).status_code == 201


def test_the_list_is_by_group_the_earliest_first(
    api: Integrator, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for group, minutes in (("patient", 60), ("patient", 1440), ("doctor", 30)):
        api.post(path, recipient_group=group, minutes_before=minutes)

    listed = api.get(path).json()

    order = [(rule["recipient_group"], rule["minutes_before"]) for rule in listed["data"]]
    assert order == [("doctor", 30), ("patient", 1440), ("patient", 60)]
    assert (listed["totalRegistries"], listed["totalPages"]) == (3, 1)
    monkeypatch.setattr("api.paging.MAX_LIMIT", 2)
    assert len(api.get(path, limit=10**20).json()["data"]) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipient_group", "nurse"),
        ("recipient_group", None),
        *(("minutes_before", wrong) for wrong in (0, 43_201, True, 60.0, "60", None, 10**20)),
        ("send_email", "yes"),
        ("send_sms", 1),
        ("send_sms", None),
        ("send_fax", True),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_bad_value_is_400_on_its_field(
    api: Integrator, path: str, method: str, field: str, value: Any
) -> None:
    target, body = path, RULE
    if method == "PATCH":
        target, body = f"{path}/{api.post(path, **RULE).json()['uid']}", {}

    response = api.ask(method, target, {**body, field: value})

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}


def test_foreign_and_absent_are_the_same_bytes(clinic: Clinic, api: Integrator, path: str) -> None:
    other = make_clinic(name="Elsewhere")
    theirs = f"/scheduling/appointment-types/{other.kind.uid}/reminders"
    foreign = integrator(other).post(theirs, **RULE).json()["uid"]
    own = api.post(path, **RULE).json()["uid"]
    second = make_type(organisation=clinic.organisation).uid
    answers = []
    for kind in (other.kind.uid, "at-absent"):
        rules = f"/scheduling/appointment-types/{kind}/reminders"
        answers += [api.get(rules), api.post(rules, **RULE), api.get(f"{rules}/{own}")]
    ones = [f"{path}/{uid}" for uid in (foreign, "rem-absent", "a%00b")]
    ones.append(f"/scheduling/appointment-types/{second}/reminders/{own}")
    for one in ones:
        answers += [api.get(one), api.patch(one, send_sms=True), api.delete(one)]

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (404, answers[0].content)
    }
    assert answers[0].json() == ABSENT
    assert ReminderRule.objects.living().count() == 2
