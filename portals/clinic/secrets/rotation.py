"""Replacing a booking secret without downtime: four steps, each read off what the two secrets have done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from booking_secrets.models import BookingSecret

# `last_used_at` and `last_token_expires_at` are written at most this often, so they may lag by it.
_LAG = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rotation:
    """`old` gives way to `new`, which is None until it has been made."""

    old: BookingSecret
    new: BookingSecret | None
    now: datetime

    @property
    def is_new_in_use(self) -> bool:
        return self.new is not None and self.new.last_used_at is not None

    @property
    def may_old_tokens_live(self) -> bool:
        """Whether a token signed with the old secret could still be accepted."""
        expires_at = self.old.last_token_expires_at
        if expires_at is None:
            return False
        return (
            self.now < expires_at + timedelta(seconds=settings.BOOKING_TOKEN_LEEWAY_SECONDS) + _LAG
        )

    @property
    def is_safe(self) -> bool:
        """Revoking the old one breaks nothing that we know of: the new one has been used since the old
        one was last, and the old one's tokens have run out."""
        return self._has_taken_over and not self.may_old_tokens_live

    @property
    def _has_taken_over(self) -> bool:
        if self.new is None or self.new.last_used_at is None:
            return False
        return self.old.last_used_at is None or self.new.last_used_at > self.old.last_used_at


def rotation_of(
    secret: BookingSecret, active: Iterable[BookingSecret], *, now: datetime
) -> Rotation:
    """How far `secret` is on its way to be replaced by the newest of the same reach, if there is a newer one."""
    newer = [
        other
        for other in active
        if other.shop_id == secret.shop_id
        and (other.created_at, other.pk) > (secret.created_at, secret.pk)
    ]
    new = max(newer, key=lambda other: (other.created_at, other.pk), default=None)
    return Rotation(secret, new, now)


def under_way(active: Sequence[BookingSecret], *, now: datetime) -> list[Rotation]:
    """One rotation for every active secret that has a newer one beside it, the oldest first."""
    oldest_first = sorted(active, key=lambda secret: (secret.created_at, secret.pk))
    rotations = (rotation_of(secret, active, now=now) for secret in oldest_first)
    return [rotation for rotation in rotations if rotation.new is not None]
