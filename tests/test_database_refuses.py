"""What PostgreSQL refuses by itself, whoever writes the row: every check, every uniqueness, every foreign tenant.

The appointment's own checks are in `appointments/test_constraints.py`.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from api.models import IdempotencyKey
from availability.models import AvailabilityOverride, BookingStop, TimeOff
from booking_secrets.models import BookingLaunchCode, BookingSession
from common.uids import new_uid
from notifications.models import Channel, Suppression, SuppressionReason
from reminders.models import AppointmentReminderSent, DueMark, Outcome

from .factories import NOW
from .portals.everything import Everything, make_everything
from .standing import Stand
from .test_architecture import FLOORS as OUR_APPS

pytestmark = pytest.mark.django_db

# A check, and an update of its table that it refuses.
REFUSED = [
    ("type_duration_and_interval_are_in_bounds", "duration_minutes = 4"),
    ("type_duration_and_interval_are_in_bounds", "duration_minutes = 481"),
    ("type_duration_and_interval_are_in_bounds", "slot_interval_minutes = 4"),
    ("type_hold_and_horizon_are_in_bounds", "hold_ttl_seconds = 59"),
    ("type_hold_and_horizon_are_in_bounds", "hold_ttl_seconds = 3601"),
    ("type_hold_and_horizon_are_in_bounds", "booking_horizon_days = 0"),
    ("type_hold_and_horizon_are_in_bounds", "booking_horizon_days = 731"),
    ("type_notices_are_in_bounds", "cancellation_notice_minutes = -1"),
    ("type_notices_are_in_bounds", "rebooking_notice_minutes = 43201"),
    ("type_notices_are_in_bounds", "min_booking_notice_minutes = -1"),
    ("type_buffers_are_in_bounds", "buffer_before_minutes = -1"),
    ("type_buffers_are_in_bounds", "buffer_after_minutes = 241"),
    ("type_rebooking_mode_is_known", "rebooking_mode = 'whoever'"),
    ("window_weekday_is_known", "weekday = 7"),
    ("window_starts_within_its_day", "start_minute = 1440, end_minute = 1500"),
    ("window_ends_within_a_day_of_its_start", "end_minute = start_minute"),
    ("window_ends_within_a_day_of_its_start", "start_minute = 10, end_minute = 1450"),
    ("window_validity_is_not_empty", "valid_from = '2027-01-02', valid_until = '2027-01-01'"),
    ("override_hours_are_valid", "hours = ARRAY[[600, 600]]"),
    ("time_off_minutes_lie_within_their_day", "start_minute = -1"),
    ("time_off_minutes_lie_within_their_day", "end_minute = 1441"),
    ("time_off_ends_after_it_starts", "end_date = start_date, start_minute = 9, end_minute = 9"),
    ("time_off_ends_after_it_starts", "end_date = start_date - 1"),
    ("booking_stop_has_a_reason", "reason = E' \\n'"),
    ("reminder_rule_offset_is_in_bounds", "minutes_before = 0"),
    ("reminder_rule_offset_is_in_bounds", "minutes_before = 43201"),
    ("reminder_rule_group_is_known", "recipient_group = 'everybody'"),
    ("due_mark_is_one_row", "id = 2"),
    ("launch_code_expires_after_creation", "expires_at = created_at"),
    ("booking_session_expires_after_creation", "expires_at = created_at"),
    ("delivery_waits_exactly_while_pending", "state = 'pending', next_attempt_at = NULL"),
    ("delivery_waits_exactly_while_pending", "state = 'sent', next_attempt_at = now()"),
    (
        "delivery_has_a_subscription_exactly_as_webhook",
        "channel = 'webhook', subscription_id = NULL",
    ),
    ("attempt_finishes_after_it_starts", "finished_at = started_at - interval '1 second'"),
    ("api_key_permissions_are_known", "permissions = '{everything}'"),
    ("doctor_declined_notices_are_known", "declined_notices = '{whatever}'"),
    ("doctor_mobile_phone_is_e164", "mobile_phone = '0151 234'"),
    ("doctor_prescription_phone_is_e164", "prescription_phone = '+0151234'"),
    ("patient_phone_is_e164", "phone = '49151234567'"),
    ("user_mobile_phone_is_e164", "mobile_phone = '+49 151 234'"),
    ("user_email_is_lower_case", "email = 'Ada' || id || '@clinic.example'"),
    ("invitation_email_is_lower_case", "email = 'Ada@clinic.example'"),
    ("invitation_role_is_known", "role = 'owner'"),
    ("membership_role_is_known", "role = 'owner'"),
    ("shop_country_is_two_letters", "country = 'de'"),
]
# References that have no twin within the organisation: rows of one verb's transaction, written by the
# ten thousand, which name what that very transaction has locked or just made.
WITHOUT_TWIN = {
    ("appointment_reminders_sent", "appointment_id"),
    ("appointment_reminders_sent", "event_id"),
    ("appointments_appointment", "previous_id"),
    ("appointments_appointmenttransition", "appointment_id"),
    ("notifications_delivery", "event_id"),
    ("notifications_delivery", "subscription_id"),
}
_OURS = "conrelid::regclass::text !~ '^(django|auth|account|mfa)_'"
_TWINS = f"""
SELECT conrelid::regclass::text, attname FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[2]
WHERE contype = 'f' AND array_length(conkey, 1) = 2 AND convalidated AND {_OURS}
"""
# Single-column references between tables that both have an organisation.
_REFERENCES = f"""
WITH owned AS (
    SELECT attrelid FROM pg_attribute WHERE attname = 'organisation_id' AND NOT attisdropped
)
SELECT conrelid::regclass::text, attname FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'f' AND array_length(conkey, 1) = 1 AND {_OURS}
    AND conrelid IN (TABLE owned) AND confrelid IN (TABLE owned)
