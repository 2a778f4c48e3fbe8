import pytest

from tests.api.world import Clinic

from .world import Integrator, integrator


@pytest.fixture
def api(clinic: Clinic) -> Integrator:
    """A key with every permission; its use has been written down for this minute."""
    caller = integrator(clinic)
    assert caller.get("/health").status_code == 200
    return caller
