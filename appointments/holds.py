"""Holding a time for a patient, confirming the hold, and ending those that ran out."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection

from organisations.actors import SYSTEM, Actor
from organisations.models import Doctor, Patient

from . import notices, slots
from .choosing import in_fair_order
from .errors import Refused
from .models import Appointment, AppointmentType
from .placing import bookable_doctors, place, stamped
from .status import Status
from .transitions import PATIENT_NOT_TOLD, announce, begin, move
from .verbs import in_batches, lock_appointment, lock_patient, locked_patient, verb, wrong_status

# The patient's running holds, oldest first, and confirmed visits at that time; buffers are no matter.
_HOLDS_AND_CLASHES = """
SELECT uid, status = 'held' FROM appointments_appointment
WHERE patient_id = %(patient)s
    AND (status = 'held' AND hold_expires_at > %(now)s
        OR status = 'confirmed' AND starts_at < %(ends_at)s AND ends_at > %(starts_at)s)
ORDER BY id
"""


@verb
def hold(
    *,
    patient: Patient,
    appointment_type: AppointmentType,
    starts_at: datetime,
    doctor: Doctor | None = None,
    client_reference: str = "",
    actor: Actor,
    now: datetime,
    note: str = "",
) -> Appointment:
    """Reserve `starts_at` for the patient, with `doctor` or else with any doctor of the type, fairly.

    The hold runs for the type's time to live, never beyond the start, and takes the doctor's time
    with the type's buffers. The type's rules are stamped on it. Tells nobody but subscriptions
    with holds; `note` goes into the history. Raises Refused: too_many_holds,
    patient_already_booked, slot_taken, slot_unavailable.
    """
    kind = appointment_type
    owner = locked_patient(patient)
    held = stamped(patient=owner, appointment_type=kind, starts_at=starts_at, actor=actor, now=now)
    held.status = Status.HELD
    held.hold_expires_at = min(now + timedelta(seconds=kind.hold_ttl_seconds), starts_at)
    held.client_reference = client_reference
    _refuse_closed_shop(held)
    _refuse_holds_and_clashes(held, now=now)
    judgement = slots.judge(kind, starts_at=starts_at, now=now, doctor=doctor)
    doctors = in_fair_order(bookable_doctors(judgement), starts_at=starts_at, now=now)
    place(held, doctors, now=now)
    announce([begin(held, actor=actor, now=now, note=note)], now=now)
    return held


@verb
def confirm(
    appointment: Appointment, *, actor: Actor, now: datetime, tell_patient: bool = True
) -> Appointment:
    """Turn a running hold into a booked visit; the patient, and a doctor close by, are told.

    Confirmed already: the same answer, nothing written. Slots are not asked again, for the hold
    reserved the time. Raises Refused: hold_expired, wrong_status, patient_already_booked.
    """
    lock_patient(appointment.patient_id)
    held = lock_appointment(appointment)
    status = held.status_at(now)
    if status == Status.CONFIRMED:
        return held
    if status == Status.EXPIRED:
        raise Refused("hold_expired")
    if status != Status.HELD:
        raise wrong_status(held, now=now)
    note = "" if tell_patient else PATIENT_NOT_TOLD
    changes = move(
        [held],
        Status.CONFIRMED,
        actor=actor,
        now=now,
        note=note,
        confirmed_at=now,
        hold_expires_at=None,
    )
    messages = notices.confirmed(held, actor=actor, now=now, tell_patient=tell_patient)
    announce(changes, now=now, messages=messages)
    return held


def expire_stale_holds(*, now: datetime, limit: int = 1000) -> int:
    """Write down as expired every hold that has run out; how many there were.

    In transactions of up to `limit` rows. Rows that somebody is working on are left to them.
    """
    return in_batches(partial(_expire_batch, now=now, limit=limit), limit=limit)


@verb
def _expire_batch(*, now: datetime, limit: int) -> int:
    stale = list(
        Appointment.objects.filter(status=Status.HELD, hold_expires_at__lte=now)
        .for_display()
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .order_by("hold_expires_at")[:limit]
    )
    if stale:
        announce(move(stale, Status.EXPIRED, actor=SYSTEM, now=now), now=now)
    return len(stale)


def _refuse_closed_shop(held: Appointment) -> None:
    """An inactive shop or organisation offers nothing, an erased patient is nobody any more.

    A type is offered in its own organisation only.
    """
    is_ours = held.appointment_type.organisation_id == held.organisation_id
    is_open = held.shop.is_active and held.organisation.is_active
    if not (is_ours and is_open and held.patient.erased_at is None):
        raise Refused("slot_unavailable", reason="not_offered")


def _refuse_holds_and_clashes(held: Appointment, *, now: datetime) -> None:
    """The hold limit and the patient's own confirmed visits, in one statement under the patient's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLDS_AND_CLASHES,
            {
                "patient": held.patient_id,
                "now": now,
                "starts_at": held.starts_at,
                "ends_at": held.ends_at,
            },
        )
        rows: list[tuple[str, bool]] = cursor.fetchall()
    holds = [uid for uid, is_hold in rows if is_hold]
    if len(holds) >= settings.MAX_ACTIVE_HOLDS_PER_PATIENT:
        raise Refused("too_many_holds", active_holds=holds)
    if len(rows) > len(holds):
        raise Refused("patient_already_booked")
