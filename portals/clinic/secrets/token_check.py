"""Reading one token for a person: would the API accept it now, and if not, what is wrong with it?"""

from dataclasses import dataclass
from datetime import datetime

from booking_secrets import tokens
from booking_secrets.models import BookingSecret
from booking_secrets.token_form import read_kid
from booking_secrets.tokens import BookingToken, TokenRefused
from organisations.models import Organisation

from .refusal_words import Words, words_for_token


@dataclass(frozen=True, slots=True)
class Verdict:
    """`accepted`, or `refused` with its `words`. `secret` is the organisation's own that `kid` names."""

    accepted: BookingToken | None = None
    refused: TokenRefused | None = None
    words: Words | None = None
    secret: BookingSecret | None = None

    @property
    def field_names(self) -> list[str]:
        return [name for name, _ in self.accepted.profile_fields] if self.accepted else []


def judge(organisation: Organisation, token: str, *, now: datetime) -> Verdict:
    """What the API would answer now; leaves no trace. Another organisation's token reads as unknown."""
    try:
        accepted = tokens.check(organisation, token, now=now)
    except TokenRefused as refused:
        secret = _named_by(token, organisation)
        words = words_for_token(refused.reason, is_kid_known=secret is not None)
        return Verdict(refused=refused, words=words, secret=secret)
    return Verdict(accepted=accepted, secret=accepted.secret)


def _named_by(token: str, organisation: Organisation) -> BookingSecret | None:
    try:
        kid = read_kid(token)
    except TokenRefused:
        return None
    return BookingSecret.objects.of(organisation).filter(key_id=kid).one_or_none()
