"""The database refuses what must never be: rows that reach into another organisation, or change history."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection

from organisations import audit
from organisations.models import AuditEntry

from .factories import (
    ADMIN,
    NOW,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
)

pytestmark = pytest.mark.django_db


def test_an_appointment_cannot_name_a_doctor_of_another_organisation() -> None:
    ours, theirs = make_organisation(), make_organisation(name="Other")
    doctor, stranger = make_doctor(organisation=ours), make_doctor(organisation=theirs)
    kind = make_type(organisation=ours, doctors=[doctor])
    patient = make_patient(shop=make_shop(organisation=ours))
    make_appointment(
        patient=patient, doctor=stranger, appointment_type=kind, starts_at=NOW + timedelta(hours=1)
    )

    with pytest.raises(IntegrityError, match="appointments_appointment_doctor_id_same_org"):
        connection.check_constraints()


def test_the_audit_log_refuses_update_and_delete() -> None:
    entry = audit.record(make_organisation(), "team.invited", actor=ADMIN, now=NOW)

    with pytest.raises(IntegrityError, match="append-only"):
        AuditEntry.objects.filter(pk=entry.pk).update(action="nothing.happened")
