"""What the reasons of refused tokens mean to a person, and what to do about them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    advice: str


_REVOKED = Words(
    "Signed with a secret that is unknown or revoked",
    "Put the key_id and the value of an active secret into your minter.",
)
_SIGNATURE = Words(
    "The signature does not hold",
    "The minter has another value than the secret of that key_id. Reveal the secret and copy it anew,"
    " without spaces or line ends; its text is the key as it stands, do not decode it as base64.",
)
_SHAPE = Words(
    "Not a token in the expected form",
    "Copy the whole token. Its header may hold alg (HS256), typ (JWT) and kid (a key_id), nothing else.",
)
_LIFETIME = Words(
    "The lifetime is too long, or exp is not usable",
    "exp: whole seconds since 1970, not milliseconds. The documented minter lets a token live 300 seconds.",
)
_CLOCK = Words(
    "Not valid yet, or its start is not usable",
    "iat and nbf: whole seconds since 1970, not later than now. Check the clock of the server that signs.",
)
_CUSTOMER = Words(
    "The customer number is missing or not usable", "shop_customer_id: a text, not a number."
)

_WORDS = {
    "invalid_header/kid": _REVOKED,
    "invalid_header/alg": _SHAPE,
    "invalid_header/typ": _SHAPE,
    "invalid_header/": _SIGNATURE,
    "token_expired/exp": Words(
        "Expired",
        "Sign a fresh token for every call or page instead of keeping one, and check the server's clock.",
    ),
    "invalid_claims/aud": Words(
        "Made for somebody else", 'Set aud to the text "rxscale-scheduling", not to a list.'
    ),
    "invalid_claims/exp": _LIFETIME,
    "invalid_claims/iat": _CLOCK,
    "invalid_claims/nbf": _CLOCK,
    "invalid_claims/shop_identifier": Words(
        "No shop of yours that this secret speaks for",
        "shop_identifier: exactly as it stands under Shops. A secret bound to a shop speaks for that one.",
    ),
    "invalid_claims/shop_customer_id": _CUSTOMER,
    "invalid_claims/patient_profile_fields": Words(
        "The profile fields are malformed",
        'patient_profile_fields: a list of {"field": …, "value": …, "source": "shop"}; it may be empty.',
    ),
}
_OTHER = Words("Malformed", "Compare it with the minter's code on the secret's page.")


def words_for(reason: str) -> Words:
    """For a counted reason (TokenRefused.reason), whose `kid` was known."""
    return _WORDS.get(reason, _OTHER)


def words_for_token(reason: str, *, is_kid_known: bool) -> Words:
    """For a token at hand; without a known `kid` nobody has looked at its signature yet."""
    if reason == "invalid_header/" and not is_kid_known:
        return _SHAPE
    return words_for(reason)
