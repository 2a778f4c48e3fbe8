"""Whom a reminder rule reaches as things are now, and who would be left out: said before it is too late.

A Reach is loaded once for an appointment type; what it says of each of its rules costs nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from notifications.models import EventType, NotificationSubscription
from organisations.models import Patient

from .models import RecipientGroup
from .recipients import Recipient, admins_of, of_admin, of_doctor


@dataclass(frozen=True, slots=True)
class Audience:
    """The people of one group, and how many of them a channel does not reach."""

    total: int
    without_email: int
    without_number: int
    opted_out_of_email: int = 0
    opted_out_of_sms: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """`subscriptions` are the webhooks that hear of every reminder of the organisation."""

    audiences: dict[str, Audience]
    subscriptions: int


def reach_of(appointment_type: AppointmentType, *, now: datetime) -> Reach:
    """Four queries. Doctors are the active ones who offer the type; patients those with a visit ahead."""
    organisation_id = appointment_type.organisation_id
    doctors = appointment_type.doctors.filter(is_active=True).select_related("user")
    admins = admins_of([organisation_id]).get(organisation_id, ())
    subscriptions = NotificationSubscription.objects.receiving().filter(
        organisation=organisation_id, notification_type=EventType.REMINDER_DUE
    )
    return Reach(
        audiences={
            RecipientGroup.PATIENT: _patients(appointment_type, now),
            RecipientGroup.DOCTOR: _audience([of_doctor(doctor) for doctor in doctors]),
            RecipientGroup.ADMIN: _audience([of_admin(member) for member in admins]),
        },
        subscriptions=subscriptions.count(),
    )


def _audience(recipients: Sequence[Recipient]) -> Audience:
    reachable = [each for each in recipients if not each.unreachable_because]
    return Audience(
        total=len(reachable),
        without_email=sum(not each.email for each in reachable),
        without_number=sum(not each.phone for each in reachable),
        opted_out_of_email=sum(each.has_opted_out_of_email for each in reachable),
        opted_out_of_sms=sum(each.has_opted_out_of_sms for each in reachable),
    )


def _patients(appointment_type: AppointmentType, now: datetime) -> Audience:
    ahead = Appointment.objects.filter(
        appointment_type=appointment_type, status=Status.CONFIRMED, starts_at__gt=now
    )
    counted = Patient.objects.filter(pk__in=ahead.values("patient")).aggregate(
        total=Count("pk"),
        without_email=Count("pk", filter=Q(email="")),
        without_number=Count("pk", filter=Q(phone="")),
        opted_out_of_email=Count("pk", filter=Q(has_opted_out_of_email_reminders=True)),
        opted_out_of_sms=Count("pk", filter=Q(has_opted_out_of_sms_reminders=True)),
    )
    return Audience(**counted)
