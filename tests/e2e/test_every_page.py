"""Every page of the portals in real Chromium, with data and in an empty clinic: wide and light, narrow and dark.

Each page is loaded once and looked at all four ways: axe finds nothing, nothing is wider than the window, and
neither scripts nor the content policy complain.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import product
from typing import Literal

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from common.clock import utc_now
from organisations.models import Role
from portals.clinic.access import Right
from tests.factories import make_appointment, make_doctor, make_member, make_organisation, make_user
from tests.portals.access_table import ACCOUNTS, CLINIC, DOCTOR
from tests.portals.browsers import sign_in
from tests.portals.clinic.front_desk import prove_again
from tests.portals.everything import Everything, make_everything
from tests.portals.routes import Route, routes

from .conftest import SCHEMES, WIDTHS, OpenPage, overflow, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]
# Answers, but is no page of ours: a mail, shown in a frame.
NO_PAGE = "clinic:reminder-preview-mail"


def is_page(route: Route) -> bool:
    wanted = CLINIC[route.name]
    return wanted.get == 200 and wanted.right != Right.EXPORT and route.name != NO_PAGE


def pages_of(things: Everything) -> Iterator[str]:
    """Every GET of the portal, and the states of some that a bare URL does not show."""
    for route in routes("admin"):
        if is_page(route):
            yield reverse(route.name, kwargs=things.arguments(route.name, route.parameters))
    for visit in things.others:
        yield reverse("clinic:appointment", args=[visit.uid])
    visits, named = reverse("clinic:appointments"), [things.booked, *things.others]
    yield from (f"{visits}?tab={tab}" for tab in ("held", "past", "cancelled", "all"))
    yield f"{visits}?doctor={things.clinic.doctor.uid}&dates=nonsense&from=2020-13-45"
    several = "&".join(f"uid={visit.uid}" for visit in named)
    yield f"{reverse('clinic:appointments-cancel')}?{several}"
    tomorrow = (things.booked.starts_at + timedelta(hours=1)).timestamp()
    yield f"{reverse('clinic:appointment-rebook', args=[things.booked.uid])}?at={int(tomorrow)}"
    yield f"{reverse('clinic:secrets')}?state=revoked"
    yield f"{reverse('clinic:keys')}?state=revoked"


def look(page: Page, path: str) -> list[str]:
    """What is wrong with the page, at every width and in every scheme."""
    wrong = []
    answer = page.goto(path)
    if answer is None or answer.status >= 500:
        return [f"{path}: {answer and answer.status}"]
    ways: Iterable[tuple[int, Literal["light", "dark"]]] = product(WIDTHS, SCHEMES)
    for width, scheme in ways:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour half-way
        wrong += [f"{path} {width} {scheme}: {found}" for found in violations(page)]
        if overflow(page):
            wrong.append(f"{path} {width}: {overflow(page)} px too wide")
    return wrong


def test_every_page_with_data(open_page: OpenPage) -> None:
    things = make_everything(utc_now())
    admin = sign_in(things.admin.user)
    prove_again(admin)
    page = open_page(admin, reverse("clinic:appointments"))
    paths = list(pages_of(things))

    assert len(paths) > 50
    wrong = [found for path in paths for found in look(page, path)]
    assert not wrong, "\n".join(wrong)


def test_every_page_of_an_empty_clinic(open_page: OpenPage) -> None:
    admin = sign_in(make_member(organisation=make_organisation()).user)
    prove_again(admin)
    page = open_page(admin, reverse("clinic:appointments"))
    paths = [
        reverse(route.name) for route in routes("admin") if is_page(route) and not route.parameters
    ]

    assert len(paths) > 12
    wrong = [found for path in paths for found in look(page, path)]
    assert not wrong, "\n".join(wrong)


def is_doctors_page(route: Route) -> bool:
    return DOCTOR[route.name].get == 200


def doctors_pages_of(things: Everything) -> Iterator[str]:
    """Every GET of the doctor portal, a visit in every state, and one that can be joined now."""
    for route in routes("doctor"):
        if is_doctors_page(route):
            yield reverse(route.name, kwargs=things.arguments(route.name, route.parameters))
    for visit in things.others:
        yield reverse("doctor:appointment", args=[visit.uid])
    visits = reverse("doctor:appointments")
    yield from (f"{visits}?tab={tab}" for tab in ("held", "past", "cancelled", "all"))
    yield f"{visits}?dates=nonsense&status=confirmed&from=2020-13-45"
    yield reverse("doctor:appointments-week") + f"?date={things.booked.starts_at:%Y-%m-%d}"
    now = utc_now()
    make_appointment(
        patient=things.patient,
        doctor=things.clinic.doctor,
        appointment_type=things.clinic.kind,
        starts_at=now.replace(second=0, microsecond=0) - timedelta(minutes=1),
        now=now - timedelta(days=1),
    )
    for visit in things.clinic.doctor.appointments.filter(starts_at__lt=now):
        yield reverse("doctor:appointment", args=[visit.uid])
    yield reverse("doctor:today")


def test_every_page_of_a_doctor_with_data(open_page: OpenPage) -> None:
    things = make_everything(utc_now())
    jane = sign_in(things.doctor_user)
    prove_again(jane)
    page = open_page(jane, reverse("doctor:today"))

    wrong = [found for path in doctors_pages_of(things) for found in look(page, path)]
    assert not wrong, "\n".join(wrong)


def test_every_page_of_a_doctor_who_has_just_begun(open_page: OpenPage) -> None:
    doctor = make_doctor(organisation=make_organisation(), user=make_user())
    assert doctor.user is not None
    jane = sign_in(doctor.user)
    prove_again(jane)
    page = open_page(jane, reverse("doctor:today"))
    paths = [
        reverse(route.name)
        for route in routes("doctor")
        if is_doctors_page(route) and not route.parameters
    ]

    assert len(paths) > 3
    wrong = [found for path in paths for found in look(page, path)]
    assert not wrong, "\n".join(wrong)


def test_the_pages_of_ones_own_account_and_the_way_in(open_page: OpenPage) -> None:
    member = make_member(organisation=make_organisation(), role=Role.OPERATIONS)
    own = sign_in(member.user)
    prove_again(own)
    wrong = []
    for client, place in ((None, 0), (own, 1)):
        page = open_page(client, "/")
        for name, wanted in ACCOUNTS.items():
            if wanted[place][0] == 200 and name != "account_logout":
                arguments = (
                    {"uidb36": "abc", "key": "abc"}
                    if name.endswith("reset_password_from_key")
                    else {}
                )
                wrong += look(page, reverse(name, kwargs=arguments))

    refused = open_page(own, reverse("clinic:secrets"))
    wrong += look(refused, reverse("clinic:secrets")) + look(refused, "/")
    assert not wrong, "\n".join(wrong)


def test_answers_that_are_no_page(open_page: OpenPage) -> None:
    """What nobody finds, and what the team may not see, look like the house as well."""
    member = make_member(organisation=make_organisation(), role=Role.OPERATIONS)
    page = open_page(sign_in(member.user), "/")

    assert look(page, reverse("clinic:patient", args=["pp-nothing"])) == []
    assert look(page, "/admin/nothing/") == []
