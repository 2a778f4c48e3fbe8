from datetime import timedelta

import pytest

from common.clock import utc_now
from organisations.models import ApiKey
from tests.api.world import Clinic
from tests.standing import Stand

from .world import Integrator, integrator


@pytest.fixture(scope="module")
def standing_key(stand: Stand, standing_clinic: Clinic) -> str:
    def build() -> str:
        key = integrator(standing_clinic).key
        # Written down for an hour to come: no test's statements hold another note of its use.
        ApiKey.objects.update(last_used_at=utc_now() + timedelta(hours=1))
        return key

    return stand(build)


@pytest.fixture
def api(clinic: Clinic, standing_key: str) -> Integrator:
    """A key with every permission; its use has been written down."""
    return Integrator(standing_key)
