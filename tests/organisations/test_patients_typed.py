"""What a patient types about themselves holds until the shop's own value for that field changes."""

from datetime import date

import pytest
from pytest_django import DjangoAssertNumQueries

from organisations import patients
from organisations.models import Patient, Shop
from organisations.patients import UnusableFields, source_of, type_in
from tests.factories import NOW, make_organisation, make_shop


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(organisation=make_organisation())


def sent(shop: Shop, **fields: str) -> Patient:
    """The patient after a token with these fields."""
    return patients.upsert(shop, "customer-1", list(fields.items()), now=NOW).patient


def test_typed_values_are_stored_in_the_form_the_shops_are(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    patient = sent(shop, first_name="Paula")

    with django_assert_num_queries(4):  # savepoint, lock, update, release
        typed = type_in(patient, {"phone": "030 901820", "date_of_birth": "1990-05-01"}, now=NOW)
        assert typed.shop.organisation == shop.organisation

    row = Patient.objects.get()
    assert (row.first_name, row.phone) == ("Paula", "+4930901820")
    assert row.date_of_birth == typed.date_of_birth == date(1990, 5, 1)


def test_what_was_typed_outlives_the_same_value_from_the_shop(shop: Shop) -> None:
    type_in(sent(shop, last_name="Patient"), {"last_name": "Married"}, now=NOW)

    assert sent(shop, last_name="Patient").last_name == "Married"


def test_a_new_value_from_the_shop_replaces_what_was_typed(shop: Shop) -> None:
    type_in(sent(shop, last_name="Patient"), {"last_name": "Married"}, now=NOW)

    assert sent(shop, last_name="Remarried").last_name == "Remarried"


def test_each_field_knows_whose_word_it_is(shop: Shop) -> None:
    patient = sent(shop, first_name="Paula", date_of_birth="1990-05-01")
    patient = type_in(patient, {"last_name": "Patient", "first_name": "Pauline"}, now=NOW)

    sources = {
        name: source_of(patient, name)
        for name in ("first_name", "last_name", "date_of_birth", "email")
    }
    assert sources == {
        "first_name": "patient",
        "last_name": "patient",
        "date_of_birth": "shop",
        "email": "",
    }


def test_a_blank_field_is_emptied(shop: Shop) -> None:
    patient = sent(shop, phone="030 901820", date_of_birth="1990-05-01")

    type_in(patient, {"phone": " ", "date_of_birth": ""}, now=NOW)

    row = Patient.objects.get()
    assert (row.phone, row.date_of_birth) == ("", None)


@pytest.mark.parametrize("text", ["not an address", "a\0@b.example", "\ud800", "x" * 600])
def test_nothing_is_written_when_a_field_cannot_be_used(shop: Shop, text: str) -> None:
    patient = sent(shop, first_name="Paula")

    with pytest.raises(UnusableFields) as refusal:
        type_in(patient, {"first_name": "Pauline", "email": text}, now=NOW)

    assert refusal.value.fields == ("email",)
    assert Patient.objects.get().first_name == "Paula"


def test_values_as_they_stand_write_nothing(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    patient = sent(shop, first_name="Paula", phone="+4930901820")

    with django_assert_num_queries(3):  # savepoint, lock, release
        type_in(patient, {"first_name": " Paula ", "phone": "030 901820"}, now=NOW)


def test_an_erased_patient_does_not_come_back(shop: Shop) -> None:
    patient = sent(shop, first_name="Paula")
    Patient.objects.update(erased_at=NOW, first_name="")

    type_in(patient, {"first_name": "Paula"}, now=NOW)

    assert Patient.objects.get().first_name == ""
