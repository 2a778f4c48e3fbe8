"""One attempt at a slot by the verb, timed; run in processes of their own."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from appointments import lifecycle
from appointments.errors import Refused
from appointments.models import AppointmentType
from organisations.models import Patient
from tests.factories import PARTNER

from . import pool
from .calls import HELD, Timed


@dataclass(frozen=True, slots=True)
class Attempt:
    patient: int
    kind: int
    starts_at: datetime
    together: bool = True


def hold(attempt: Attempt) -> Timed:
    patient = Patient.objects.select_related("shop", "organisation").get(pk=attempt.patient)
    kind = AppointmentType.objects.select_related("organisation").get(pk=attempt.kind)
    if attempt.together:
        pool.wait_for_all()
    began = time.perf_counter()
    answer = _answer(patient, kind, attempt.starts_at)
    return Timed(answer, (time.perf_counter() - began) * 1000)


def _answer(patient: Patient, kind: AppointmentType, starts_at: datetime) -> str:
    try:
        lifecycle.hold(
            patient=patient,
            appointment_type=kind,
            starts_at=starts_at,
            actor=PARTNER,
            now=datetime.now(UTC),
        )
    except Refused as refused:
        return refused.code
    except Exception as error:  # a bench tells what happened instead of ending
        return type(error).__name__
    return HELD
