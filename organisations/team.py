"""Who works in an organisation's admin portal, and as what: roles, leaving, one's own account.

An organisation always keeps an admin who can sign in: its row is locked while that is counted, so two
admins who remove each other at once do not both succeed.
"""

from datetime import datetime

from django.db import transaction

from . import audit, inputs, phones
from .actors import Actor
from .errors import Invalid
from .models import Membership, Organisation, Role, User


def change_role(membership: Membership, *, role: Role, actor: Actor, now: datetime) -> None:
    """Give the member another role, from the next request on. The same role again writes nothing.

    Raises Invalid when the organisation would be left without an admin.
    """
    with transaction.atomic():
        locked = _lock(membership)
        if locked is None or locked.role == role:
            return
        if role != Role.ADMIN:
            _keep_an_admin(locked)
        Membership.objects.filter(pk=locked.pk).update(role=role)
        _audit(locked, "member.role_changed", actor, now, role=role, previous=locked.role)
    membership.role = role


def remove_member(membership: Membership, *, actor: Actor, now: datetime) -> None:
    """End the membership at once; the user stays, with what they are elsewhere. Repeating it does nothing.

    Raises Invalid when the organisation would be left without an admin.
    """
    with transaction.atomic():
        locked = _lock(membership)
        if locked is None:
            return
        _keep_an_admin(locked)
        _audit(locked, "member.removed", actor, now, role=locked.role)
        locked.delete()


def switch_reminders(membership: Membership, is_on: bool, *, actor: Actor, now: datetime) -> bool:
    """Whether rules for the group `admin` reach this member; True when that changed."""
    others = Membership.objects.filter(pk=membership.pk).exclude(receives_reminders=is_on)
    with transaction.atomic():
        has_changed = bool(others.update(receives_reminders=is_on))
        if has_changed:
            action = "member.reminders_on" if is_on else "member.reminders_off"
            _audit(membership, action, actor, now)
    membership.receives_reminders = is_on
    return has_changed


def change_profile(
    membership: Membership,
    *,
    name: str,
    timezone: str,
    mobile_phone: str,
    country: str,
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Set what the member tells of themselves; the names of what changed, audited without the values.

    Blank `timezone`: the organisation's. A number without country code is read in `country` (ISO
    alpha-2). Raises Invalid.
    """
    user = membership.user
    values = {
        "name": inputs.required_name("name", name),
        "timezone": inputs.zone_name("timezone", timezone) if timezone.strip() else "",
        "mobile_phone": _number(mobile_phone, country),
    }
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        changed = [field for field, value in values.items() if value != getattr(locked, field)]
        if changed:
            User.objects.filter(pk=user.pk).update(**{field: values[field] for field in changed})
            _audit(membership, "account.profile_changed", actor, now, fields=changed)
    for field, value in values.items():
        setattr(user, field, value)
    return changed


def end_all_sessions(
    user: User, organisation: Organisation, *, actor: Actor, now: datetime
) -> None:
    """Sign the user out everywhere: every session made until now is refused with its next request."""
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        locked.session_serial += 1
        locked.save(update_fields=["session_serial"])
        audit.record(
            organisation, "account.sessions_ended", actor=actor, now=now, object_uid=user.uid
        )
    user.session_serial = locked.session_serial


def _lock(membership: Membership) -> Membership | None:
    """The membership as it is now, with its organisation's row locked; None when it is gone."""
    Organisation.objects.select_for_update(no_key=True).get(pk=membership.organisation_id)
    rows = Membership.objects.select_related("organisation", "user")
    return rows.filter(pk=membership.pk).one_or_none()


def _keep_an_admin(leaving: Membership) -> None:
    others = Membership.objects.of(leaving.organisation).exclude(pk=leaving.pk)
    if leaving.role == Role.ADMIN and not others.filter(role=Role.ADMIN, user__is_active=True):
        raise Invalid("role", "This is the only admin. Make somebody else an admin first.")


def _number(text: str, country: str) -> str:
    if not text.strip():
        return ""
    try:
        return phones.to_e164(text, country)
    except ValueError as error:
        raise Invalid("mobile_phone", str(error)) from None


def _audit(
    membership: Membership,
    action: str,
    actor: Actor,
    now: datetime,
    *,
    fields: list[str] | None = None,
    **details: str,
) -> None:
    audit.record(
        membership.organisation,
        action,
        actor=actor,
        now=now,
        object_uid=membership.user.uid,
        details={**details, **({"fields": fields} if fields else {})},
    )
