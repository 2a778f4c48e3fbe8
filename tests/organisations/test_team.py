"""Roles and leaving: an organisation always keeps an admin who can sign in."""

import pytest

from organisations import team
from organisations.errors import Invalid
from organisations.models import AuditEntry, Membership, Organisation, Role, User
from tests.factories import ADMIN, NOW, make_member, make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Organisation:
    return make_organisation()


@pytest.fixture
def ada(clinic: Organisation) -> Membership:
    return make_member(organisation=clinic)


def _other(clinic: Organisation, role: Role = Role.ADMIN, *, is_active: bool = True) -> Membership:
    return make_member(organisation=clinic, role=role, user=make_user(is_active=is_active))


def test_a_role_changes_and_the_log_says_from_what(clinic: Organisation, ada: Membership) -> None:
    olga = _other(clinic, Role.OPERATIONS)

    team.change_role(olga, role=Role.ADMIN, actor=ADMIN, now=NOW)

    assert Membership.objects.get(pk=olga.pk).role == Role.ADMIN
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_uid) == ("member.role_changed", olga.user.uid)
    assert entry.details == {"role": "admin", "previous": "operations"}


def test_the_same_role_again_writes_nothing(ada: Membership) -> None:
    team.change_role(ada, role=Role.ADMIN, actor=ADMIN, now=NOW)

    assert not AuditEntry.objects.exists()


def test_the_only_admin_keeps_the_role_and_the_seat(clinic: Organisation, ada: Membership) -> None:
    _other(clinic, Role.OPERATIONS)
    _other(make_organisation(name="Other"))

    with pytest.raises(Invalid, match="only admin"):
        team.change_role(ada, role=Role.OPERATIONS, actor=ADMIN, now=NOW)
    with pytest.raises(Invalid, match="only admin"):
        team.remove_member(ada, actor=ADMIN, now=NOW)

    assert Membership.objects.get(pk=ada.pk).role == Role.ADMIN
    assert not AuditEntry.objects.exists()


def test_a_deactivated_admin_does_not_count(clinic: Organisation, ada: Membership) -> None:
    _other(clinic, is_active=False)

    with pytest.raises(Invalid, match="only admin"):
        team.remove_member(ada, actor=ADMIN, now=NOW)


def test_with_a_second_admin_the_first_may_go(clinic: Organisation, ada: Membership) -> None:
    other = _other(clinic)

    team.remove_member(ada, actor=ADMIN, now=NOW)

    assert list(Membership.objects.all()) == [other]
    assert User.objects.filter(pk=ada.user_id).exists()
    assert AuditEntry.objects.get().action == "member.removed"


def test_removing_twice_writes_once(clinic: Organisation, ada: Membership) -> None:
    olga = _other(clinic, Role.OPERATIONS)
    again = Membership.objects.get(pk=olga.pk)

    team.remove_member(olga, actor=ADMIN, now=NOW)
    team.remove_member(again, actor=ADMIN, now=NOW)

    assert AuditEntry.objects.count() == 1


def test_reminders_go_off_and_on_and_repeats_are_not_logged(ada: Membership) -> None:
    assert team.switch_reminders(ada, False, actor=ADMIN, now=NOW)
    assert not team.switch_reminders(ada, False, actor=ADMIN, now=NOW)
    assert not Membership.objects.get().receives_reminders
    assert team.switch_reminders(ada, True, actor=ADMIN, now=NOW)

    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["member.reminders_off", "member.reminders_on"]


def _change(ada: Membership, **changes: str) -> list[str]:
    fields = {"name": "Ada Admin", "timezone": "", "mobile_phone": "", **changes}
    return team.change_profile(ada, country="DE", actor=ADMIN, now=NOW, **fields)


def test_a_profile_keeps_the_number_as_e164_and_the_log_without_it(ada: Membership) -> None:
    changed = _change(ada, mobile_phone="0151 23456789", timezone="Europe/London")

    user = User.objects.get()
    assert (user.mobile_phone, user.timezone) == ("+4915123456789", "Europe/London")
    assert changed == ["timezone", "mobile_phone"]
    assert AuditEntry.objects.get().details == {"fields": ["timezone", "mobile_phone"]}


def test_what_stays_the_same_is_not_logged(ada: Membership) -> None:
    assert _change(ada) == []
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "a\0b"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("mobile_phone", "12"),
        ("mobile_phone", "call me"),
    ],
)
def test_what_cannot_be_used_changes_nothing(ada: Membership, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        _change(ada, **{"name": "New Name", field: value})

    assert refused.value.field == field
    assert User.objects.get().name == "Ada Admin"


def test_the_hash_every_session_carries_changes_with_the_serial(ada: Membership) -> None:
    before = ada.user.get_session_auth_hash()

    team.end_all_sessions(ada.user, ada.organisation, actor=ADMIN, now=NOW)

    assert User.objects.get().get_session_auth_hash() != before
    assert ada.user.get_session_auth_hash() != before
