"""A clinic that is always open; a module that needs another one stands up its own."""

from copy import deepcopy

import pytest

from tests.standing import Stand

from .clinic import Clinic, make_clinic


@pytest.fixture(scope="module")
def standing_clinic(stand: Stand) -> Clinic:
    return stand(make_clinic)


@pytest.fixture
def clinic(db: None, standing_clinic: Clinic) -> Clinic:
    return deepcopy(standing_clinic)
