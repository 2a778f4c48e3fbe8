"""Mails about accounts: reset a password, what changed, join a team. Through the outbox, like every mail.

A link that opens an account is made when the mail is written, so that no table and no queue holds one.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.http import int_to_base36

from common.local_time import in_words
from notifications import kinds, outbox
from notifications.kinds import Email, Kind
from notifications.letters import Action, Fact, Letter, to_email
from notifications.models import Channel, Delivery
from organisations import invitations, members
from organisations.models import Invitation, User
from organisations.zones import zone_of_user

PASSWORD_RESET = "account.password_reset"  # noqa: S105  # the name of a kind
NOTICE = "account.notice"
INVITATION = "team.invitation"

_NOTICES = {
    "password_changed": "Your password was changed",
    "password_reset": "Your password was reset",
    "totp_activated": "Your second factor was switched on",
    "totp_deactivated": "Your second factor was switched off",
    "recovery_codes_generated": "You have new recovery codes",
}


def register_kinds() -> None:
    """Called once, when the app is ready."""
    kinds.register(Kind(PASSWORD_RESET, _why_no_reset, _render_reset))
    kinds.register(Kind(NOTICE, _why_no_notice, _render_notice))
    kinds.register(Kind(INVITATION, _why_no_invitation, _render_invitation))


def send_password_reset(user: User, *, now: datetime) -> None:
    _send(user, PASSWORD_RESET, {}, now)


def send_notice(user: User, what: str, *, now: datetime) -> None:
    """Tell the user that `what`, a key of the notices, was done to the account. Others are ignored."""
    if what in _NOTICES:
        _send(user, NOTICE, {"what": what}, now)


def invitation_message(invitation: Invitation) -> outbox.NewMessage:
    """To be published in the transaction that invites or sends again; only the newest one leaves."""
    return outbox.NewMessage(
        organisation_id=invitation.organisation_id,
        channel=Channel.EMAIL,
        kind=INVITATION,
        subject_uid=invitation.uid,
        about_uid="",
        recipient_group="admin",
        address=invitation.email,
        context={"serial": invitation.serial},
    )


def _send(user: User, kind: str, context: dict[str, object], now: datetime) -> None:
    """In the name of the user's first organisation. The RxScale team's own have none and get no mail."""
    organisation = members.organisations_of(user).first()
    if organisation is None:
        return
    message = outbox.NewMessage(
        organisation_id=organisation.pk,
        channel=Channel.EMAIL,
        kind=kind,
        subject_uid=user.uid,
        about_uid="",
        recipient_uid=user.uid,
        address=user.email,
        context=context,
    )
    with transaction.atomic():
        outbox.publish(now=now, messages=[message])


def _why_no_reset(delivery: Delivery, now: datetime) -> str:
    if now >= delivery.created_at + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT):
        return "it was asked for too long ago"
    return _why_no_notice(delivery, now)


def _why_no_notice(delivery: Delivery, now: datetime) -> str:
    user = _user(delivery)
    return "" if user.is_active else "the user is deactivated"


def _why_no_invitation(delivery: Delivery, now: datetime) -> str:
    invitation = Invitation.objects.get(uid=delivery.subject_uid)
    if invitation.withdrawn_at or invitation.accepted_at:
        return "the invitation is no longer open"
    return "" if invitation.serial == delivery.context["serial"] else "it was sent again"


def _render_reset(delivery: Delivery, now: datetime) -> Email:
    user = _user(delivery)
    key = {"uidb36": int_to_base36(user.pk), "key": default_token_generator.make_token(user)}
    return _letter(
        subject="Set a new password",
        paragraphs=(
            "A new password was asked for, we hope by you. The link works once, for an hour.",
            "If it was not you, do nothing: your password stays as it is.",
        ),
        actions=(Action("Set a new password", _url("account_reset_password_from_key", key)),),
        footer="You get this mail because a new password was asked for.",
    )


def _render_notice(delivery: Delivery, now: datetime) -> Email:
    zone = zone_of_user(_user(delivery), delivery.organisation)
    what = _NOTICES[str(delivery.context["what"])]
    return _letter(
        subject=what,
        paragraphs=(
            "If it was you, there is nothing to do.",
            "If it was not, set a new password now: that signs you out everywhere. Then tell an admin.",
        ),
        facts=(Fact("When", in_words(delivery.created_at, zone)),),
        actions=(Action("Set a new password", _url("account_reset_password", {})),),
        footer="You get this mail whenever the protection of your account changes.",
    )


def _render_invitation(delivery: Delivery, now: datetime) -> Email:
    rows = Invitation.objects.select_related("organisation")
    invitation = rows.get(uid=delivery.subject_uid)
    name = invitation.organisation.name
    inviting = (
        f"{invitation.invited_by} invites you" if invitation.invited_by else "You are invited"
    )
    link = _url("account_invitation", {"token": invitations.token_of(invitation)})
    return _letter(
        subject=f"Join {name} on RxScale",
        paragraphs=(f"{inviting} to work in the admin portal of {name}.",),
        facts=(
            Fact("Role", invitation.get_role_display()),
            Fact("Valid until", in_words(invitation.expires_at, invitation.organisation.timezone)),
        ),
        actions=(Action("Accept the invitation", link),),
        footer="If you do not know this clinic, ignore this mail: nothing happens.",
    )


def _letter(
    *,
    subject: str,
    paragraphs: tuple[str, ...],
    actions: tuple[Action, ...],
    footer: str,
    facts: tuple[Fact, ...] = (),
) -> Email:
    return to_email(
        Letter(
            subject=subject,
            heading=subject,
            sender="RxScale Scheduling",
            paragraphs=paragraphs,
            facts=facts,
            actions=actions,
            footer=(footer,),
        )
    )


def _url(route: str, parts: dict[str, str]) -> str:
    return settings.BASE_URL + reverse(route, kwargs=parts)


def _user(delivery: Delivery) -> User:
    return User.objects.get(uid=delivery.subject_uid)
