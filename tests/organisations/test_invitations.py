"""Invitations: one link, once, for seven days; nothing in the database gives it away."""

from datetime import datetime, timedelta

import pytest

from organisations import invitations
from organisations.errors import Invalid
from organisations.invitations import InvitationOver
from organisations.models import AuditEntry, Invitation, Membership, Organisation, Role, User
from tests.factories import ADMIN, NOW, make_member, make_organisation, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "quite another password 7"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def clinic() -> Organisation:
    return make_organisation()


def _invite(
    clinic: Organisation, email: str = "olga@clinic.example", role: Role = Role.OPERATIONS
) -> Invitation:
    return invitations.invite(clinic, email=email, role=role, actor=ADMIN, now=NOW)


def _accept(invitation: Invitation, *, now: datetime = LATER, **fields: str) -> Membership:
    return invitations.accept(invitation, ip_address="203.0.113.9", now=now, **fields)


def test_the_link_names_the_invitation(clinic: Organisation) -> None:
    invitation = _invite(clinic, " Olga@Clinic.Example ")

    found = invitations.find(invitations.token_of(invitation), now=NOW)

    assert (found, found.email, found.role) == (invitation, "olga@clinic.example", "operations")


def test_no_column_holds_what_the_link_needs(clinic: Organisation) -> None:
    token = invitations.token_of(_invite(clinic))

    row = Invitation.objects.values().get()

    assert token.partition(".")[2] not in str(row)


@pytest.mark.parametrize(
    ("after", "works"),
    [(timedelta(days=7) - timedelta(seconds=1), True), (timedelta(days=7), False)],
)
def test_it_is_valid_for_seven_days(clinic: Organisation, after: timedelta, works: bool) -> None:
    token = invitations.token_of(_invite(clinic))

    if works:
        invitations.find(token, now=NOW + after)
    else:
        with pytest.raises(InvitationOver, match="too old"):
            invitations.find(token, now=NOW + after)


@pytest.mark.parametrize(
    "token", ["", "inv-x", "inv-abc.def", "é.é", "a\0b", "inv-abc." + "x" * 24]
)
def test_garbage_leads_nowhere(clinic: Organisation, token: str) -> None:
    _invite(clinic)

    with pytest.raises(InvitationOver, match="not complete"):
        invitations.find(token, now=NOW)


def test_another_invitations_mac_does_not_fit(clinic: Organisation) -> None:
    mine, yours = _invite(clinic), _invite(clinic, "otto@clinic.example", Role.ADMIN)
    mac = invitations.token_of(mine).partition(".")[2]

    with pytest.raises(InvitationOver):
        invitations.find(f"{yours.uid}.{mac}", now=NOW)


def test_accepting_makes_account_and_membership(clinic: Organisation) -> None:
    membership = _accept(_invite(clinic), name="Olga O", password=PASSWORD)

    user = User.objects.get()
    assert (membership.user, membership.role) == (user, Role.OPERATIONS)
    assert (user.email, user.name) == ("olga@clinic.example", "Olga O")
    assert user.check_password(PASSWORD)
    added = AuditEntry.objects.get(action="member.added")
    assert (added.actor_uid, added.ip_address) == (user.uid, "203.0.113.9")


def test_it_is_accepted_once(clinic: Organisation) -> None:
    invitation = _invite(clinic)
    _accept(invitation, name="Olga O", password=PASSWORD)

    with pytest.raises(InvitationOver, match="already"):
        _accept(invitation, name="Somebody else", password="yet another password 8")
    assert User.objects.get().check_password(PASSWORD)


def test_who_has_an_account_keeps_name_and_password(clinic: Organisation) -> None:
    olga = make_user(email="olga@clinic.example", name="Olga O")

    _accept(_invite(clinic), name="Mallory", password=PASSWORD)

    kept = User.objects.get()
    assert (kept, kept.name) == (olga, "Olga O")
    assert kept.check_password("correct horse battery")
    assert Membership.objects.get().user == olga


def test_an_account_without_a_password_gets_one(clinic: Organisation) -> None:
    jane = User.objects.create_user("olga@clinic.example", None, name="Jane")

    _accept(_invite(clinic), password=PASSWORD)

    jane.refresh_from_db()
    assert jane.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [("", PASSWORD, "name"), ("Olga", "short", "password"), ("Olga", "", "password")],
)
def test_what_cannot_be_used_makes_nothing(
    clinic: Organisation, name: str, password: str, field: str
) -> None:
    invitation = _invite(clinic)

    with pytest.raises(Invalid) as refused:
        _accept(invitation, name=name, password=password)

    assert refused.value.field == field
    assert User.objects.count() == 0
    assert Invitation.objects.open().get() == invitation


def test_a_deactivated_account_does_not_come_back(clinic: Organisation) -> None:
    make_user(email="olga@clinic.example", is_active=False)

    with pytest.raises(InvitationOver, match="deactivated"):
        _accept(_invite(clinic))
    assert Membership.objects.count() == 0


def test_sent_again_only_the_new_link_works(clinic: Organisation) -> None:
    invitation = _invite(clinic)
    old = invitations.token_of(invitation)
    much_later = NOW + timedelta(days=20)

    assert invitations.send_again(invitation, actor=ADMIN, now=much_later)

    with pytest.raises(InvitationOver, match="newer"):
        invitations.find(old, now=much_later)
    week_on = much_later + timedelta(days=6)
    assert invitations.find(invitations.token_of(invitation), now=week_on) == invitation


def test_a_withdrawn_one_is_over(clinic: Organisation) -> None:
    invitation = _invite(clinic)
    token = invitations.token_of(invitation)

    assert invitations.withdraw(invitation, actor=ADMIN, now=LATER)

    with pytest.raises(InvitationOver, match="withdrawn"):
        invitations.find(token, now=LATER)
    assert not invitations.withdraw(invitation, actor=ADMIN, now=LATER)
    assert not invitations.send_again(invitation, actor=ADMIN, now=LATER)


def test_after_that_the_address_may_be_invited_anew(clinic: Organisation) -> None:
    invitations.withdraw(_invite(clinic), actor=ADMIN, now=NOW)

    assert _invite(clinic).pk is not None


def test_an_address_is_invited_once_at_a_time(clinic: Organisation) -> None:
    _invite(clinic)

    with pytest.raises(Invalid, match="invited already"):
        _invite(clinic, "OLGA@clinic.example")


def test_members_are_not_invited(clinic: Organisation) -> None:
    member = make_member(organisation=clinic)

    with pytest.raises(Invalid, match="on the team"):
        _invite(clinic, member.user.email)


def test_an_inactive_clinic_takes_nobody_in(clinic: Organisation) -> None:
    token = invitations.token_of(_invite(clinic))
    Organisation.objects.update(is_active=False)

    with pytest.raises(InvitationOver, match="not active"):
        invitations.find(token, now=NOW)


def test_every_step_is_audited_without_the_address(clinic: Organisation) -> None:
    invitation = _invite(clinic)
    invitations.send_again(invitation, actor=ADMIN, now=NOW)
    invitations.withdraw(invitation, actor=ADMIN, now=NOW)

    entries = list(AuditEntry.objects.of(clinic).order_by("id"))

    assert [entry.action for entry in entries] == [
        "member.invited",
        "member.invited_again",
        "member.invitation_withdrawn",
    ]
    assert {entry.object_uid for entry in entries} == {invitation.uid}
    assert "olga" not in str([entry.details for entry in entries])
