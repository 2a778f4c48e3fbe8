"""What a patient does on a visit's own page, besides moving it: cancel, choose reminders. And who cannot."""

from copy import deepcopy
from datetime import timedelta
from secrets import randbelow
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from appointments import lifecycle, links
from appointments.models import Appointment
from appointments.status import Status
from common.rate_limits import breaker
from notifications.models import Channel, Delivery, Suppression, SuppressionReason
from organisations.models import AuditEntry
from tests.appointments.clinic import START, Clinic
from tests.factories import ADMIN, NOW, make_patient
from tests.standing import Stand

from .by_link import LinkHolder, path_of
from .front import Shop

BORDER = START - timedelta(hours=1)  # the notice of the type
SECOND = timedelta(seconds=1)
ACTS = ("move", "cancel", "reminders")


@pytest.fixture(scope="module")
def standing_visit(stand: Stand, standing_shop: Shop) -> Appointment:
    return stand(lambda: _booked(deepcopy(standing_shop.clinic)))


@pytest.fixture
def visit(db: None, standing_visit: Appointment) -> Appointment:
    return deepcopy(standing_visit)


def _booked(clinic: Clinic) -> Appointment:
    """Six hours ahead, of a patient whom both mails and text messages reach."""
    clinic.shop.contact_phone = "+49 30 901820"
    clinic.shop.save()
    patient = make_patient(shop=clinic.shop, phone="+4915112345678", timezone="Europe/Berlin")
    return clinic.book(patient=patient)


@pytest.fixture
def holder(monkeypatch: pytest.MonkeyPatch) -> LinkHolder:
    return LinkHolder(monkeypatch)


