"""An invitation and its mail, in one transaction: neither is there without the other."""

from datetime import datetime

from django.db import transaction

from notifications import outbox
from organisations import invitations
from organisations.actors import Actor
from organisations.models import Invitation, Organisation, Role
from portals.accounts import mails


def invite(
    organisation: Organisation, *, email: str, role: Role, actor: Actor, now: datetime
) -> Invitation:
    """Raises organisations.errors.Invalid."""
    with transaction.atomic():
        invitation = invitations.invite(organisation, email=email, role=role, actor=actor, now=now)
        outbox.publish(now=now, messages=[mails.invitation_message(invitation)])
    return invitation


def send_again(invitation: Invitation, *, actor: Actor, now: datetime) -> bool:
    """False when the invitation was accepted or withdrawn meanwhile; then nothing is mailed."""
    with transaction.atomic():
        is_open = invitations.send_again(invitation, actor=actor, now=now)
        if is_open:
            outbox.publish(now=now, messages=[mails.invitation_message(invitation)])
    return is_open
