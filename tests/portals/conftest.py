import pytest

from .team import Staff


@pytest.fixture
def staff(db: None) -> Staff:
    return Staff()
