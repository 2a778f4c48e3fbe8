"""Statements from a model's fields: one row or none, many rows, any of many."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.sql import insert_all, insert_or_nothing
from organisations.models import Organisation, Shop, User
from tests.factories import make_organisation, make_shop

pytestmark = pytest.mark.django_db


def test_a_row_is_inserted_with_all_its_fields_in_one_statement() -> None:
    organisation = Organisation(
        name="New", timezone="Europe/Berlin", extra_patient_fields=["a", "b"]
    )

    with CaptureQueriesContext(connection) as captured:
        assert insert_or_nothing(organisation)

    assert len(captured) == 1
    stored = Organisation.objects.get(pk=organisation.pk)
    assert (stored.uid, stored.name) == (organisation.uid, "New")
    assert stored.extra_patient_fields == ["a", "b"]
    assert datetime.now(UTC) >= stored.created_at  # auto_now_add was asked


def test_the_instance_can_be_saved_afterwards() -> None:
    organisation = Organisation(name="New", timezone="Europe/Berlin")
    insert_or_nothing(organisation)

    organisation.name = "Newer"
    organisation.save()

    assert Organisation.objects.get().name == "Newer"


def test_a_conflict_inserts_nothing_raises_nothing_and_leaves_it_unsaved() -> None:
    shop = make_shop(organisation=make_organisation(), identifier="one.example")
    twin = Shop(organisation=shop.organisation, identifier="one.example", name="Twin", country="DE")

    assert not insert_or_nothing(twin)

    assert twin._state.adding
    assert Shop.objects.get() == shop


def test_values_are_parameters_never_sql() -> None:
    user = User(email="o'brien@example.com", name="'); DROP TABLE x; --", password="%s")

    assert insert_or_nothing(user)

    stored = User.objects.get()
    assert (stored.email, stored.name, stored.password) == (user.email, user.name, "%s")


def test_many_rows_are_one_statement() -> None:
    names = ["New", "Newer", "%s', NULL); --"]

    with CaptureQueriesContext(connection) as captured:
        insert_all([Organisation(name=name, timezone="Europe/Berlin") for name in names])

    assert len(captured) == 1
    assert list(Organisation.objects.order_by("id").values_list("name", flat=True)) == names


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        insert_all([])

    assert len(captured) == 0


def test_any_of_many_is_one_parameter() -> None:
    wanted = [make_organisation(name=f"Clinic {number}").pk for number in range(3)]
    make_organisation(name="Another")

    with CaptureQueriesContext(connection) as captured:
        found = set(Organisation.objects.filter(pk__any=wanted).values_list("pk", flat=True))
        assert not Organisation.objects.filter(pk__any=[]).exists()

    assert found == set(wanted)
    sql = captured.captured_queries[0]["sql"]
    assert sql.count(f"= ANY('{{{','.join(map(str, wanted))}}}'") == 1
