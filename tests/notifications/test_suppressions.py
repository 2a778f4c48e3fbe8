"""A suppressed address is shown and can be lifted, audited without the address."""

import pytest
from pytest_django import DjangoAssertNumQueries

from notifications import suppressions
from notifications.models import Channel, Suppression, SuppressionReason
from organisations.models import AuditEntry, Organisation
from tests.factories import ADMIN, NOW, make_organisation

ADDRESS = "paula@patients.example"


@pytest.fixture
def clinic(db: None) -> Organisation:
    return make_organisation()


def suppress(organisation: Organisation, address: str = ADDRESS) -> Suppression:
    return Suppression.objects.create(
        organisation=organisation,
        channel=Channel.EMAIL,
        address=address,
        reason=SuppressionReason.BOUNCED,
        created_at=NOW,
    )


def test_only_the_organisations_own_are_found_in_any_case_of_letters(clinic: Organisation) -> None:
    own = suppress(clinic)
    suppress(make_organisation(name="Southside Clinic"))
    suppress(clinic, "other@patients.example")

    assert suppressions.of_addresses(clinic, [ADDRESS.upper(), ""]) == [own]


def test_no_address_finds_nothing_and_asks_nothing(
    clinic: Organisation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    suppress(clinic, "x")

    with django_assert_num_queries(0):
        assert suppressions.of_addresses(clinic, ["", ""]) == []


def test_lifting_is_audited_once_and_never_names_the_address(clinic: Organisation) -> None:
    row = suppress(clinic)
    same = Suppression.objects.get()

    suppressions.lift(row, about_uid="pp-1", actor=ADMIN, now=NOW)
    suppressions.lift(same, about_uid="pp-1", actor=ADMIN, now=NOW)

    assert not Suppression.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_uid) == ("suppression.lifted", "pp-1")
    assert ADDRESS not in str(entry.details)
