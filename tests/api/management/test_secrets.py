"""Booking secrets by key: made, listed without their text, revealed and audited, revoked at once."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking_secrets import secrets
from booking_secrets.models import BookingSecret
from common.clock import to_epoch, utc_now
from organisations.models import ApiKey, AuditEntry, Permission
from tests.api.world import TOKEN_HEADER, Clinic, Partner, make_clinic, mint
from tests.factories import ADMIN, make_shop

from .world import ABSENT, BASE, Integrator, integrator

PATH = "/scheduling/booking-secrets"


def audited(action: str) -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.filter(action=f"booking_secret.{action}").order_by("pk")
    return list(rows.values_list("object_uid", "actor_kind", "actor_uid"))


def booking_answer(clinic: Clinic, answer: Any) -> int:
    """What the Scheduling API says to a token signed with that secret."""
    token = mint(
        answer["key_id"],
        answer["secret"],
        shop_identifier=clinic.shop.identifier,
        shop_customer_id="customer-1",
    )
    status: int = Partner({TOKEN_HEADER: token}).get("/appointments").status_code
    return status


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_secret_is_made_and_signs_tokens(clinic: Clinic, api: Integrator, slash: str) -> None:
    response = api.post(PATH + slash, name="  Shop   backend ")

    answer = response.json()
    assert response.status_code == 201
    assert set(answer) == {"key_id", "secret", "name", "created_at"}
    row = BookingSecret.objects.get(key_id=answer["key_id"])
    assert (row.name, to_epoch(row.created_at)) == ("Shop backend", answer["created_at"])
    assert row.shop is None
    assert booking_answer(clinic, answer) == 200
    assert audited("created")[-1] == (row.key_id, "admin", ApiKey.objects.get().uid)


def test_by_key_and_by_the_verb_the_rows_are_the_same(clinic: Clinic, api: Integrator) -> None:
    uid = api.post(PATH, name="Backend", shop_uid=clinic.shop.uid).json()["key_id"]
    secret, _ = secrets.create(
        clinic.organisation, name="Backend", shop=clinic.shop, actor=ADMIN, now=utc_now()
    )

    kept = ("organisation_id", "shop_id", "name", "last_used_at", "revoked_at")
    by_key = BookingSecret.objects.filter(key_id=uid).values(*kept).get()
    assert by_key == BookingSecret.objects.filter(pk=secret.pk).values(*kept).get()


def test_the_list_never_reveals_and_names_those_in_force(clinic: Clinic, api: Integrator) -> None:
    made = api.post(PATH, name="Second", shop_uid=clinic.shop.uid).json()
    gone = api.post(PATH, name="Third").json()
    api.delete(f"{PATH}/{gone['key_id']}")

    response = api.get(PATH)

    assert made["secret"] not in response.content.decode()
    assert clinic.secret_text not in response.content.decode()
    body = response.json()
    assert (body["totalRegistries"], body["totalPages"]) == (2, 1)
    assert body["data"] == [
        {
            "key_id": clinic.secret.key_id,
            "name": "Shop backend",
            "shop_uid": None,
            "created_at": to_epoch(clinic.secret.created_at),
            "last_used_at": None,
        },
        {
            "key_id": made["key_id"],
            "name": "Second",
            "shop_uid": clinic.shop.uid,
            "created_at": made["created_at"],
            "last_used_at": None,
        },
    ]
    assert [row["name"] for row in api.get(PATH, page=1, limit=1).json()["data"]] == ["Second"]


def test_reading_one_reveals_and_is_audited_by_the_keys_name(
    clinic: Clinic, api: Integrator
) -> None:
    made = api.post(PATH, name="Second").json()

    assert api.get(f"{PATH}/{made['key_id']}").json() == made
    assert api.get(f"{PATH}/{made['key_id']}/").json() == made

    key = ApiKey.objects.get()
    assert audited("revealed") == [(made["key_id"], "admin", key.uid)] * 2
    assert AuditEntry.objects.filter(actor_label=key.name).count() == 3


def test_revoking_is_at_once_and_the_secret_is_gone(clinic: Clinic, api: Integrator) -> None:
    made = api.post(PATH, name="Second").json()
    one = f"{PATH}/{made['key_id']}"

    revoked = api.delete(one)

    assert (revoked.status_code, revoked.content) == (204, b"")
    assert booking_answer(clinic, made) == 401
    assert (api.get(one).json(), api.delete(one).json()) == (ABSENT, ABSENT)
    assert len(audited("revoked")) == 1
    assert audited("revealed") == []


def test_only_scheduling_admin_writes_and_reveals(clinic: Clinic) -> None:
    reader = integrator(clinic, Permission.SCHEDULING_READ)
    admin = integrator(clinic, Permission.SCHEDULING_ADMIN)
    one = f"{PATH}/{clinic.secret.key_id}"

    refused = [reader.get(one), reader.post(PATH, name="x"), reader.delete(one), admin.get(PATH)]

    assert {response.status_code for response in refused} == {403}
    assert (reader.get(PATH).status_code, admin.get(one).status_code) == (200, 200)
    assert BookingSecret.objects.active().count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " \t"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a\nb\x07"}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x", "shop_uid": ["shop"]}, "shop_uid"),
        ({"name": "x", "secret": "mine"}, "secret"),
    ],
    ids=repr,
)
def test_bad_input_is_named(api: Integrator, body: dict[str, Any], field: str) -> None:
    response = api.post(PATH, **body)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}
    assert BookingSecret.objects.count() == 1


def test_a_foreign_secret_is_absent(clinic: Clinic, api: Integrator) -> None:
    theirs = make_clinic(name="Elsewhere")

    for method in ("GET", "DELETE"):
        foreign = api.ask(method, f"{PATH}/{theirs.secret.key_id}")
        absent = api.ask(method, f"{PATH}/bsk-absent")
        assert (foreign.status_code, foreign.content) == (404, absent.content)
    foreign_shop = api.post(PATH, name="x", shop_uid=theirs.shop.uid)
    absent_shop = api.post(PATH, name="x", shop_uid="shop-absent")
    assert (foreign_shop.status_code, foreign_shop.content) == (404, absent_shop.content)
    assert BookingSecret.objects.active().count() == 2


def test_a_key_bound_to_a_shop_sees_and_makes_that_shops_alone(clinic: Clinic) -> None:
    second = make_shop(organisation=clinic.organisation)
    bound = integrator(clinic, shop=second)

    made = bound.post(PATH, name="Second")

    assert BookingSecret.objects.get(key_id=made.json()["key_id"]).shop == second
    assert [row["name"] for row in bound.get(PATH).json()["data"]] == ["Second"]
    assert bound.get(f"{PATH}/{clinic.secret.key_id}").json() == ABSENT
    assert bound.delete(f"{PATH}/{clinic.secret.key_id}").json() == ABSENT
    assert bound.post(PATH, name="x", shop_uid=clinic.shop.uid).json() == ABSENT
    assert bound.post(PATH, name="x", shop_uid=second.uid).status_code == 201


def test_a_list_costs_three_statements_whatever_its_length(clinic: Clinic, api: Integrator) -> None:
    for count in (1, 4):
        while BookingSecret.objects.count() < count:
            api.post(PATH, name="More", shop_uid=clinic.shop.uid)
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(PATH).json()["data"]) == count
        assert len(queries) == 3  # the key, the count, the page


def test_a_booking_token_is_no_key(clinic: Clinic) -> None:
    response = Client().get(f"{BASE}{PATH}", headers={TOKEN_HEADER: clinic.token()})

    assert response.status_code == 401
    assert response.json()["code"] == "authorization_header_missing"
