from copy import deepcopy

import pytest

from booking_secrets import secrets
from tests.factories import ADMIN, NOW, make_organisation, make_shop
from tests.standing import Stand

from .minting import Partner


@pytest.fixture(scope="module")
def standing_partner(stand: Stand) -> Partner:
    return stand(make_partner)


@pytest.fixture
def partner(db: None, standing_partner: Partner) -> Partner:
    return deepcopy(standing_partner)


def make_partner() -> Partner:
    """With a secret for the whole organisation, which has one shop."""
    organisation = make_organisation()
    shop = make_shop(organisation=organisation)
    secret, text = secrets.create(organisation, name="Backend", actor=ADMIN, now=NOW)
    return Partner(secret, text, shop)
