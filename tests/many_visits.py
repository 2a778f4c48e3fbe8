"""A clinic's years by one statement: as many visits as a benchmark, or a plan, needs to be honest."""

from django.db import connection

from organisations.models import Organisation, Patient

from . import factories

DOCTORS = 100
PATIENTS = 1999  # no divisor in common with the doctors: everybody meets everybody

# Half-hour visits, one an hour per doctor, a quarter of them ahead. Written without the checks of
# foreign keys, which a million rows that are right by construction do not need.
_FILL = """
SET session_replication_role = replica;
INSERT INTO appointments_appointment (
    uid, meeting_type, client_reference, status, starts_at, ends_at, blocked_from, blocked_until,
    buffer_before_minutes, buffer_after_minutes, cancellation_notice_minutes,
    rebooking_notice_minutes, rebooking_mode, hold_expires_at, confirmed_at, cancelled_at,
    cancelled_by, cancelled_on_behalf_of, cancellation_reason, cancellation_message,
    status_changed_by, status_changed_at, was_completed_automatically, link_nonce,
    invitation_sequence, last_event_timestamp, created_at, updated_at,
    doctor_id, organisation_id, patient_id, shop_id, appointment_type_id)
SELECT 'mtg-' || %(organisation)s || 'n' || lpad(n::text, 16, '0'), 'CONSULTATION', '', status,
    at, at + interval '30 min', at, at + interval '30 min', 0, 0, 60, 60, 'any_doctor',
    CASE WHEN status IN ('held', 'expired') THEN least(at, now() + interval '10 min') END,
    CASE WHEN status NOT IN ('held', 'expired') THEN at - interval '9 days' END,
    CASE WHEN status = 'cancelled' THEN at - interval '1 day' END,
    CASE WHEN status = 'cancelled' THEN 'patient' ELSE '' END, '', '', '', 'patient', at, false,
    'nonce', 0, 0, at - interval '9 days', at, (%(doctors)s::bigint[])[1 + n %% %(doctor_count)s], %(organisation)s,
    (%(patients)s::bigint[])[1 + n %% %(patient_count)s], %(shop)s, (%(types)s::bigint[])[1 + n %% 3]
FROM (
    SELECT n, at, CASE
        WHEN dice < 15 THEN 'cancelled' WHEN dice < 20 THEN 'expired'
        WHEN at > now() AND at < now() + interval '2 days' AND dice < 21 THEN 'held'
        WHEN at + interval '30 min' > now() THEN 'confirmed'
        WHEN dice < 28 THEN 'no_show' ELSE 'completed' END AS status
    FROM (
        SELECT n, abs(hashint8(n)) %% 100 AS dice,
            date_trunc('hour', now()) + (n / %(doctor_count)s - %(rows)s * 3 / 4 / %(doctor_count)s)
                * interval '1 hour' AS at
        FROM generate_series(0::bigint, %(rows)s - 1) AS n
    ) AS numbered
) AS visit;
SET session_replication_role = DEFAULT;
"""


def write_visits(organisation: Organisation, rows: int, *, doctors: int = DOCTORS) -> None:
    """Doctors, patients and `rows` visits; the caller has the statistics gathered."""
    shop = factories.make_shop(organisation=organisation)
    treating = [
        factories.make_doctor(
            organisation=organisation, display_name=f"Dr Number {n}", with_room=False
        )
        for n in range(doctors)
    ]
    types = [factories.make_type(organisation=organisation, doctors=treating) for _ in range(3)]
    patients = Patient.objects.bulk_create(
        Patient(
            organisation=organisation,
            shop=shop,
            shop_customer_id=f"customer-{n}",
            first_name="Paula",
            last_name=f"Number {n}",
            email="paula@patients.example",
        )
        for n in range(PATIENTS)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _FILL,
            {
                "rows": rows,
                "doctors": [doctor.pk for doctor in treating],
                "doctor_count": doctors,
                "patients": [patient.pk for patient in patients],
                "patient_count": PATIENTS,
                "types": [kind.pk for kind in types],
                "shop": shop.pk,
                "organisation": organisation.pk,
            },
        )
