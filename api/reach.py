"""What an API key reaches: the rows of its organisation, or of the one shop it is bound to."""

from collections.abc import Iterable

from appointments.models import Appointment, AppointmentQuerySet, AppointmentType
from organisations.models import Doctor, Organisation, OwnedQuerySet, Patient, Shop

from .auth import KeyCaller
from .errors import found, not_found


def appointments_of_key(caller: KeyCaller) -> AppointmentQuerySet:
    """Loaded for display."""
    rows = Appointment.objects.of(caller.organisation).for_display()
    return rows if caller.shop is None else rows.filter(shop=caller.shop)


def patients_of_key(caller: KeyCaller) -> OwnedQuerySet[Patient]:
    """With shop and organisation."""
    rows = Patient.objects.of(caller.organisation).select_related("shop", "organisation")
    return rows if caller.shop is None else rows.filter(shop=caller.shop)


def find_shop(caller: KeyCaller, uid: str) -> Shop:
    rows = Shop.objects.of(caller.organisation).select_related("organisation")
    if caller.shop is not None:
        rows = rows.filter(pk=caller.shop.pk)
    return found(rows.filter(uid=uid).one_or_none())


def named_shop(caller: KeyCaller, uid: str | None) -> Shop | None:
    """The shop that something new is bound to: of a bound key never wider than the key."""
    return caller.shop if uid is None else find_shop(caller, uid)


# Types and doctors belong to the organisation and are offered in each of its shops.


def find_type(organisation: Organisation, uid: str) -> AppointmentType:
    rows = AppointmentType.objects.of(organisation).select_related("organisation")
    return found(rows.filter(uid=uid).one_or_none())


def find_doctor(organisation: Organisation, uid: str) -> Doctor:
    rows = Doctor.objects.of(organisation).select_related("organisation", "user")
    return found(rows.filter(uid=uid).one_or_none())


def named_doctor(organisation: Organisation, uid: str | None) -> Doctor | None:
    """The doctor a body names, if it names one."""
    return None if uid is None else find_doctor(organisation, uid)


def find_doctors(organisation: Organisation, uids: Iterable[str]) -> list[Doctor]:
    """All of them, or the 404."""
    wanted = set(uids)
    doctors = list(Doctor.objects.of(organisation).filter(uid__in=wanted)) if wanted else []
    if len(doctors) < len(wanted):
        raise not_found()
    return doctors
