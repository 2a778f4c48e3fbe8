"""The parts of pages, as HTML."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client

from organisations.models import MaintenanceRun
from portals import layout
from portals.templatetags.ui import (
    ago,
    badge,
    breakable,
    copy,
    distance,
    language_in_words,
    when,
)
from tests.factories import NOW

from .gallery import CancelForm

IN_GALLERY = pytest.mark.urls("tests.portals.clinic.gallery_urls")


@IN_GALLERY
def test_the_whole_page_and_its_parts_render(admin: Client) -> None:
    text = admin.get("/test/gallery/").content.decode()

    assert '<a class="button" href="?">Show all</a>' in text
    assert 'action="/test/undo/"' in text
    assert "1,000+" in text
    assert "<dt>Absent</dt>" not in text
    assert "style=" not in text


def test_a_status_is_a_word_with_a_tone_and_text_is_escaped() -> None:
    assert badge("no_show") == '<span class="badge is-bad">No-show</span>'
    assert badge("<b>", tone="warn") == '<span class="badge is-warn">&lt;b&gt;</span>'


def test_an_address_breaks_after_its_at_sign_only_and_is_escaped() -> None:
    assert breakable("jane@clinic.example") == "jane@<wbr>clinic.example"
    assert breakable("<b>@x.example") == "&lt;b&gt;@<wbr>x.example"
    assert breakable("") == ""


def test_what_has_a_page_of_its_own_links_to_it_and_can_be_copied() -> None:
    linked = render_to_string("components/copy.html", copy("mtg-1", url="/there/"))
    plain = render_to_string("components/copy.html", copy("key-1", label="the key"))

    assert '<a href="/there/"><code>mtg-1</code></a>' in linked
    assert 'data-copy="mtg-1" aria-label="Copy mtg-1"' in linked
    assert '<span class="copy"><code>key-1</code><button' in plain
    assert 'aria-label="Copy the key"' in plain


def test_a_time_names_its_zone_and_the_second_zone_where_it_differs() -> None:
    instant = datetime(2027, 3, 2, 23, 30, tzinfo=UTC)

    assert "Wed 3 Mar 2027, 00:30" in when(instant, "Europe/Berlin")
    assert "Europe/Berlin, CET" in when(instant, "Europe/Berlin")
    assert "Tue 2 Mar, 18:30 America/New_York, EST" in when(
        instant, "Europe/Berlin", second="America/New_York"
    )
    assert "when-second" not in when(instant, "Europe/Berlin", second="Europe/Paris")
    assert when(None, "Europe/Berlin") == ""
    shown = when(instant, "Asia/Kathmandu", style="clock")
    assert re.sub("<[^>]+>", "", shown) == "05:15 UTC+05:45"
    assert "Wed 3 Mar, 00:30" in when(instant, "Europe/Berlin", style="day")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, "now"),
        (60, "in 1 min"),
        (3600, "in 1 h 0 min"),
        (-11_520, "3 h 12 min ago"),
        (90_000, "in 1 d"),
    ],
)
def test_a_countdown_gives_hours_with_their_minutes(seconds: int, words: str) -> None:
    assert distance(NOW + timedelta(seconds=seconds), NOW, is_exact=True) == words


@pytest.mark.parametrize(
    ("code", "words"), [("de", "German"), ("de-AT", "German"), ("tlh", "tlh"), ("", "")]
)
def test_a_language_is_named(code: str, words: str) -> None:
    assert language_in_words(code) == words
    assert ago(None, "Europe/Berlin") == "never"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(30, "now"), (750, "in 12 min"), (-3700, "1 h ago"), (-200_000, "2 d ago")],
)
def test_a_distance_is_told_in_its_largest_unit(seconds: int, words: str) -> None:
    assert distance(NOW + timedelta(seconds=seconds), NOW) == words


def test_a_field_is_tied_to_its_help_and_its_error() -> None:
    html = str(CancelForm({"reason": " "}))

    assert 'aria-describedby="id_reason_helptext id_reason_error"' in html
    assert 'id="id_reason_error"' in html
    assert 'aria-invalid="true"' in html
    assert '<a href="#id_reason">Reason</a>' in html


@IN_GALLERY
def test_the_banner_shows_while_maintenance_is_overdue(
    admin: Client,
    maintenance_ran: Callable[[datetime], MaintenanceRun],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layout, "STARTED_AT", datetime(2020, 1, 1, tzinfo=UTC))
    maintenance_ran(datetime.now(UTC) - timedelta(minutes=4))
    assert "messages are late" in admin.get("/test/gallery/").content.decode()

    maintenance_ran(datetime.now(UTC))
    assert "messages are late" not in admin.get("/test/gallery/").content.decode()
