"""The door: a launch code opens the booking page once, and never stands in an address afterwards."""

from datetime import timedelta
from http.cookies import Morsel
from secrets import randbelow
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from booking_secrets import secrets
from booking_secrets.models import BookingLaunchCode, BookingSession
from common.rate_limits import breaker
from portals.booking.access import COOKIE
from portals.booking.launch import CODE
from tests.factories import ADMIN, NOW

from .conftest import SetNow
from .front import Shop, Visitor, launched

LAUNCH = "/book/"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def visitor(shop: Shop) -> Visitor:
    """Not the standing one of the others: nobody was there before this module's tests."""
    return launched(shop.code())


def test_opening_the_link_shows_a_page_that_posts_itself_and_uses_nothing_up(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    code, client = shop.code(), Client()

    with django_assert_num_queries(1):
        answer = client.get(LAUNCH, {CODE: code, "day": "2027-03-05"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'name="{CODE}" value="{code}"' in page
    assert 'name="day" value="2027-03-05"' in page
    assert "data-posts-itself" in page
    assert '<button class="button is-primary" type="submit">' in page
    assert BookingLaunchCode.objects.get().used_at is None
    assert COOKIE not in answer.cookies


def test_posting_the_code_opens_a_session_and_leads_to_an_address_without_it(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, posted = Client(), {CODE: shop.code(), "type": "at-1", "doctor": "any", "next": "x"}

    with django_assert_num_queries(5):  # savepoint, code, its use, session, release
        answer = client.post(LAUNCH, posted)

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/book/choose?type=at-1&doctor=any"
    cookie: Morsel[str] = answer.cookies[COOKIE]
    assert (cookie["path"], cookie["samesite"], cookie["max-age"]) == ("/book", "Lax", 1800)
    assert cookie["httponly"]
    assert BookingSession.objects.get().digest != cookie.value


def test_the_zone_of_the_browser_is_taken_along(shop: Shop) -> None:
    launched(shop.code(), zone="Asia/Kathmandu")

    assert BookingSession.objects.get().timezone == "Asia/Kathmandu"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_used_code_leads_back_to_the_shop(shop: Shop, method: str) -> None:
    code = shop.code()
    launched(code)

    answer = getattr(Client(), method)(LAUNCH, {CODE: code})

    assert answer.status_code == 410
    assert 'href="https://shop.example/account"' in answer.content.decode()
    assert COOKIE not in answer.cookies


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_expired_code_leads_back_to_the_shop(shop: Shop, clock: SetNow, method: str) -> None:
    code = shop.code()
    clock(NOW + 10 * MINUTE)

    answer = getattr(Client(), method)(LAUNCH, {CODE: code})

    assert answer.status_code == 410
    assert b"Back to Northside Shop" in answer.content


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("code", ["", "invented", "\0", "\ud800", "x" * 5000])
def test_an_invented_code_opens_nothing(shop: Shop, method: str, code: str) -> None:
    query, client = urlencode({CODE: code}, errors="surrogatepass"), Client()
    form = "application/x-www-form-urlencoded"
    is_get = method == "get"
    answer = client.get(f"{LAUNCH}?{query}") if is_get else client.post(LAUNCH, query, form)

    assert answer.status_code == 404
    assert not BookingSession.objects.exists()


def test_who_opened_the_link_before_in_this_browser_goes_on(shop: Shop) -> None:
    """After the browser's Back button, say."""
    code = shop.code()
    visitor = launched(code)

    answer = visitor.client.get(LAUNCH, {CODE: code, "doctor": "any"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/book/choose?doctor=any")


def test_revoking_the_secret_ends_the_open_session_with_the_next_request(
    shop: Shop, visitor: Visitor
) -> None:
    assert visitor.choose().status_code == 200

    secrets.revoke(shop.secret, actor=ADMIN, now=NOW)

    answer = visitor.choose()
    assert answer.status_code == 410
    assert b"Back to Northside Shop" in answer.content


def test_a_session_is_over_after_thirty_minutes_without_a_step(
    visitor: Visitor, clock: SetNow
) -> None:
    clock(NOW + 29 * MINUTE)
    assert visitor.choose().status_code == 200
    visitor.client.cookies[COOKIE]["max-age"] = ""  # a browser that keeps it all the same

    clock(NOW + 30 * MINUTE)

    assert visitor.choose().status_code == 410


def test_without_a_session_every_page_says_where_to_begin(shop: Shop) -> None:
    for name in ("choose", "zone"):
        answer = Client().get(reverse(f"booking:{name}"))

        assert answer.status_code == 404
        assert b"start from the shop" in answer.content


def test_the_pages_are_not_kept_indexed_framed_or_passed_on(visitor: Visitor, shop: Shop) -> None:
    pages = [visitor.choose(), Client().get(LAUNCH, {CODE: shop.code()}), Client().get(LAUNCH)]
    for answer in pages:
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_forged_post_is_refused(shop: Shop) -> None:
    answer = Client(enforce_csrf_checks=True).post(LAUNCH, {CODE: shop.code()})

    assert answer.status_code == 403
    assert not BookingSession.objects.exists()


def test_calls_are_limited_per_session_and_per_address(
    shop: Shop, visitor: Visitor, settings: Settings
) -> None:
    settings.RATE_LIMIT = "3/m"
    breaker.close()
    # Of this run alone: the store remembers the last one's.
    here, elsewhere, nowhere = (f"2001:db8::{randbelow(2**16):x}:{end}" for end in (1, 2, 3))
    visitor.client.defaults["REMOTE_ADDR"] = here

    statuses = [visitor.choose().status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    # The session from another address, and the address without the session.
    visitor.client.defaults["REMOTE_ADDR"] = elsewhere
    refused = visitor.choose()
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert Client(REMOTE_ADDR=here).get(LAUNCH, {CODE: "x"}).status_code == 429
    assert Client(REMOTE_ADDR=nowhere).get(LAUNCH, {CODE: "x"}).status_code == 404
