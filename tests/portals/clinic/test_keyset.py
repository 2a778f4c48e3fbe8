"""Pages by key: whatever comes and goes between two pages, nothing is missing and nothing is there twice."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import transaction
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from organisations.actors import ActorKind
from organisations.models import AuditEntry, Organisation
from portals.keyset import Cursor, Page, paginate, read_cursor
from tests import factories

SIZE = 3
PLACES = st.lists(st.integers(0, 4), max_size=14)


def _request(query: str = "") -> HttpRequest:
    request = RequestFactory().get(f"/{query}")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]  # as its middleware does
    return request


def _page(query: str = "", *, descending: bool = False) -> Page[AuditEntry]:
    rows = AuditEntry.objects.all()
    return paginate(
        _request(query), rows, key=("at", "object_uid"), size=SIZE, descending=descending
    )


def _add(organisation: Organisation, place: int, uid: str) -> None:
    at = factories.NOW + timedelta(minutes=place)
    AuditEntry.objects.create(
        organisation=organisation,
        at=at,
        action="test",
        actor_kind=ActorKind.SYSTEM,
        object_uid=uid,
    )


def _uids(page: Page[AuditEntry]) -> list[str]:
    return [row.object_uid for row in page.rows]


@pytest.mark.django_db
@pytest.mark.parametrize("descending", [False, True])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(places=PLACES, late=PLACES)
def test_walking_forth_shows_each_row_once_while_others_arrive_and_back_likewise(
    descending: bool, places: list[int], late: list[int]
) -> None:
    with transaction.atomic():
        organisation = factories.make_organisation()
        for number, place in enumerate(places):
            _add(organisation, place, f"{number:02}")
        there = {row.object_uid for row in AuditEntry.objects.all()}
        arriving = [f"late-{number:02}" for number in range(len(late))]

        page, seen = _page(descending=descending), []
        while page.next_url:
            seen += _uids(page)
            if arriving:
                _add(organisation, late[len(arriving) - 1], arriving.pop())
            page = _page(page.next_url, descending=descending)
        seen += _uids(page)
        assert len(seen) == len(set(seen))
        assert there <= set(seen)

        back = _uids(page)
        while page.previous_url:
            page = _page(page.previous_url, descending=descending)
            back = _uids(page) + [uid for uid in back if uid not in _uids(page)]
        assert there <= set(back)
        assert back[:SIZE] == _uids(_page(descending=descending))
        transaction.set_rollback(True)  # the next example begins with an empty log


@pytest.mark.parametrize(
    "nonsense",
    ["x", "é", "%00", "WzAsMV0", "bnVsbA", "W1tbW1tb", "9" * 900, "WzAsImEiLCJiIl0", "' OR 1=1"],
)
@pytest.mark.django_db
def test_nonsense_is_the_first_page_with_a_message(nonsense: str) -> None:
    _add(factories.make_organisation(), 1, "only")
    request = _request(f"?{urlencode({'page': nonsense})}")

    page = paginate(request, AuditEntry.objects.all(), key=("at", "object_uid"))

    assert _uids(page) == ["only"]
    assert [str(message) for message in get_messages(request)] == [
        "That page is not known. This is the first one."
    ]


@given(backwards=st.booleans(), uid=st.text(alphabet="abc-09", max_size=40))
def test_a_cursor_reads_back_as_it_was_written(backwards: bool, uid: str) -> None:
    cursor = Cursor(backwards, factories.NOW, uid)

    assert read_cursor(str(cursor), is_time=True) == cursor
    assert read_cursor(str(cursor), is_time=False) == Cursor(
        backwards, factories.NOW.isoformat(), uid
    )


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    read_cursor(text, is_time=True)
