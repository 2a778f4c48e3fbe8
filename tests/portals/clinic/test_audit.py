"""Settings, Audit log: who did what, when and from where; filtered, paged, exported."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from organisations import audit
from organisations.actors import SYSTEM, Actor, ActorKind
from organisations.models import AuditEntry, Organisation
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.audit.words import ACTIONS, GROUPS, action_in_words, details_in_words, url_of
from portals.clinic.layout import LAYOUT_QUERIES
from tests.factories import make_doctor, make_member, make_organisation, make_user

from .test_secrets import text_of

pytestmark = pytest.mark.django_db
LOG = "/admin/settings/audit-log/"
EXPORT = f"{LOG}export/"
LOG_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 4  # entries; members, doctors, keys to choose from
AT = datetime(2026, 3, 29, 10, 20, tzinfo=UTC)  # Berlin's clocks went forward that night
ADA = Actor(ActorKind.ADMIN, "usr-ada", "Ada Winter", "203.0.113.7")
STAFF = Actor(ActorKind.STAFF, "usr-staff", "Sam Staff")
REVEALED, OPENED = "booking_secret.revealed", "patient.opened"


def write(
    clinic: Organisation,
    action: str = REVEALED,
    *,
    actor: Actor = ADA,
    at: datetime = AT,
    uid: str = "bsk-22222222",
    **details: str | int | bool | list[str] | None,
) -> AuditEntry:
    return audit.record(clinic, action, actor=actor, now=at, object_uid=uid, details=details)


def rows(client: Client, query: str = "") -> list[str]:
    """The actions shown, in order."""
    page = text_of(client.get(f"{LOG}{query}"))
    return re.findall(r'data-label="What"><span>([^<]+?) ?<', page)


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{EXPORT}{query}")
    assert answer.streaming
    text = answer.getvalue().decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_an_entry_says_who_what_when_and_from_where(admin: Client, clinic: Organisation) -> None:
    write(clinic, "api_key.created", uid="key-2222", permissions=["patient:read"], shop_uid=None)
    page = text_of(admin.get(LOG))
    for said in (
        "API key created",
        "permissions: patient:read",
        "Ada Winter",
        "203.0.113.7",
        "29 Mar 2026, 12:20",
        "Europe/Berlin, CEST",
        "key-2222",
    ):
        assert said in page
    assert "shop uid" not in page


def test_the_newest_comes_first_and_those_of_one_instant_in_reverse(
    admin: Client, clinic: Organisation
) -> None:
    write(clinic, "doctor.changed", at=AT - timedelta(days=1))
    for action in ("shop.created", "shop.changed", "member.added"):
        write(clinic, action)
    words = ["Member added", "Shop changed", "Shop created", "Doctor changed"]
    assert rows(admin) == words
    assert [row["what"] for row in exported(admin)] == words


def test_every_filter_narrows_and_says_so(admin: Client, clinic: Organisation) -> None:
    write(clinic)
    write(clinic, OPENED, uid="pp-22222222", actor=STAFF, at=AT + timedelta(days=2))
    write(clinic, "bookings.stopped", uid="doc-2222", actor=SYSTEM, at=AT - timedelta(days=2))
    for query, expected, chip in (
        ("?person=usr-ada", ["Booking secret revealed"], "Ada Winter"),
        ("?person=staff", ["Patient opened"], "RxScale team"),
        ("?person=system", ["New bookings stopped"], "Automatic"),
        (f"?action={OPENED}", ["Patient opened"], "Patient opened"),
        ("?uid=doc-2222", ["New bookings stopped"], "About doc-2222"),
        ("?since=2026-03-30", ["Patient opened"], "From 30 Mar 2026"),
        ("?until=2026-03-28", ["New bookings stopped"], "To 28 Mar 2026"),
        (f"?person=staff&action={REVEALED}", [], "RxScale team"),
    ):
        assert rows(admin, query) == expected
        assert f'aria-label="Take off {chip}"' in text_of(admin.get(f"{LOG}{query}"))


def test_the_export_has_exactly_the_rows_of_the_list(admin: Client, clinic: Organisation) -> None:
    for number in range(60):
        write(clinic, uid=f"bsk-{number}")
    write(clinic, OPENED, actor=STAFF)
    for query in ("?person=usr-ada", "?person=staff", f"?action={OPENED}", "?uid=bsk-7", ""):
        shown: list[str] = []
        page: str | None = query
        while page is not None:
            context = admin.get(f"{LOG}{page}").context
            shown += [line.entry.object_uid for line in context["lines"]]
            page = context["entries"].next_url or None
        assert [row["object_uid"] for row in exported(admin, query)] == shown


def test_dates_are_those_of_the_zone_the_page_shows(admin: Client, clinic: Organisation) -> None:
    """In Berlin that Sunday was 23 hours long: from 23:00 UTC on Saturday until 22:00 UTC."""
    first, last = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    instant = timedelta(seconds=1)
    write(clinic, "shop.created", at=first - instant)
    write(clinic, "shop.changed", at=first)
    write(clinic, "doctor.added", at=last - instant)
    write(clinic, "doctor.changed", at=last)
    assert rows(admin, "?since=2026-03-29&until=2026-03-29") == ["Doctor added", "Shop changed"]


@pytest.mark.parametrize(
    "query",
    [
        "person=%27%20OR%201=1",
        "person=usr-%00",
        "action=no%20such%20action",
        "uid=" + "x" * 41,
        "uid=%00",
        "since=yesterday",
        "since=0001-01-01",
        "until=9999-12-31",
        "since=2026-04-01&until=2026-03-01&x=1",
        "page=nonsense",
        "page=WzAsIjIwMjYtMDMtMjlUMTA6MjA6MDArMDA6MDAiLCJhYmMiXQ",
    ],
)
def test_nonsense_in_the_filter_is_no_error(
    admin: Client, clinic: Organisation, query: str
) -> None:
    write(clinic, at=datetime(2026, 4, 2, tzinfo=UTC))
    answer = admin.get(f"{LOG}?{query}")
    assert answer.status_code == 200
    assert rows(admin, f"?{query}") == ["Booking secret revealed"]
    is_page = query.startswith("page=")
    assert is_page or "field-error" in text_of(answer)


def test_who_left_long_ago_can_still_be_filtered_by(admin: Client, clinic: Organisation) -> None:
    page = text_of(admin.get(f"{LOG}?person=usr-gone2222&action=old.action"))
    assert '<option value="usr-gone2222" selected>' in page
    assert '<option value="old.action" selected>Old action</option>' in page


def test_people_are_offered_by_kind(admin: Client, clinic: Organisation) -> None:
    doctor = make_doctor(organisation=clinic, user=make_user(name="Jane"))
    make_doctor(organisation=clinic, display_name="Dr Without Login")
    outsider = make_member(
        organisation=make_organisation(name="Southside Clinic"), user=make_user(name="Out")
    )
    page = text_of(admin.get(LOG))
    assert doctor.user is not None
    assert f'<option value="{doctor.user.uid}">Dr Jane Hill</option>' in page
    assert "Dr Without Login" not in page
    assert outsider.user.uid not in page


def test_uids_lead_to_their_page_when_they_have_one(admin: Client, clinic: Organisation) -> None:
    write(clinic, uid="bsk-2222")
    write(clinic, uid="usr-2222")
    page = text_of(admin.get(LOG))
    assert '<a href="/admin/settings/booking-secrets/bsk-2222/"><code>bsk-2222</code></a>' in page
    assert "<code>usr-2222</code>" in page
    assert url_of("pp-2222") == "/admin/patients/pp-2222/"
    assert [url_of(uid) for uid in ("key-2", "", "nonsense")] == ["", "", ""]


def test_pages_leave_nothing_out_and_show_nothing_twice(
    admin: Client, clinic: Organisation
) -> None:
    made = [write(clinic, uid=f"bsk-{number}").pk for number in range(120)]  # all at one instant
    seen: list[int] = []
    query = ""
    while True:
        entries = admin.get(f"{LOG}{query}").context["entries"]
        seen += [entry.pk for entry in entries.rows]
        query = entries.next_url
        if not query:
            break
        write(clinic, at=AT + timedelta(minutes=1))  # newer ones arrive meanwhile
    assert seen == made[::-1]


def test_the_log_costs_the_same_whatever_is_in_it(admin: Client, clinic: Organisation) -> None:
    for more in (1, 2):
        for number in range(more):
            write(clinic, uid=f"pp-{number}")
        with CaptureQueriesContext(connection) as queries:
            admin.get(LOG)
        assert len(queries) == LOG_QUERIES


def test_a_person_or_an_action_is_found_by_index(clinic: Organisation) -> None:
    """A rare one in a long log would else read all of it."""
    AuditEntry.objects.bulk_create(
        AuditEntry(
            organisation=clinic,
            at=AT + timedelta(seconds=number),
            action=f"thing.done_{number % 100}",
            actor_kind=ActorKind.ADMIN,
            actor_uid=f"usr-{number % 100}",
        )
        for number in range(20_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE organisations_auditentry")
    for column, value, index in (
        ("actor_uid", "usr-7", "audit_by_actor"),
        ("action", "thing.done_7", "audit_by_action"),
    ):
        some = AuditEntry.objects.of(clinic).filter(**{column: value}).order_by("-at")[:51]
        plan = some.explain()
        assert index in plan
        assert "Sort" not in plan


def test_the_export_is_the_list_as_a_file(admin: Client, clinic: Organisation) -> None:
    mallory = Actor(ActorKind.ADMIN, "usr-mallory", "=HYPERLINK(1)", "203.0.113.9")
    write(clinic, "doctor.changed", actor=mallory, uid="doc-2222", fields=["mobile_phone"])
    (row,) = exported(admin)
    assert row == {
        "at": "2026-03-29T12:20:00+02:00",
        "action": "doctor.changed",
        "what": "Doctor changed",
        "who": "'=HYPERLINK(1)",
        "kind": "team",
        "actor_uid": "usr-mallory",
        "from_address": "203.0.113.9",
        "object_uid": "doc-2222",
        "details": "fields: mobile phone",
    }


def test_an_export_is_in_the_log_and_not_in_itself(admin: Client, clinic: Organisation) -> None:
    assert exported(admin) == []
    assert rows(admin) == ["Audit log exported"]


def test_another_clinics_log_is_not_seen(
    admin: Client, stranger: Client, clinic: Organisation
) -> None:
    write(clinic)
    assert rows(admin) == ["Booking secret revealed"]
    assert rows(stranger) == []
    assert exported(stranger, "?uid=bsk-22222222") == []


def test_operations_neither_see_nor_export_the_log(operations: Client) -> None:
    for address in (LOG, EXPORT):
        answer = operations.get(address)
        assert isinstance(answer, HttpResponse)
        assert answer.status_code == 403


def test_an_empty_log_and_an_empty_result_say_so(admin: Client) -> None:
    assert "Nothing has happened yet" in text_of(admin.get(LOG))
    assert "Nothing like this happened" in text_of(admin.get(f"{LOG}?uid=bsk-2"))


def test_every_action_the_code_writes_has_its_words() -> None:
    """Looks through the source for texts like an action of a noun we know."""
    nouns = {action.partition(".")[0] for action in ACTIONS}
    assert len(ACTIONS) == sum(map(len, GROUPS.values()))
    pattern = re.compile(
        r'audit\.record\([^"]*?"([a-z_]+\.[a-z_]+)"|_audit\([^"]*?"([a-z_]+\.[a-z_]+)"'
    )
    written = set()
    for package in ("organisations", "booking_secrets", "notifications", "appointments", "portals"):
        for path in Path(settings.BASE_DIR, package).rglob("*.py"):
            written |= {first or second for first, second in pattern.findall(path.read_text())}
    assert len(written) > 15
    assert written - set(ACTIONS) == set()
    assert {action.partition(".")[0] for action in written} <= nouns


def test_an_action_nobody_listed_reads_as_it_is_spelt() -> None:
    assert action_in_words("meeting_room.painted_green") == "Meeting room painted green"
    assert action_in_words(REVEALED) == "Booking secret revealed"


def test_details_are_read_out() -> None:
    details = {"is_on": False, "fields": ["mobile_phone"], "minutes": 15, "why": "", "shop": None}
    assert details_in_words(details) == "is on: no · fields: mobile phone · minutes: 15"


def test_a_reminders_details_read_as_its_form_does_with_the_uid_last() -> None:
    details = {"appointment_type_uid": "at-1", "send_sms": False, "minutes_before": 2880}
    assert details_in_words(details) == "SMS: no · time: 2 days before · appointment type: at-1"