def test_cancelling_asks_first_and_says_until_when_it_can_be_done(
    visit: Appointment, holder: LinkHolder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        page = holder.text(path_of(visit, "cancel"))

    assert "Cancel this appointment?" in page
    assert "cancel it until Monday, 1 March 2027, 14:00 (Europe/Berlin, CET)" in page
    assert '<button class="button is-danger" type="submit">Yes, cancel it</button>' in page
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED


def test_the_patient_cancels_up_to_the_border_and_the_page_says_so(
    visit: Appointment, holder: LinkHolder
) -> None:
    answer = holder.post(path_of(visit, "cancel"), at=BORDER)

    assert answer.headers["Location"] == path_of(visit)
    visit.refresh_from_db()
    assert (visit.status, visit.cancelled_by) == (Status.CANCELLED, "patient")
    entry = visit.transitions.latest("pk")
    assert entry.actor_uid == visit.patient.uid
    assert Delivery.objects.filter(kind="appointment.cancelled").count() == 2
    page = holder.text(path_of(visit), at=BORDER)
    assert "This appointment has been cancelled." in page
    assert "Yes, cancel it" not in page


def test_inside_the_notice_nothing_is_cancelled_and_the_page_says_whom_to_tell(
    visit: Appointment, holder: LinkHolder
) -> None:
    late = BORDER + SECOND
    for answer in (
        holder.post(path_of(visit, "cancel"), at=late),
        holder.get(path_of(visit, "cancel"), at=late),
        holder.get(path_of(visit, "move"), at=late),
        holder.post(path_of(visit, "move"), at=late),
    ):
        assert answer.headers["Location"] == path_of(visit)

    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED
    page = holder.text(path_of(visit), at=late)
    assert (
        "please tell Northside Shop (hello@shop.example / +49\N{NO-BREAK SPACE}30\N{NO-BREAK SPACE}901820)."
        in page
    )
    assert path_of(visit, "cancel") not in page
    assert path_of(visit, "move") not in page


@pytest.mark.parametrize(
    ("rebooking", "cancelling", "words"),
    [
        (
            120,
            60,
            "You can move it until Monday, 1 March 2027, 13:00 (Europe/Berlin, CET), and cancel it",
        ),
        (600, 60, "It is too close to the start to move it here: please ask Northside Shop"),
        (
            60,
            600,
            "It is too close to the start to cancel it here: if you cannot come, please tell",
        ),
    ],
)
def test_each_notice_is_told_for_itself(
    clinic: Clinic, holder: LinkHolder, rebooking: int, cancelling: int, words: str
) -> None:
    clinic.kind.rebooking_notice_minutes = rebooking
    clinic.kind.cancellation_notice_minutes = cancelling
    clinic.kind.save()
    visit = clinic.book()

    page = holder.text(path_of(visit))

    assert words in page
    assert (path_of(visit, "move") in page) is (rebooking < 600)
    assert (path_of(visit, "cancel") in page) is (cancelling < 600)


def test_an_old_link_does_nothing_to_the_moved_visit_but_lead_there(
    visit: Appointment, holder: LinkHolder
) -> None:
    new = lifecycle.rebook(visit, starts_at=START + timedelta(hours=1), actor=ADMIN, now=NOW)

    for act in ACTS:
        answer = holder.post(path_of(visit, act), {"at": "1", "email": "on"})
        assert answer.headers["Location"] == path_of(new)

    new.refresh_from_db()
    assert new.status == Status.CONFIRMED
    new.patient.refresh_from_db()
    assert not new.patient.has_opted_out_of_sms_reminders


def test_reminders_are_switched_off_and_on_again(
    visit: Appointment, holder: LinkHolder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):  # the visit; whether the number answered STOP
        page = holder.text(path_of(visit))
    assert page.count("checked") == 2

    answer = holder.post(path_of(visit, "reminders"), {"email": "on"})

    assert answer.headers["Location"] == f"{path_of(visit)}?done=reminders"
    page = holder.text(answer.headers["Location"], {"done": "reminders"})
    assert "Your choice of reminders is saved." in page
    assert '<input type="checkbox" name="email" checked>' in page
    assert '<input type="checkbox" name="sms">' in page
    visit.patient.refresh_from_db()
    assert visit.patient.has_opted_out_of_sms_reminders
    assert not visit.patient.has_opted_out_of_email_reminders
    entry = AuditEntry.objects.get(action="patient.opt_outs_changed")
    assert entry.actor_uid == visit.patient.uid

    holder.post(path_of(visit, "reminders"), {"email": "on", "sms": "on"})
    visit.patient.refresh_from_db()
    assert not visit.patient.has_opted_out_of_sms_reminders


def test_a_number_that_answered_stop_is_told_so(visit: Appointment, holder: LinkHolder) -> None:
    Suppression.objects.create(
        organisation=visit.organisation,
        channel=Channel.SMS,
        address=visit.patient.phone,
        reason=SuppressionReason.OPTED_OUT,
        created_at=NOW,
    )

    assert "You answered STOP" in holder.text(path_of(visit))


def test_a_mail_scanner_that_opens_every_link_changes_nothing(
    visit: Appointment, holder: LinkHolder
) -> None:
    """Every link of every page it comes to, from the two of the mail on."""
    before = Appointment.objects.order_by("pk").values()
    kept, seen = list(before), set[str]()
    ahead = [urlsplit(url).path for url in (links.join_url(visit), links.manage_url(visit))]
    while ahead:
        path = ahead.pop()
        seen.add(path.partition("?")[0])
        answer = holder.get(path, dict(_query(path)))
        if answer.status_code == 200 and "html" in answer.headers["Content-Type"]:
            ahead += [
                link
                for link in _links(answer.content.decode())
                if link.partition("?")[0] not in seen
            ]

    visited = {path.rpartition("/")[2] for path in seen}
    assert {"move", "cancel", "zone", "appointment.ics"} <= visited
    assert list(before.all()) == kept
    assert AuditEntry.objects.filter(actor_uid=visit.patient.uid).count() == 0


def _links(page: str) -> list[str]:
    found = [part.partition('"')[0] for part in page.split('href="')[1:]]
    links_of_ours = [link.replace("&amp;", "&").partition("#")[0] for link in found]
    return [link for link in links_of_ours if link.startswith(("/visit/", "/join/"))]


def _query(path: str) -> list[tuple[str, str]]:
    pairs = (pair.partition("=") for pair in path.partition("?")[2].split("&") if pair)
    return [(name, value) for name, _, value in pairs]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://["},
    ],
)
@pytest.mark.parametrize("act", ACTS)
def test_a_form_of_another_site_is_refused(
    visit: Appointment, holder: LinkHolder, act: str, headers: dict[str, str]
) -> None:
    answer = holder.post(path_of(visit, act), {"at": "1"}, headers=headers)

    assert answer.status_code == 403
    assert b"Nothing has changed" in answer.content
    visit.refresh_from_db()
    visit.patient.refresh_from_db()
    assert visit.status == Status.CONFIRMED
    assert not visit.patient.has_opted_out_of_sms_reminders


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "null"}, {"Origin": "http://testserver"}],
)
def test_our_own_form_is_taken_from_a_browser_without_cookies(
    visit: Appointment, holder: LinkHolder, headers: dict[str, str]
) -> None:
    """As a mail program opens the link; our pages name no referrer, so some browsers say `Origin: null`."""
    answer: Any = holder.post(path_of(visit, "cancel"), headers=headers)

    assert answer.status_code == 302
    assert not holder.client.cookies
    visit.refresh_from_db()
    assert visit.status == Status.CANCELLED


def test_who_may_join_may_not_cancel(visit: Appointment, holder: LinkHolder) -> None:
    token = links.join_url(visit).rpartition("/")[2]

    assert holder.post(f"/visit/{token}/cancel").status_code == 404
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED


def test_calls_are_limited_per_link_and_per_address(
    visit: Appointment, clinic: Clinic, settings: Settings
) -> None:
    settings.RATE_LIMIT = "3/m"
    breaker.close()
    # Of this run alone: the store remembers the last one's.
    here, elsewhere, nowhere = (f"2001:db8::{randbelow(2**16):x}:{end}" for end in (4, 5, 6))
    other = clinic.book(START + timedelta(hours=2))
    client = Client(REMOTE_ADDR=here)

    assert [client.get(path_of(visit)).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = Client(REMOTE_ADDR=elsewhere).post(path_of(visit, "cancel"))
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert Client(REMOTE_ADDR=here).get(path_of(other)).status_code == 429
    assert Client(REMOTE_ADDR=nowhere).get(path_of(other)).status_code == 200


def test_the_pages_are_not_kept_indexed_framed_or_passed_on(
    visit: Appointment, holder: LinkHolder
) -> None:
    for act in ("", "move", "cancel", "move/zone"):
        headers = holder.get(path_of(visit, act)).headers
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        page = holder.text(path_of(visit, act))
        assert '<meta name="robots" content="noindex, nofollow">' in page
        assert "mailto:hello@shop.example" in page
