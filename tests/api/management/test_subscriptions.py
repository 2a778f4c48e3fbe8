"""Notification subscriptions by key: subscribed in either case, shown without secrets, tested, deleted."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.clock import utc_now
from notifications import signing, subscriptions
from notifications.models import Delivery, EventType, NotificationSubscription
from organisations.models import ApiKey, AuditEntry, Permission
from tests.api.world import Clinic, make_clinic
from tests.factories import ADMIN, make_shop

from .world import ABSENT, Integrator, integrator

PATH = "/notification-subscriptions"
REMINDER, UPDATED = EventType.values
TARGET = "https://93.184.216.34/hook"  # an address, so that no name is looked up


def subscribe(api: Integrator, **body: Any) -> Any:
    return api.post(PATH, **{"notification_type": REMINDER, "target": TARGET, **body})


def living() -> list[str]:
    return list(NotificationSubscription.objects.living().values_list("uid", flat=True))


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    "spelling", [*EventType.values, *map(str.lower, EventType.values), "Appointment_Reminder_Due"]
)
def test_a_type_is_subscribed_in_either_case(api: Integrator, spelling: str, slash: str) -> None:
    response = api.post(PATH + slash, notification_type=spelling, target=TARGET)

    row = NotificationSubscription.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "uid": row.uid,
        "notification_type": spelling.upper(),
        "target": TARGET,
        "options": "WEBHOOK",
        "payload_version": "1",
        "signing_secret": signing.unseal(row, "signing_secret_ciphertext"),
    }
    assert response.json()["signing_secret"].startswith("whsec_")
    [entry] = AuditEntry.objects.filter(action="notification_subscription.created")
    assert (entry.object_uid, entry.actor_uid) == (row.uid, ApiKey.objects.get().uid)


def test_by_key_and_by_the_verb_the_rows_are_the_same(clinic: Clinic, api: Integrator) -> None:
    headers = {"X-Customer": "shop-1", "Authorization": "Bearer abc"}
    subscribe(
        api,
        notification_type=UPDATED,
        meta_data={
            "headers": headers,
            "include_contact": True,
            "include_holds": True,
            "shop_uid": clinic.shop.uid,
        },
        payload_version="1",
    )
    subscriptions.create(
        clinic.organisation,
        notification_type=EventType.MEETING_UPDATED,
        target=f"{TARGET}?2",
        shop=clinic.shop,
        options=subscriptions.Options(headers=headers, include_contact=True, include_holds=True),
        actor=ADMIN,
        now=utc_now(),
    )

    kept = ("organisation_id", "shop_id", "notification_type", "payload_version", "contact_email")
    more = ("include_contact", "include_holds", "disabled_at", "deleted_at")
    by_key, by_verb = NotificationSubscription.objects.order_by("pk").values(*kept, *more)
    assert by_key == by_verb
    for row in NotificationSubscription.objects.select_related("organisation"):
        assert signing.custom_headers(row) == headers


@pytest.mark.parametrize("meta", [{}, {"meta_data": {}}, {"meta_data": None}], ids=repr)
def test_contact_goes_along_as_usual_for_the_type(api: Integrator, meta: dict[str, Any]) -> None:
    subscribe(api, **meta)
    subscribe(api, notification_type=UPDATED, **meta)

    rows = NotificationSubscription.objects.order_by("pk")
    assert [row.include_contact for row in rows] == [True, False]


def test_the_list_is_a_bare_array_without_secrets(clinic: Clinic, api: Integrator) -> None:
    meta = {"headers": {"X-Customer": "s3cret"}, "shop_uid": clinic.shop.uid}
    first = subscribe(api, meta_data=meta).json()
    gone = subscribe(api, notification_type=UPDATED).json()
    api.delete(f"{PATH}/{gone['uid']}")

    response, again = api.get(PATH), api.get(f"{PATH}/")

    secret = first.pop("signing_secret")
    assert again.content == response.content
    assert response.json() == [
        {
            **first,
            "meta_data": {
                "header_names": ["X-Customer"],
                "include_contact": True,
                "include_holds": False,
                "shop_uid": clinic.shop.uid,
            },
            "disabled_at": None,
        }
    ]
    assert secret not in response.content.decode()
    assert "s3cret" not in response.content.decode()


NOT_SUBSCRIBED: list[tuple[dict[str, Any], str]] = [
    ({"notification_type": "SOMETHING"}, "notification_type"),
    ({"notification_type": "APPO\u0131NTMENT_REMINDER_DUE"}, "notification_type"),  # a dotless i
    ({"notification_type": None}, "notification_type"),
    ({"notification_type": [REMINDER]}, "notification_type"),
    ({"target": None}, "target"),
    ({"target": ""}, "target"),
    ({"target": "http://93.184.216.34/"}, "target"),
    ({"target": "https://10.0.0.1/"}, "target"),
    ({"target": "https://user@93.184.216.34/"}, "target"),
    ({"target": f"{TARGET}/{'x' * 2000}"}, "target"),
    ({"target": f"{TARGET}/\0"}, "target"),
    ({"payload_version": "2"}, "payload_version"),
    ({"payload_version": 1}, "payload_version"),
    ({"meta_data": []}, "meta_data"),
    ({"meta_data": {"colour": "red"}}, "meta_data.colour"),
    ({"meta_data": {"headers": {"Host": "x"}}}, "meta_data.headers"),
    ({"meta_data": {"headers": {"X-A": "a\r\nb"}}}, "meta_data.headers"),
    ({"meta_data": {"headers": {"X-A": 1}}}, "meta_data.headers.X-A"),
    ({"meta_data": {"include_contact": "yes"}}, "meta_data.include_contact"),
    ({"meta_data": {"include_holds": 1}}, "meta_data.include_holds"),
    ({"meta_data": {"shop_uid": 7}}, "meta_data.shop_uid"),
    ({"options": "WEBHOOK"}, "options"),
]


@pytest.mark.parametrize(("body", "path"), NOT_SUBSCRIBED, ids=lambda v: repr(v)[:50])
def test_bad_input_is_named_by_its_json_path(
    api: Integrator, body: dict[str, Any], path: str
) -> None:
    response = subscribe(api, **body)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {path}
    assert living() == []


def test_an_unknown_type_is_told_the_two_there_are(api: Integrator) -> None:
    [message] = subscribe(api, notification_type="x").json()["errors"]["notification_type"]

    assert all(name in message for name in EventType.values)


def test_the_same_type_and_target_twice_is_a_conflict(api: Integrator) -> None:
    first = subscribe(api)
    again = subscribe(api, notification_type=REMINDER.lower())

    assert (first.status_code, again.status_code) == (201, 409)
    assert again.json()["code"] == "already_exists"
    assert subscribe(api, notification_type=UPDATED).status_code == 201
    api.delete(f"{PATH}/{first.json()['uid']}")
    assert subscribe(api).status_code == 201


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("form", ["path", "query", "body", "query and body"])
def test_each_form_of_delete_ends_it(api: Integrator, form: str, slash: str) -> None:
    uid = subscribe(api).json()["uid"]

    def delete() -> Any:
        if form == "path":
            return api.ask("DELETE", f"{PATH}/{uid}{slash}")
        query = {"uid": uid} if "query" in form else None
        body = {"uid": uid} if "body" in form else None
        return api.ask("DELETE", PATH + slash, body, query=query)

    deleted, again = delete(), delete()

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (again.status_code, again.json()) == (404, ABSENT)
    assert living() == []


def test_a_delete_that_names_none_or_two_is_refused(api: Integrator) -> None:
    uid = subscribe(api).json()["uid"]

    unnamed = api.ask("DELETE", PATH)
    torn = api.ask("DELETE", PATH, {"uid": uid}, query={"uid": "ns-other"})
    odd = api.ask("DELETE", PATH, {"uid": 7})

    assert unnamed.json()["error"] == "Missing required parameters: uid"
    for response in (unnamed, torn, odd):
        assert response.status_code == 400
        assert set(response.json()["errors"]) == {"uid"}
    assert living() == [uid]


@pytest.mark.parametrize("kind", EventType.values)
def test_both_forms_of_test_send_made_up_data(api: Integrator, kind: str) -> None:
    uid = subscribe(api, notification_type=kind).json()["uid"]

    forms = [
        api.post(f"{PATH}/{uid}/test"),
        api.post(f"{PATH}/{uid}/test/"),
        api.post(f"{PATH}/test", uid=uid),
        api.post(f"{PATH}/test/", uid=uid),
    ]

    rows = Delivery.objects.select_related("event").order_by("pk")
    assert {response.status_code for response in forms} == {202}
    assert [response.json() for response in forms] == [{"delivery_uid": row.uid} for row in rows]
    for row in rows:
        assert row.event is not None
        assert (row.event.event_type, row.event.data["test"], row.is_test) == (kind, True, True)


def test_a_test_in_the_body_form_needs_the_uid(api: Integrator) -> None:
    response = api.post(f"{PATH}/test")

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"uid"}


def test_reading_and_writing_are_two_permissions_and_a_test_is_a_write(clinic: Clinic) -> None:
    reader = integrator(clinic, Permission.SUBSCRIPTION_READ)
    writer = integrator(clinic, Permission.SUBSCRIPTION_WRITE)
    uid = subscribe(writer).json()["uid"]

    refused = [
        subscribe(reader),
        reader.post(f"{PATH}/{uid}/test"),
        reader.post(f"{PATH}/test", uid=uid),
        reader.delete(f"{PATH}/{uid}"),
        reader.delete(PATH, uid=uid),
        writer.get(PATH),
    ]

    assert {response.status_code for response in refused} == {403}
    assert reader.get(PATH).status_code == 200
    assert writer.delete(PATH, uid=uid).status_code == 204


def answers(api: Integrator, uid: str) -> list[tuple[int, bytes]]:
    responses = [
        api.post(f"{PATH}/{uid}/test"),
        api.post(f"{PATH}/test", uid=uid),
        api.delete(PATH, uid=uid),
        api.ask("DELETE", PATH, query={"uid": uid}),
        api.delete(f"{PATH}/{uid}"),
    ]
    return [(response.status_code, response.content) for response in responses]


def test_foreign_and_absent_are_the_same(clinic: Clinic, api: Integrator) -> None:
    theirs = subscribe(integrator(make_clinic(name="Elsewhere"))).json()["uid"]
    second = make_shop(organisation=clinic.organisation)
    bound = integrator(clinic, shop=second)
    ours = subscribe(api, meta_data={"shop_uid": clinic.shop.uid}).json()["uid"]

    absent = answers(api, "ns-absent")

    assert {status for status, _ in absent} == {404}
    assert answers(api, theirs) == absent
    assert answers(bound, ours) == absent
    assert bound.get(PATH).json() == []
    assert [row["uid"] for row in api.get(PATH).json()] == [ours]
    assert sorted(living()) == sorted([ours, theirs])
    assert not Delivery.objects.exists()


def test_a_key_bound_to_a_shop_subscribes_for_that_shop_alone(clinic: Clinic) -> None:
    second = make_shop(organisation=clinic.organisation)
    bound = integrator(clinic, shop=second)

    made = subscribe(bound)
    refused = subscribe(bound, target=f"{TARGET}2", meta_data={"shop_uid": clinic.shop.uid})

    assert made.status_code == 201
    assert NotificationSubscription.objects.get().shop == second
    assert (refused.status_code, refused.json()) == (404, ABSENT)


def test_a_list_costs_two_statements_whatever_its_length(api: Integrator) -> None:
    for count in (1, 3):
        while len(living()) < count:
            subscribe(api, target=f"{TARGET}?{len(living())}")
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(PATH).json()) == count
        assert len(queries) == 2  # the key, the rows
