"""What demo.json promises to partners' programs: its keys, and that they open what they name."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as project

from appointments.slots import starts_by_doctor
from booking_secrets import secrets, tokens
from booking_secrets.models import BookingSecret
from common.clock import to_epoch, utc_now
from notifications import subscriptions
from notifications.models import NotificationSubscription
from organisations import api_keys
from organisations.models import ApiKey, Doctor, Organisation, Patient, Permission, User
from rxscale.demo import handover
from rxscale.demo.clinic import HARBOUR, NORTHSIDE, Clinic, stand_up
from tests.api.world import mint
from tests.factories import ADMIN

pytestmark = pytest.mark.django_db

# What partners' programs read; "other" holds the same of the second clinic.
KEYS = {
    "base_url",
    "organisation_uid",
    "admin",
    "doctor",
    "shop_uid",
    "shop_identifier",
    "appointment_type_uid",
    "doctor_uid",
    "booking_secret",
    "api_key",
    "webhook",
}
Facts = dict[str, Any]


@pytest.fixture
def clinics(northside: Clinic) -> tuple[Clinic, Clinic]:
    """Both, with few patients."""
    now = utc_now()
    return northside, stand_up(replace(HARBOUR, patient_count=2), since=now, now=now)


@pytest.fixture
def start(clinics: tuple[Clinic, Clinic]) -> Callable[[], Facts]:
    """What demo.json says after another start."""

    def read() -> Facts:
        facts: Facts = json.loads(handover.write(*clinics, now=utc_now()).read_text())
        return facts

    return read


def test_the_plans_are_of_a_believable_size() -> None:
    doctors = [*NORTHSIDE.doctors, *HARBOUR.doctors]

    assert len(doctors) >= 6
    assert len({doctor.timezone for doctor in doctors}) >= 3
    assert NORTHSIDE.patient_count == 200
    assert all(type_plan.reminders for type_plan in (*NORTHSIDE.types, *HARBOUR.types))
    assert NORTHSIDE.webhook_target == "http://127.0.0.1:8899/"


def test_demo_json_has_its_keys_and_is_its_owners_alone(start: Callable[[], Facts]) -> None:
    facts = start()

    assert set(facts) == {*KEYS, "other"}
    assert set(facts["other"]) == KEYS
    for each in (facts, facts["other"]):
        assert set(each["admin"]) == set(each["doctor"]) == {"email", "password"}
        assert set(each["booking_secret"]) == {"key_id", "secret"}
        assert set(each["webhook"]) == {"target", "signing_secret"}
        assert each["webhook"]["signing_secret"].startswith("whsec_")
    assert stat.S_IMODE((project.DATA_DIR / "demo.json").stat().st_mode) == 0o600


def test_every_login_and_credential_opens_its_own_clinic(start: Callable[[], Facts]) -> None:
    facts, now = start(), utc_now()

    for each in (facts, facts["other"]):
        organisation = Organisation.objects.get(uid=each["organisation_uid"])
        for login in (each["admin"], each["doctor"]):
            assert User.objects.get(email=login["email"]).check_password(login["password"])
        key = api_keys.authenticate(each["api_key"], now=now)
        assert (key.organisation, key.permissions) == (organisation, sorted(Permission.values))
        token = mint(
            each["booking_secret"]["key_id"],
            each["booking_secret"]["secret"],
            shop_identifier=each["shop_identifier"],
            shop_customer_id="customer-1",
        )
        assert tokens.verify(token, now=now).shop.uid == each["shop_uid"]


def test_the_named_type_and_doctor_keep_what_the_examples_rely_on(
    clinics: tuple[Clinic, Clinic], start: Callable[[], Facts]
) -> None:
    facts, clinic = start(), clinics[0]
    kind, doctor = clinic.types[0], clinic.doctors[0]

    assert (facts["appointment_type_uid"], facts["doctor_uid"]) == (kind.uid, doctor.uid)
    assert (kind.duration_minutes, kind.hold_ttl_seconds) == (30, 900)
    assert (kind.buffer_before_minutes, kind.buffer_after_minutes) == (0, 0)
    assert (kind.cancellation_notice_minutes, kind.rebooking_notice_minutes) == (60, 60)
    assert (kind.min_booking_notice_minutes, kind.booking_horizon_days) == (0, 60)
    assert kind.rebooking_mode == "any_doctor"
    rules = kind.reminder_rules.values_list("recipient_group", "minutes_before")
    assert set(rules) == {("patient", 60), ("patient", 15)}
    now = utc_now()
    start_of_range = to_epoch(now) + 86_400
    starts = starts_by_doctor(
        kind, start=start_of_range, end=start_of_range + 7 * 86_400, now=now, doctor=doctor
    )
    assert len(starts[doctor.uid]) == 7 * 48  # around the clock


def test_another_start_keeps_what_is_there(
    clinics: tuple[Clinic, Clinic], start: Callable[[], Facts]
) -> None:
    before = start()
    doctor = clinics[0].doctors[0]
    doctor.availability_windows.all().delete()
    tables = (Organisation, Doctor, Patient, BookingSecret, ApiKey, NotificationSubscription)
    counts = [table.objects.count() for table in tables]

    stand_up(clinics[0].plan, since=utc_now(), now=utc_now())

    assert start() == before
    assert [table.objects.count() for table in tables] == counts
    assert not doctor.availability_windows.exists()


def test_what_no_longer_opens_anything_is_replaced(
    clinics: tuple[Clinic, Clinic], start: Callable[[], Facts]
) -> None:
    before, now = start(), utc_now()
    organisation = clinics[0].organisation
    secret = BookingSecret.objects.of(organisation).get()
    secrets.revoke(secret, actor=ADMIN, now=now)
    api_keys.revoke(ApiKey.objects.of(organisation).get(), actor=ADMIN, now=now)
    subscriptions.delete(
        NotificationSubscription.objects.of(organisation).get(), actor=ADMIN, now=now
    )

    after = start()

    for name in ("booking_secret", "api_key", "webhook"):
        assert after[name] != before[name]
    assert after["other"] == before["other"]
    assert NotificationSubscription.objects.of(organisation).receiving().count() == 1


def test_a_subscription_that_nobody_listened_to_receives_again(
    clinics: tuple[Clinic, Clinic], start: Callable[[], Facts]
) -> None:
    before = start()
    subscription = NotificationSubscription.objects.of(clinics[0].organisation).get()
    subscriptions.disable(subscription, actor=ADMIN, now=utc_now())

    assert start() == before
    subscription.refresh_from_db()
    assert subscription.disabled_at is None
