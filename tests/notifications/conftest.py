import pytest
from pytest_django import Settings

from organisations.models import Organisation
from tests.factories import make_organisation

from . import world


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings: Settings) -> None:
    settings.ALLOW_LOOPBACK_WEBHOOKS = True
    settings.DEFAULT_FROM_EMAIL = "RxScale <no-reply@rxscale.example>"
    world.unwanted.clear()


@pytest.fixture
def clinic(db: None) -> Organisation:
    return make_organisation()
