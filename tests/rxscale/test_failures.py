"""Where no page can be shown, one says why: in the house's look, in the reader's language, asking nothing."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from portals.booking.languages import speaking_to
from rxscale import failures


def raised(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    """What is answered to `error`, as Django asks for it: while it is handled."""

    def answer(request: HttpRequest) -> HttpResponse:
        try:
            raise error
        except Exception:  # whatever it is
            return failures.failed(request)

    return answer


CASES: dict[str, tuple[Callable[[HttpRequest], HttpResponse], int, str, str]] = {
    "400": (
        lambda request: failures.bad_request(request, SuspiciousOperation("odd")),
        400,
        "Bad request",
        "Unlesbare Anfrage",
    ),
    "403": (
        lambda request: failures.not_allowed(request, PermissionDenied("no")),
        403,
        "Not allowed",
        "Kein Zugang",
    ),
    "403_csrf": (
        failures.form_expired,
        403,
        "This form has expired",
        "Dieses Formular ist abgelaufen",
    ),
    "404": (
        lambda request: failures.not_found(request, Http404("gone")),
        404,
        "Not found",
        "Nicht gefunden",
    ),
    "500": (
        raised(ValueError("a bug")),
        500,
        "Something went wrong",
        "Etwas ist schiefgegangen",
    ),
    "503": (
        raised(OperationalError("server closed the connection unexpectedly")),
        503,
        "We are away for a moment",
        "Wir sind gleich wieder da",
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.django_db
def test_it_is_said_in_the_language_of_the_browser(
    case: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answer, status, english, german = CASES[case]
    for language, heading in (("en-GB", english), ("de-AT,en", german), ("fr", english)):
        request = RequestFactory().get("/nowhere", headers={"Accept-Language": language})
        with django_assert_num_queries(0):
            response = answer(request)
        page = response.content.decode()

        assert response.status_code == status
        assert f"<h1>{heading}</h1>" in page
        assert f'<html lang="{language[:2].replace("fr", "en")}">' in page
        assert 'css/tokens.css"' in page


def test_it_is_said_in_the_language_of_the_page_that_failed() -> None:
    request = RequestFactory().get("/book/", headers={"Accept-Language": "de"})
    with speaking_to(request):
        pass
    request.META["HTTP_ACCEPT_LANGUAGE"] = "en"

    assert "Nicht gefunden" in failures.not_found(request, Http404("gone")).content.decode()


@pytest.mark.parametrize(
    ("path", "home"),
    [
        ("/admin/patients/pp-nothing/", "/admin/"),
        ("/doctor/nothing/", "/doctor/"),
        ("/visit/nothing/", ""),
        ("/administration/", ""),
    ],
)
def test_whoever_is_lost_in_a_portal_is_led_back_into_it(path: str, home: str) -> None:
    page = failures.not_found(RequestFactory().get(path), Http404("gone")).content.decode()

    assert ("Back to the portal" in page) == bool(home)
    if home:
        assert f'<a class="button" href="{home}">' in page


@pytest.mark.django_db
def test_the_routes_lead_here(client: Client) -> None:
    german = {"Accept-Language": "de"}

    assert "Nicht gefunden" in client.get("/nowhere", headers=german).content.decode()
    strict = Client(enforce_csrf_checks=True)
    refused = strict.post("/accounts/login/", headers=german)
    assert refused.status_code == 403
    assert "Dieses Formular ist abgelaufen" in refused.content.decode()
