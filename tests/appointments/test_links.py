"""Join, manage, portal and room links: two HMACs that do not yield each other, and the join span."""

import json
from copy import deepcopy
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import lifecycle, links, rooms
from appointments.models import Appointment, MeetingRoom
from appointments.status import Status
from common.clock import to_epoch
from organisations.models import AuditEntry
from tests.factories import ADMIN, DOCTOR, NOW, PATIENT
from tests.standing import Stand

from .clinic import HOUR, MINUTE, START, Clinic

pytestmark = pytest.mark.django_db

TICK = timedelta(microseconds=1)
END = START + 30 * MINUTE


@pytest.fixture(scope="module")
def standing_visit(stand: Stand, standing_clinic: Clinic) -> Appointment:
    return stand(standing_clinic.book)


@pytest.fixture
def visit(standing_visit: Appointment) -> Appointment:
    return deepcopy(standing_visit)


def token_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


class TestPatientLinks:
    def test_each_link_finds_its_visit(self, visit: Appointment, settings: object) -> None:
        assert links.join_url(visit).startswith(f"http://127.0.0.1:8000/join/{visit.uid}.")
        assert links.manage_url(visit).startswith("http://127.0.0.1:8000/visit/")
        assert links.find_by_join_token(token_of(links.join_url(visit))) == visit
        assert links.find_by_manage_token(token_of(links.manage_url(visit))) == visit

    def test_neither_yields_the_other(self, visit: Appointment) -> None:
        join, manage = token_of(links.join_url(visit)), token_of(links.manage_url(visit))

        assert join != manage
        assert links.find_by_join_token(manage) is None
        assert links.find_by_manage_token(join) is None

    def test_any_answer_names_the_same_link_again(self, visit: Appointment) -> None:
        again = Appointment.objects.get(pk=visit.pk)

        assert links.join_url(again) == links.join_url(visit)
        assert links.manage_url(again) == links.manage_url(visit)

    def test_another_visits_mac_or_nonce_opens_nothing(
        self, clinic: Clinic, visit: Appointment
    ) -> None:
        other = clinic.book(START + HOUR)
        mac = token_of(links.join_url(other)).partition(".")[2]
        old = token_of(links.join_url(visit))
        Appointment.objects.filter(pk=visit.pk).update(link_nonce="another")

        assert links.find_by_join_token(f"{visit.uid}.{mac}") is None
        assert links.find_by_join_token(old) is None

    @pytest.mark.parametrize(
        "token",
        [
            *("", ".", "mtg-", "mtg-x.", "mtg-x.y", "mtg-x.y" * 99),
            *(f"{uid}.{'y' * 24}" for uid in ("mtg-x", "mtg-\x00", "org-x", "mtg-ü", "mtg-x\n")),
            *("mtg-x." + "y" * 9000, "mtg-x." + "ü" * 24),
        ],
    )
    def test_garbage_finds_nothing_and_costs_at_most_one_query(self, token: str) -> None:
        with CaptureQueriesContext(connection) as captured:
            assert links.find_by_join_token(token) is None
            assert links.find_by_manage_token(token) is None
        assert len(captured) <= 2

    def test_after_a_rebook_the_old_link_leads_to_the_new_visit(self, visit: Appointment) -> None:
        old_token = token_of(links.join_url(visit))
        new = lifecycle.rebook(visit, starts_at=START + HOUR, actor=PATIENT, now=NOW)

        found = links.find_by_join_token(old_token)

        assert found is not None
        assert links.current_of_chain(found) == new


def test_portal_links_name_the_portal_of_the_group(visit: Appointment) -> None:
    base = "http://127.0.0.1:8000"
    assert links.portal_url(visit, "doctor") == f"{base}/doctor/appointments/{visit.uid}/"
    assert links.portal_url(visit, "admin") == f"{base}/admin/appointments/{visit.uid}/"


