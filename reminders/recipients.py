"""Whom a reminder reaches, resolved when it fires: the patient, the doctor, or the admins who want it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from appointments.models import Appointment
from organisations.models import Doctor, DoctorNotice, Membership, Patient, Role

from .models import RecipientGroup

NO_EMAIL = "no e-mail address"
NO_NUMBER = "no mobile number"
OPTED_OUT = "opted out"
DEACTIVATED = "the user is deactivated"

# organisation id → its active admins who have reminders switched on
Admins = Mapping[int, Sequence[Membership]]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person as the reminder finds them. Blanks mean: not known."""

    group: RecipientGroup
    uid: str
    name: str
    email: str = ""
    phone: str = ""
    timezone: str = ""
    language: str = ""
    shop_customer_id: str = ""
    has_opted_out_of_email: bool = False
    has_opted_out_of_sms: bool = False
    unreachable_because: str = ""  # then nothing is said to them at all, not even by event

    @property
    def no_email_because(self) -> str:
        """Why no e-mail can go out; "" when it can."""
        if not self.email:
            return NO_EMAIL
        return OPTED_OUT if self.has_opted_out_of_email else ""

    @property
    def no_sms_because(self) -> str:
        """Why no SMS can go out; "" when it can."""
        if not self.phone:
            return NO_NUMBER
        return OPTED_OUT if self.has_opted_out_of_sms else ""


def resolve(appointment: Appointment, group: str, admins: Admins) -> list[Recipient]:
    """The group's recipients of this visit, without a query when it was loaded with its people."""
    if group == RecipientGroup.PATIENT:
        return [of_patient(appointment.patient)]
    if group == RecipientGroup.DOCTOR:
        return [of_doctor(appointment.doctor)]
    return [of_admin(membership) for membership in admins.get(appointment.organisation_id, ())]


def admins_of(organisation_ids: Iterable[int]) -> Admins:
    """Every active admin with reminders switched on, by organisation. One query, none for nobody."""
    wanted = set(organisation_ids)
    found: dict[int, list[Membership]] = {}
    if wanted:
        memberships = Membership.objects.filter(
            organisation__in=wanted, role=Role.ADMIN, receives_reminders=True, user__is_active=True
        ).select_related("user", "organisation")
        for membership in memberships.order_by("pk"):
            found.setdefault(membership.organisation_id, []).append(membership)
    return found


def of_patient(patient: Patient) -> Recipient:
    return Recipient(
        group=RecipientGroup.PATIENT,
        uid=patient.uid,
        name=patient.display_name,
        email=patient.email,
        phone=patient.phone,
        timezone=patient.timezone,
        language=patient.language,
        shop_customer_id=patient.shop_customer_id,
        has_opted_out_of_email=patient.has_opted_out_of_email_reminders,
        has_opted_out_of_sms=patient.has_opted_out_of_sms_reminders,
    )


def of_doctor(doctor: Doctor) -> Recipient:
    """A doctor without an address of their own is written to where they sign in.

    A deactivated doctor keeps the visits that are booked, and so is reminded of them; a
    deactivated user receives nothing.
    """
    user = doctor.user
    is_here = user is None or user.is_active
    return Recipient(
        group=RecipientGroup.DOCTOR,
        uid=doctor.uid,
        name=doctor.display_name,
        email=doctor.email or (user.email if user else ""),
        phone=doctor.mobile_phone,
        timezone=doctor.timezone,
        has_opted_out_of_email=not doctor.wants(DoctorNotice.REMINDER_EMAIL),
        has_opted_out_of_sms=not doctor.wants(DoctorNotice.REMINDER_SMS),
        unreachable_because="" if is_here else DEACTIVATED,
    )


def of_admin(membership: Membership) -> Recipient:
    user = membership.user
    return Recipient(
        group=RecipientGroup.ADMIN,
        uid=user.uid,
        name=user.name,
        email=user.email,
        phone=user.mobile_phone,
        timezone=user.timezone or membership.organisation.timezone,
    )
