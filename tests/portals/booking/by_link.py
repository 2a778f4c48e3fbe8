"""A browser at the pages that a visit's links open, at a given moment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from appointments import links
from appointments.models import Appointment
from portals.booking import by_link
from tests.factories import NOW

Posted = Mapping[str, str]


class LinkHolder:
    """Whoever holds the patient's links. The browser keeps no cookie and is checked for forgery."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.monkeypatch = monkeypatch

    def get(self, url: str, query: Posted | None = None, *, at: datetime = NOW) -> Any:
        self.monkeypatch.setattr(by_link, "utc_now", lambda: at)
        return self.client.get(urlsplit(url).path, query or {})

    def post(
        self,
        url: str,
        posted: Posted | None = None,
        *,
        at: datetime = NOW,
        headers: Posted | None = None,
    ) -> Any:
        self.monkeypatch.setattr(by_link, "utc_now", lambda: at)
        return self.client.post(urlsplit(url).path, posted or {}, headers=headers)

    def text(self, url: str, query: Posted | None = None, *, at: datetime = NOW) -> str:
        response = self.get(url, query, at=at)
        assert response.status_code == 200
        return str(response.content.decode())


def path_of(visit: Appointment, act: str = "") -> str:
    """The visit's own page, or below it."""
    return urlsplit(links.manage_url(visit)).path + (act and f"/{act}")


def epoch(instant: datetime) -> str:
    return str(int(instant.timestamp()))
