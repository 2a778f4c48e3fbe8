"""What every response tells the browser it may load, keep and do."""

import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from organisations.models import User
from rxscale.security_headers import SecurityHeadersMiddleware


def test_every_page_forbids_foreign_and_inline_code_frames_and_storing(client: Client) -> None:
    headers = client.get(reverse("healthz")).headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["form-action"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_what_a_view_sets_itself_stays() -> None:
    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Cache-Control": "max-age=60"})

    response = SecurityHeadersMiddleware(view)(RequestFactory().get("/"))

    assert response["Cache-Control"] == "max-age=60"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/staff/", "/staff/organisations/organisation/add/"])
def test_the_staff_pages_need_nothing_the_policy_forbids(client: Client, path: str) -> None:
    client.force_login(
        User.objects.create_superuser("team@rxscale.example", "correct horse battery")
    )
    page = client.get(path).content.decode()

    assert 'id="site-name"' in page
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", page)
    assert not re.search(r"<[^>]+\s(?:style|on[a-z]+)=", page)


@pytest.mark.django_db
def test_an_unknown_page_says_so_and_repeats_nothing(client: Client) -> None:
    response = client.get("/no/such/paula@patients.example")

    assert response.status_code == 404
    assert "There is no page at this address." in response.content.decode()
    assert "paula" not in response.content.decode()
