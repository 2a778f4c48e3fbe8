import pytest

from .surgery import Surgery, open_surgery


@pytest.fixture
def surgery(db: None, monkeypatch: pytest.MonkeyPatch) -> Surgery:
    return open_surgery(monkeypatch)
