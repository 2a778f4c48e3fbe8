"""Somebody at a browser, walking every route of a portal against its table in `access_table`."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.conf import settings as configured
from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from organisations.models import User

from .access_table import Page
from .clinic.front_desk import prove_again
from .everything import UIDS, Everything, absent
from .routes import Route, routes

TYPED_NOTHING = {"csrfmiddlewaretoken": "as browsers send"}
SIGN_IN = "/accounts/login/?next="
CONFIRM = "/accounts/confirm/?next="
CHANGING = re.compile(rb'(csrfmiddlewaretoken" value|csrf-token" content)="[^"]+"|DTSTAMP:\w+')


@dataclass
class Caller:
    """Somebody at a browser; nobody without a user."""

    user: User | None = None
    is_fresh: bool = True

    @cached_property
    def session(self) -> str:
        """The key of their session; once, for signing in costs more than most pages."""
        client = Client()
        assert self.user is not None
        client.force_login(self.user)
        if self.is_fresh:
            prove_again(client)
        return client.cookies[configured.SESSION_COOKIE_NAME].value

    def ask(self, method: str, url: str, data: dict[str, str] | None = None) -> HttpResponse:
        """The answer; whatever it changed is taken back."""
        client = Client()
        if self.user is not None:
            client.cookies[configured.SESSION_COOKIE_NAME] = self.session
        with taken_back():
            answer = client.generic(method, url) if data is None else client.post(url, data)
            read(answer)
        assert isinstance(answer, HttpResponseBase)
        return cast(HttpResponse, answer)

    def status(self, method: str, url: str) -> tuple[int, str]:
        answer = self.ask(method, url, TYPED_NOTHING if method == "POST" else None)
        return answer.status_code, answer.headers.get("Location", "")


def read(answer: Any) -> None:
    """A file is made while it is read."""
    if answer.streaming:
        b"".join(answer.streaming_content)


@contextmanager
def taken_back() -> Iterator[None]:
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


def url_of(route: Route, things: Everything) -> str:
    return reverse(route.name, kwargs=things.arguments(route.name, route.parameters))


def expected(page: Page, method: str) -> int:
    status = {"GET": page.get, "POST": page.post}.get(method)
    return 405 if status is None else status


def walk(
    caller: Caller,
    table: Mapping[str, Page],
    things: Everything,
    want: Callable[[Page, str], tuple[int, str]],
) -> list[str]:
    """Where the answers of a whole portal differ from what is wanted: a status, a Location's beginning."""
    wrong = []
    for route in _of(table):
        for method in ("GET", "POST", "DELETE"):
            status, location = caller.status(method, url_of(route, things))
            wanted, leads_to = want(table[route.name], method)
            if status != wanted or not location.startswith(leads_to):
                wrong.append(f"{method} {route.name}: {status} {location}, not {wanted}")
    return wrong


def foreign_and_absent(
    caller: Caller, table: Mapping[str, Page], ours: Everything, theirs: Everything
) -> tuple[list[str], int]:
    """Each uid of a URL alone, of theirs and of nothing: where the two are not the same 404; how many."""
    wrong, seen = [], 0
    for route in _of(table):
        own = ours.arguments(route.name, route.parameters)
        other = theirs.arguments(route.name, route.parameters)
        for parameter in set(UIDS) & set(route.parameters):
            urls = [
                reverse(route.name, kwargs=own | {parameter: uid})
                for uid in (other[parameter], absent(other[parameter]))
            ]
            for method in ("GET", "POST"):
                seen += 1
                wanted = 405 if expected(table[route.name], method) == 405 else 404
                if found := _differing(caller, method, urls, wanted):
                    wrong.append(f"{method} {route.name} {parameter}: {found}, not {wanted}")
    return wrong, seen


def _differing(caller: Caller, method: str, urls: list[str], wanted: int) -> str:
    """What is wrong with the answers, which are to be that status and the same."""
    data = TYPED_NOTHING if method == "POST" else None
    answers = [caller.ask(method, url, data) for url in urls]
    if {answer.status_code for answer in answers} != {wanted}:
        return " ".join(str(answer) for answer in answers)
    return "" if steady(answers[0]) == steady(answers[1]) else "the answers differ"


def _of(table: Mapping[str, Page]) -> list[Route]:
    """The routes of the portal whose table it is."""
    return routes("admin" if "clinic:dashboard" in table else "doctor")


def steady(answer: HttpResponse) -> tuple[bytes, list[tuple[str, str]]]:
    """What is the same in two answers to the same question."""
    headers = [(name, value) for name, value in answer.headers.items() if name != "X-Request-ID"]
    return CHANGING.sub(rb"", answer.content), sorted(headers)