"""
UNIQUE = [
    (model, constraint.name)
    for model in apps.get_models()
    if model.__module__.partition(".")[0] in OUR_APPS
    for constraint in model._meta.constraints
    # (organisation, id) is unique because the id is; it is there to be referred to.
    if isinstance(constraint, models.UniqueConstraint)
    and not constraint.name.endswith("_organisation_key")
]


def rows_of(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


@pytest.fixture(scope="module")
def world(stand: Stand) -> None:
    stand(_one_of_each)


def _one_of_each() -> None:
    """At least one row of every table that has a constraint of ours."""
    everything = make_everything(NOW)
    _edit_availability(everything)
    _open_the_booking_page(everything)
    _remind_and_suppress(everything)
    organisation = everything.clinic.organisation
    IdempotencyKey.objects.create(
        organisation=organisation,
        caller=organisation.uid,
        key="k",
        method="POST",
        path="/",
        created_at=NOW,
    )


def _edit_availability(everything: Everything) -> None:
    owned: dict[str, Any] = {
        "organisation": everything.clinic.organisation,
        "doctor": everything.clinic.doctor,
    }
    day = NOW.date()
    AvailabilityOverride.objects.create(**owned, date=day, hours=[[540, 600]])
    TimeOff.objects.create(**owned, start_date=day, end_date=day)
    BookingStop.objects.create(**owned, reason="Ill", created_by="Ada", created_at=NOW)


def _open_the_booking_page(everything: Everything) -> None:
    opened: dict[str, Any] = {
        "organisation": everything.clinic.organisation,
        "digest": new_uid("digest"),
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    code = BookingLaunchCode.objects.create(
        **opened,
        shop=everything.clinic.shop,
        patient=everything.patient,
        secret=everything.secret,
    )
    BookingSession.objects.create(**opened, launch_code=code)


def _remind_and_suppress(everything: Everything) -> None:
    organisation = everything.clinic.organisation
    AppointmentReminderSent.objects.create(
        organisation=organisation,
        appointment=everything.booked,
        rule=everything.rule,
        recipient_group="patient",
        recipient_uid=everything.patient.uid,
        minutes_before=60,
        due_at=NOW,
        outcome=Outcome.FIRED,
        created_at=NOW,
    )
    DueMark.objects.get_or_create(defaults={"looked_until": NOW})
    Suppression.objects.create(
        organisation=organisation,
        channel=Channel.SMS,
        address="+4915100000000",
        reason=SuppressionReason.OPTED_OUT,
        created_at=NOW,
    )


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("constraint", "change"), REFUSED)
def test_a_row_that_makes_no_sense_is_refused_by_name(constraint: str, change: str) -> None:
    ((table,),) = rows_of(
        f"SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = '{constraint}'"
    )

    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        rows_of(f"UPDATE {table} SET {change} RETURNING 1")


def test_every_check_of_ours_is_in_this_file_or_beside_the_appointment() -> None:
    checks = rows_of(
        f"SELECT conname FROM pg_constraint WHERE contype = 'c' AND {_OURS}"
        " AND conname !~ '_check$' AND conrelid <> 'appointments_appointment'::regclass"
        " AND connamespace = 'public'::regnamespace"
    )
    assert {name for (name,) in checks} == {name for name, _ in REFUSED}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("model", "constraint"), UNIQUE)
def test_what_is_there_once_is_refused_a_second_time(
    model: type[models.Model], constraint: str
) -> None:
    row = model._default_manager.order_by("pk").first()
    assert row, "give the world one"
    row.pk = None
    row._state.adding = True
    if hasattr(row, "uid"):
        row.uid = new_uid("x")

    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        row.save()


def test_every_reference_between_owned_rows_has_its_twin() -> None:
    """(organisation, id) beside id: PostgreSQL then refuses a row that names another organisation's."""
    twins = set(rows_of(_TWINS))

    assert set(rows_of(_REFERENCES)) - twins == WITHOUT_TWIN
