import pytest

from tests.standing import Stand, patched

from .surgery import Surgery, open_surgery


@pytest.fixture(scope="module")
def standing_surgery(stand: Stand) -> Surgery:
    return stand(patched(open_surgery))


@pytest.fixture
def surgery(db: None, standing_surgery: Surgery, monkeypatch: pytest.MonkeyPatch) -> Surgery:
    return standing_surgery.for_test(monkeypatch)
