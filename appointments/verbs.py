"""What every verb shares: its transaction, its locks in one order, and the answer to a lost race."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import ParamSpec

from django.db import IntegrityError

from common.counters import CONFLICTS
from common.retrying import Result, retrying
from organisations.models import Organisation, OwnedQuerySet, Patient

from .errors import Refused, refusal_of
from .models import Appointment

Arguments = ParamSpec("Arguments")


def verb(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """All or nothing: the function runs in a transaction, again when that failed transiently.

    Should a constraint speak although the locks were held, its name decides the refusal.
    """

    @wraps(function)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return retrying(lambda: function(*args, **kwargs))
        except IntegrityError as error:
            if refusal := refusal_of(error):
                _count(refusal)
                raise refusal from error
            raise
        except Refused as refusal:
            _count(refusal)
            raise

    return run


def _count(refusal: Refused) -> None:
    """Once, however many verbs it passes on its way out."""
    if not refusal.is_counted:
        refusal.is_counted = True
        CONFLICTS.labels(refusal.code).inc()


def in_batches(batch: Callable[[], int], *, limit: int) -> int:
    """Call `batch`, which deals with up to `limit` rows, until one comes short; how many there were."""
    total = 0
    while True:
        count = batch()
        total += count
        if count < limit:
            return total


# The locks, always taken in this order: patient, organisation (a rebook only), appointment. All of
# them FOR NO KEY UPDATE: FOR UPDATE would deadlock with the key share locks of child inserts.


def lock_patient(patient_id: int) -> None:
    """Under the patient's row hold limit and clashes are true until the commit.

    Without it two confirms of one patient deadlock on the exclusion constraint.
    """
    _patients().only("pk").get(pk=patient_id)


def locked_patient(patient: Patient) -> Patient:
    """The same lock, and the row as it is now; shop and organisation are those that the caller has read."""
    locked = _patients().get(pk=patient.pk)
    locked.shop, locked.organisation = patient.shop, patient.organisation
    return locked


def _patients() -> OwnedQuerySet[Patient]:
    return Patient.objects.select_for_update(no_key=True)


def lock_organisation(organisation_id: int) -> None:
    """The organisation's rebooks take turns: a ring of them would deadlock on each other's slots."""
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=organisation_id)


def lock_appointment(appointment: Appointment) -> Appointment:
    """The row as it is now, its relations loaded; it stays so until the commit."""
    return (
        Appointment.objects.select_for_update(no_key=True, of=("self",))
        .for_display()
        .select_related("doctor__user")
        .get(pk=appointment.pk)
    )


def wrong_status(appointment: Appointment, *, now: datetime) -> Refused:
    """Says what the status is, and where the visit went when it was moved."""
    successor: Appointment | None = getattr(appointment, "rebooked_to", None)
    return Refused(
        "wrong_status",
        status=str(appointment.status_at(now)),
        rebooked_to_uid=successor.uid if successor else None,
    )
