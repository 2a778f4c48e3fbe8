"""A session of the booking page: one browser, the code's patient, and only while somebody vouches."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from pytest_django import DjangoAssertNumQueries

from booking_secrets import launch_codes, secrets, sessions, tokens
from booking_secrets.launch_codes import LaunchCodeRefused
from booking_secrets.models import BookingLaunchCode, BookingSession
from organisations.models import Organisation, Patient, Shop
from organisations.patients import FieldWarning
from rxscale import retention
from tests.factories import ADMIN, NOW, make_organisation, make_patient, make_shop

from .minting import Partner

MINUTE = timedelta(minutes=1)


@pytest.fixture
def code(partner: Partner) -> str:
    token = tokens.verify(partner.documented(), now=NOW)
    warnings = [FieldWarning("email", "This is not an e-mail address.")]
    patient = make_patient(shop=partner.shop)
    return launch_codes.issue(token, patient, now=NOW, warnings=warnings)[0]


def opened(code: str, timezone: str = "Europe/Lisbon") -> str:
    return sessions.open_with(code, timezone=timezone, now=NOW)[0]


def found(text: str) -> BookingSession:
    session = sessions.find(text)
    assert session is not None
    return session


def test_a_code_becomes_a_session_for_its_patient_and_is_used_up(
    partner: Partner, code: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    text = opened(code)

    with django_assert_num_queries(1):
        session = found(text)
        row = session.launch_code
        assert (row.patient.first_name, row.shop, row.secret) == (
            "Paula",
            partner.shop,
            partner.secret,
        )
        assert sessions.is_open(session, NOW)
    assert session.timezone == "Europe/Lisbon"
    assert row.warnings == [{"field": "email", "message": "This is not an e-mail address."}]
    with pytest.raises(LaunchCodeRefused) as refusal:
        opened(code)
    assert (refusal.value.reason, refusal.value.shop) == ("used", partner.shop)


def test_the_cookies_text_is_stored_nowhere(code: str) -> None:
    text = opened(code)

    assert len(text) == 43
    assert text not in str(BookingSession.objects.values().get())


@pytest.mark.parametrize("text", ["", "nobody's", "\0", "\ud800", "x" * 9000])
def test_an_invented_cookie_is_nobody(code: str, text: str) -> None:
    opened(code)

    assert sessions.find(text) is None


def test_what_is_no_zone_counts_as_nothing(code: str) -> None:
    assert found(opened(code, timezone="../etc/passwd")).timezone == ""


def test_a_session_ends_thirty_minutes_after_the_last_step(code: str) -> None:
    session = found(opened(code))

    assert sessions.is_open(session, NOW + timedelta(seconds=1799))
    assert not sessions.is_open(session, NOW + 30 * MINUTE)

    sessions.remember(session, now=NOW + 20 * MINUTE, held_uid="mtg-1")

    again = BookingSession.objects.get()
    assert again.held_uid == "mtg-1"
    assert sessions.is_open(session, NOW + 49 * MINUTE)
    assert again.expires_at == NOW + 50 * MINUTE


def test_revoking_the_secret_ends_its_sessions_at_once(partner: Partner, code: str) -> None:
    text = opened(code)

    secrets.revoke(partner.secret, actor=ADMIN, now=NOW)

    assert not sessions.is_open(found(text), NOW)


@pytest.mark.parametrize("model", [Shop, Organisation])
def test_a_withdrawn_shop_or_organisation_ends_them_too(
    code: str, model: type[Shop] | type[Organisation]
) -> None:
    text = opened(code)

    model._default_manager.update(is_active=False)

    assert not sessions.is_open(found(text), NOW)


def test_an_erased_patient_has_no_session(code: str) -> None:
    text = opened(code)

    Patient.objects.update(erased_at=NOW)

    assert not sessions.is_open(found(text), NOW)


def test_a_session_cannot_reach_into_another_organisation(code: str) -> None:
    opened(code)
    BookingSession.objects.update(
        organisation=make_shop(organisation=make_organisation(name="Other")).organisation
    )

    with pytest.raises(IntegrityError, match="launch_code_id_same_org"):
        connection.check_constraints()


def test_what_was_typed_is_forgotten_a_day_after_the_end(code: str) -> None:
    session = found(opened(code))
    sessions.remember(session, now=NOW, typed={"first_name": "Paula"})

    assert "booking_sessions" not in retention.forget(session.expires_at + timedelta(hours=23))
    assert BookingLaunchCode.objects.exists()
    assert retention.forget(session.expires_at + timedelta(hours=25))["booking_sessions"] == 1


def test_a_session_goes_with_its_code_as_when_the_patient_is_erased(code: str) -> None:
    opened(code)

    BookingLaunchCode.objects.all().delete()

    assert not BookingSession.objects.exists()