class TestTheJoinSpan:
    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            (START - 10 * MINUTE - TICK, False),
            (START - 10 * MINUTE, True),
            (START, True),
            (END + 60 * MINUTE - TICK, True),
            (END + 60 * MINUTE, False),
        ],
    )
    def test_it_runs_from_ten_minutes_before_until_an_hour_after(
        self, visit: Appointment, moment: object, expected: bool
    ) -> None:
        assert links.is_joinable(visit, moment) is expected  # type: ignore[arg-type]  # an instant

    @pytest.mark.parametrize("status", Status)
    def test_only_a_visit_that_takes_place_can_be_joined(
        self, visit: Appointment, status: Status
    ) -> None:
        visit = Appointment(**{**_columns(visit), "status": status})

        expected = status in (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)
        assert links.is_joinable(visit, START) is expected


def _columns(visit: Appointment) -> dict[str, object]:
    return {name: getattr(visit, name) for name in ("starts_at", "ends_at")}


class TestTheRoom:
    def test_patient_and_doctor_land_in_the_doctors_room(
        self, clinic: Clinic, visit: Appointment
    ) -> None:
        other = clinic.book(START + HOUR)

        urls = {links.room_url(each, name_of_visitor="", now=NOW) for each in (visit, other)}

        room = MeetingRoom.objects.get()
        assert urls == {f"https://meet.jit.si/{room.name}"}
        assert len(room.name) >= 32

    def test_the_visitors_name_travels_in_the_fragment_which_no_server_sees(
        self, visit: Appointment
    ) -> None:
        url = urlsplit(links.room_url(visit, name_of_visitor='Zoë "Z" #1', now=NOW))

        assert url.query == ""
        key, _, value = url.fragment.partition("=")
        assert (key, json.loads(unquote(value))) == ("userInfo.displayName", 'Zoë "Z" #1')

    def test_with_an_app_secret_each_entry_carries_a_token_for_that_span(
        self, visit: Appointment, settings: object
    ) -> None:
        settings.JITSI_APP_ID = "clinic"  # type: ignore[attr-defined]  # pytest-django's
        settings.JITSI_APP_SECRET = "s" * 32  # type: ignore[attr-defined]  # as above

        url = urlsplit(links.room_url(visit, name_of_visitor="Paula", now=START))

        (token,) = parse_qs(url.query)["jwt"]
        claims = jwt.decode(
            token,
            "s" * 32,
            ["HS256"],
            audience="jitsi",
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
        room = MeetingRoom.objects.get()
        assert (claims["iss"], claims["room"]) == ("clinic", room.name)
        assert (claims["nbf"], claims["exp"]) == (
            to_epoch(START - 10 * MINUTE),
            to_epoch(END + 60 * MINUTE),
        )
        assert "Paula" not in json.dumps(claims)

    def test_a_renewed_room_has_another_name_and_the_act_is_audited_without_it(
        self, clinic: Clinic, visit: Appointment
    ) -> None:
        before, link = MeetingRoom.objects.get().name, links.join_url(visit)

        room = rooms.renew(clinic.doctor, actor=DOCTOR, now=NOW)

        assert MeetingRoom.objects.get().name == room.name != before
        assert room.renewed_at == NOW
        assert links.join_url(visit) == link
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.object_uid) == ("meeting_room.renewed", clinic.doctor.uid)
        assert room.name not in str(entry.details)

    def test_a_doctor_without_a_room_gets_one(self, clinic: Clinic, visit: Appointment) -> None:
        MeetingRoom.objects.all().delete()
        doctor = Appointment.objects.get(pk=visit.pk).doctor

        assert rooms.room_of(doctor) == rooms.room_of(doctor) == MeetingRoom.objects.get()


def test_a_cancelled_visit_without_successor_is_the_end_of_its_chain(visit: Appointment) -> None:
    cancelled = lifecycle.cancel(visit, reason="Ill", actor=ADMIN, now=NOW)

    assert links.current_of_chain(cancelled) == cancelled
