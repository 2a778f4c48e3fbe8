"""The set-up list of an organisation that has never had a visit: what is there, what is missing, where to go."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from appointments.models import Appointment, AppointmentTypeDoctor
from availability.models import AvailabilityWindow
from booking_secrets.models import BookingSecret
from notifications.models import NotificationSubscription
from organisations.models import Membership, Organisation
from reminders.models import ReminderRule


@dataclass(frozen=True, slots=True)
class Step:
    """`url` is blank where this person may not go."""

    title: str
    text: str
    is_done: bool
    url: str = ""


def steps_of(organisation: Organisation, *, may_change_settings: bool) -> list[Step]:
    """Empty once there was a visit. One statement."""
    state = _state_of(organisation)
    if state.pop("has_visits"):
        return []
    return [
        Step(title, text, state[name], reverse(route) if may_change_settings or is_open else "")
        for name, title, text, route, is_open in _STEPS
    ]


_STEPS = (
    (
        "has_hours",
        "Doctors with hours",
        "The RxScale team adds doctors; each enters hours in the doctor portal.",
        "clinic:doctors",
        True,
    ),
    (
        "has_types",
        "Appointment types",
        "What can be booked, and with whom. The RxScale team sets them up with you.",
        "clinic:types",
        True,
    ),
    (
        "has_rules",
        "Reminder rules",
        "Whom to remind, when, by e-mail or SMS. They belong to an appointment type.",
        "clinic:types",
        True,
    ),
    (
        "has_secret",
        "A booking secret",
        "Your shop’s backend signs booking tokens with it.",
        "clinic:secrets",
        False,
    ),
    (
        "has_subscription",
        "Notification subscriptions",
        "Tell your own systems what happens, by signed webhooks.",
        "clinic:subscriptions",
        False,
    ),
    (
        "has_team",
        "Your team",
        "Invite colleagues, as admins or for operations.",
        "clinic:team",
        False,
    ),
)


def _state_of(organisation: Organisation) -> dict[str, bool]:
    own = Q(organisation=OuterRef("pk"))
    me = Membership.objects.filter(own).order_by("pk")
    found = (
        Organisation.objects.filter(pk=organisation.pk)
        .annotate(
            has_visits=Exists(Appointment.objects.filter(own)),
            has_hours=Exists(AvailabilityWindow.objects.filter(own, doctor__is_active=True)),
            has_types=Exists(
                AppointmentTypeDoctor.objects.filter(
                    own, appointment_type__is_active=True, doctor__is_active=True
                )
            ),
            has_rules=Exists(ReminderRule.objects.living().filter(own)),
            has_secret=Exists(BookingSecret.objects.filter(own, revoked_at=None)),
            has_subscription=Exists(NotificationSubscription.objects.living().filter(own)),
            has_team=Exists(me[1:]),
        )
        .values_list("has_visits", *(name for name, *_ in _STEPS))
    )
    has_visits, *done = found.get()
    return {"has_visits": has_visits, **dict(zip((name for name, *_ in _STEPS), done, strict=True))}
