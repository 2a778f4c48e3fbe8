import pytest

from booking_secrets import secrets
from tests.factories import ADMIN, NOW, make_organisation, make_shop

from .minting import Partner


@pytest.fixture
def partner(db: None) -> Partner:
    """With a secret for the whole organisation, which has one shop."""
    organisation = make_organisation()
    shop = make_shop(organisation=organisation)
    secret, text = secrets.create(organisation, name="Backend", actor=ADMIN, now=NOW)
    return Partner(secret, text, shop)
