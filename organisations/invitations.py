"""Invitations into an organisation's admin portal, by e-mail. Sending the mail is the caller's.

The link is no stored secret but a MAC over the invitation and its serial (as join links are): whoever
writes the mail can name it again, the database cannot be read for it, and sending again ends the old one.
"""

import re
from datetime import datetime, timedelta

from django.db import transaction

from common.crypto import mac, mac_matches
from common.sql import insert_or_nothing

from . import audit, inputs, members
from .actors import Actor, ActorKind
from .errors import Invalid
from .models import Invitation, Membership, Organisation, Role, User

VALID_FOR = timedelta(days=7)
_PURPOSE = "team-invitation"
_TOKEN = re.compile(r"(inv-[0-9a-z]{1,36})\.([0-9A-Za-z_-]{16,86})")


class InvitationOver(Exception):
    """The link leads nowhere any more; `message` says to a person why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def invite(
    organisation: Organisation, *, email: str, role: Role, actor: Actor, now: datetime
) -> Invitation:
    """An open invitation, valid for seven days. Also for who has an account elsewhere with us.

    Raises Invalid for an unusable address, a member's, and one that is invited already.
    """
    email = inputs.email_address("email", email)
    if Membership.objects.of(organisation).filter(user__email=email).exists():
        raise Invalid("email", "This person is on the team already.")
    invitation = Invitation(
        organisation=organisation,
        email=email,
        role=role,
        invited_by=actor.label,
        created_at=now,
        sent_at=now,
        expires_at=now + VALID_FOR,
    )
    with transaction.atomic():
        if not insert_or_nothing(invitation):
            raise Invalid("email", "This person is invited already. Send the invitation again.")
        _audit(invitation, "member.invited", actor, now)
    return invitation


def send_again(invitation: Invitation, *, actor: Actor, now: datetime) -> bool:
    """Make a new link, valid for seven days from now; the one before stops working.

    False when the invitation was accepted or withdrawn meanwhile.
    """
    with transaction.atomic():
        open_one = _lock(invitation)
        if open_one is None:
            return False
        open_one.serial += 1
        open_one.sent_at, open_one.expires_at = now, now + VALID_FOR
        open_one.save(update_fields=["serial", "sent_at", "expires_at"])
        _audit(open_one, "member.invited_again", actor, now)
    invitation.refresh_from_db()
    return True


def withdraw(invitation: Invitation, *, actor: Actor, now: datetime) -> bool:
    """End the invitation at once. False when it was accepted or withdrawn meanwhile."""
    with transaction.atomic():
        open_one = _lock(invitation)
        if open_one is None:
            return False
        open_one.withdrawn_at = now
        open_one.save(update_fields=["withdrawn_at"])
        _audit(open_one, "member.invitation_withdrawn", actor, now)
    return True


def token_of(invitation: Invitation) -> str:
    """What the mailed link ends in."""
    return f"{invitation.uid}.{mac(_PURPOSE, invitation.uid, str(invitation.serial))}"


def find(token: str, *, now: datetime) -> Invitation:
    """The invitation the link belongs to, still to be accepted. Raises InvitationOver."""
    match = _TOKEN.fullmatch(token)
    rows = Invitation.objects.select_related("organisation")
    invitation = rows.filter(uid=match[1]).one_or_none() if match else None
    if match is None or invitation is None:
        raise InvitationOver("This link is not complete. Open it again from the mail, all of it.")
    if not mac_matches(match[2], _PURPOSE, invitation.uid, str(invitation.serial)):
        raise InvitationOver("This link was replaced by a newer one. Look for the newest mail.")
    _check_open(invitation, now)
    return invitation


def account_for(invitation: Invitation) -> User | None:
    """The account that would join; None when accepting makes one."""
    return User.objects.filter(email=invitation.email).first()


def accept(
    invitation: Invitation,
    *,
    name: str = "",
    password: str = "",
    ip_address: str | None,
    now: datetime,
) -> Membership:
    """Make the member, and their account where there is none; once. Whoever opened the mail may.

    `name` and `password` are for a new account, the password also for one that has none yet; others keep
    theirs. Raises Invalid for these two, InvitationOver when it was accepted or withdrawn meanwhile.
    """
    with transaction.atomic():
        locked = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
        _check_open(locked, now)
        user = _account(locked, name, password)
        actor = Actor(ActorKind.ADMIN, user.uid, str(user), ip_address)
        membership, _ = members.add_member(
            invitation.organisation, user, role=Role(locked.role), actor=actor, now=now
        )
        locked.accepted_at = now
        locked.save(update_fields=["accepted_at"])
    return membership


def needs_password(user: User | None) -> bool:
    """Whether accepting sets one: a new account, or a doctor's that was never signed in with."""
    return user is None or not user.has_usable_password()


def _account(invitation: Invitation, name: str, password: str) -> User:
    user = account_for(invitation)
    if user is None:
        name = inputs.required_name("name", name)
        return members.add_user(email=invitation.email, name=name, password=password)[0]
    if not user.is_active:
        raise InvitationOver("This account was deactivated. Ask whoever invited you.")
    if needs_password(user):
        members.check_password(password, user)
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def _lock(invitation: Invitation) -> Invitation | None:
    rows = Invitation.objects.open().select_related("organisation")
    return rows.select_for_update(no_key=True, of=("self",)).filter(pk=invitation.pk).one_or_none()


def _check_open(invitation: Invitation, now: datetime) -> None:
    if invitation.withdrawn_at:
        raise InvitationOver("This invitation was withdrawn. Ask whoever invited you.")
    if invitation.accepted_at:
        raise InvitationOver("This invitation was accepted already. Sign in instead.")
    if now >= invitation.expires_at:
        raise InvitationOver("This invitation is too old. Ask for it to be sent again.")
    if not invitation.organisation.is_active:
        raise InvitationOver("This clinic is not active with us at the moment.")


def _audit(invitation: Invitation, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        invitation.organisation,
        action,
        actor=actor,
        now=now,
        object_uid=invitation.uid,
        details={"role": invitation.role},
    )
