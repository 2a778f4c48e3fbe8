"""Visits by the thousand, as a representation and a recipient need them.

Ten thousand visits share a few dozen doctors, types and shops. Joined to each visit they would be made ten
thousand times over; here each is made once, which halves the time of a busy minute.
"""

from collections.abc import Collection, Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet

from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from organisations.models import Doctor, Organisation, Patient, Shop

Related = TypeVar("Related", bound=Model)


def locked_while_confirmed(appointment_ids: Collection[int]) -> dict[int, Appointment]:
    """Those still confirmed, by primary key, locked until the commit, with what `for_display` loads.

    In key order, so that two managers wait for each other in turn.
    """
    visits = list(
        Appointment.objects.filter(pk__any=list(appointment_ids), status=Status.CONFIRMED)
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    _attach(visits, "organisation", Organisation.objects.all())
    _attach(visits, "shop", Shop.objects.all())
    _attach(visits, "patient", Patient.objects.defer("extra_fields", "shop_fields"))
    _attach(visits, "doctor", Doctor.objects.select_related("user"))
    _attach(visits, "appointment_type", AppointmentType.objects.all())
    _attach([v for v in visits if v.previous_id], "previous", Appointment.objects.only("uid"))
    for visit in visits:
        # What was moved is cancelled: nothing confirmed has a successor.
        visit._state.fields_cache["rebooked_to"] = None
    return {visit.pk: visit for visit in visits}


def _attach(visits: Sequence[Appointment], name: str, rows: QuerySet[Related]) -> None:
    """Set each visit's relation from one query for all of them; none when there are no visits.

    Into the cache that Django's own prefetch fills: assigning would ask the router every time.
    """
    ids = [getattr(visit, f"{name}_id") for visit in visits]
    found = {row.pk: row for row in rows.filter(pk__any=list(set(ids)))}
    for visit, related_id in zip(visits, ids, strict=True):
        visit._state.fields_cache[name] = found[related_id]
