"""People join once, keep what they had, and are never given another password."""

import pytest

from organisations import members
from organisations.errors import Invalid
from organisations.models import AuditEntry, Membership, Role, User
from tests.factories import ADMIN, NOW, make_organisation, make_user

pytestmark = pytest.mark.django_db


def test_an_existing_user_keeps_the_password() -> None:
    user = make_user(email="ada@clinic.example")

    found, is_new = members.add_user(email=" Ada@Clinic.example ", password="another password 1")

    assert (found, is_new) == (user, False)
    assert User.objects.get().check_password("correct horse battery")


def test_a_user_made_in_the_same_instant_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two invitations accepted at once: the unique address refuses the second, who finds the first."""
    ada = make_user(email="ada@clinic.example")
    looks = iter([None, ada])
    monkeypatch.setattr(members, "_user_of", lambda email: next(looks))

    assert members.add_user(email="ada@clinic.example", password="another password 1") == (
        ada,
        False,
    )


def test_an_existing_member_keeps_the_role() -> None:
    organisation, user = make_organisation(), make_user()
    members.add_member(organisation, user, role=Role.OPERATIONS, actor=ADMIN, now=NOW)

    membership, is_new = members.add_member(
        organisation, user, role=Role.ADMIN, actor=ADMIN, now=NOW
    )

    assert (membership.role, is_new) == (Role.OPERATIONS, False)
    assert AuditEntry.objects.get().details == {"role": "operations"}


def test_one_user_may_belong_to_two_organisations() -> None:
    user = make_user()
    for name in ("One", "Two"):
        organisation = make_organisation(name=name)
        members.add_member(organisation, user, role=Role.ADMIN, actor=ADMIN, now=NOW)

    assert Membership.objects.filter(user=user).count() == 2


@pytest.mark.parametrize("password", ["short", "password", "1234567890", "ada@clinic.example"])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(Invalid, match="password"):
        members.add_user(email="ada@clinic.example", password=password)

    assert User.objects.count() == 0


@pytest.mark.parametrize("identifier", ["", " ", "x" * 201, "a\0b", "\ud800"])
def test_a_shop_needs_a_usable_identifier(identifier: str) -> None:
    with pytest.raises(Invalid, match="identifier"):
        members.add_shop(
            make_organisation(), identifier=identifier, name="S", country="DE", actor=ADMIN, now=NOW
        )
