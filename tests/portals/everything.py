"""One of everything that has a page in the portals, made through the verbs, and the uids a route's URL names."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from appointments import calendar_feed, lifecycle
from appointments.models import Appointment
from appointments.status import Status
from availability.models import AvailabilityOverride, TimeOff
from booking_secrets import secrets
from booking_secrets.models import BookingSecret
from common.uids import new_uid
from notifications.models import Channel, Delivery, DeliveryAttempt, NotificationSubscription
from organisations import api_keys, invitations
from organisations.models import ApiKey, Invitation, Membership, Patient, Role, User
from reminders import rules
from reminders.models import ReminderRule
from tests.appointments.clinic import Clinic, make_clinic
from tests.factories import (
    ADMIN,
    DOCTOR,
    PARTNER,
    make_appointment,
    make_member,
    make_patient,
    make_user,
)
from tests.notifications.world import subscribe

DAY = timedelta(days=1)
UIDS = ("uid", "key_id", "delivery_uid")  # what routes call them; `what` is a word of the portal


@dataclass(frozen=True)
class Everything:
    """A clinic in which each kind of thing is there once. `booked` has been told to a subscription."""

    clinic: Clinic
    patient: Patient
    booked: Appointment
    others: tuple[Appointment, ...]
    rule: ReminderRule
    secret: BookingSecret
    key: ApiKey
    subscription: NotificationSubscription
    admin: Membership
    colleague: Membership
    doctor_user: User
    invitation: Invitation

    @property
    def feed_path(self) -> str:
        doctor = self.clinic.doctor
        feed = calendar_feed.feed_of(doctor)
        assert feed is not None
        return calendar_feed.url(feed, doctor).removeprefix(settings.BASE_URL)

    @property
    def webhook(self) -> Delivery:
        return self._delivery(Channel.WEBHOOK)

    @property
    def mail(self) -> Delivery:
        return self._delivery(Channel.EMAIL)

    def arguments(self, name: str, parameters: tuple[str, ...]) -> dict[str, str]:
        """What fills the URL of the portal's route of that name."""
        named = {
            "uid": self._own_uid(name),
            "what": "completed" if name == "doctor:today-outcome" else "reminders",
            "key_id": self.secret.key_id,
            "delivery_uid": (self.webhook if "subscription" in name else self.mail).uid,
        }
        return {parameter: named[parameter] for parameter in parameters}

    def _own_uid(self, name: str) -> str:
        things = {
            "appointment": self.booked.uid,
            "today": self.booked.uid,
            "patient": self.patient.uid,
            "doctor": self.clinic.doctor.uid,
            "type": self.clinic.kind.uid,
            "subscription": self.subscription.uid,
            "key": self.key.uid,
            "shop": self.clinic.shop.uid,
            "team": self.colleague.user.uid,
        }
        if name in ("clinic:team-send-again", "clinic:team-withdraw"):
            return self.invitation.uid
        room = name.partition(":")[2].partition("-")[0]
        if room == "availability":
            return self._uid_of_hours(name.removeprefix("doctor:availability-").partition("-")[0])
        if room == "reminder":
            is_of_the_rule = name.endswith((":reminder", "-remove", "-restore"))
            return self.rule.uid if is_of_the_rule else self.clinic.kind.uid
        return things.get(room, "")

    def _uid_of_hours(self, what: str) -> str:
        doctor = self.clinic.doctor
        if what in ("keep", "unkeep"):
            return self.booked.uid
        if what == "date":
            return doctor.availability_overrides.earliest("id").uid
        if what == "off":
            return doctor.time_off.earliest("id").uid
        return doctor.availability_windows.earliest("id").uid

    def _delivery(self, channel: Channel) -> Delivery:
        return Delivery.objects.filter(about_uid=self.booked.uid, channel=channel).earliest("id")


def make_everything(now: datetime, **patient_fields: str) -> Everything:
    clinic = make_clinic()
    organisation, shop = clinic.organisation, clinic.shop
    subscription, _ = subscribe(organisation, "https://partner.example/hook")
    rule = _rule(clinic, now)
    patient = make_patient(shop=shop, **patient_fields)
    booked = clinic.book(_hour_of(now) + DAY, patient=patient, now=now)
    everything = Everything(
        clinic=clinic,
        patient=patient,
        booked=booked,
        others=_in_every_state(clinic, patient, now),
        rule=rule,
        secret=secrets.create(organisation, name="Shop backend", actor=ADMIN, now=now)[0],
        key=_key(clinic, now),
        subscription=subscription,
        admin=make_member(organisation=organisation),
        colleague=make_member(organisation=organisation, role=Role.OPERATIONS, user=make_user()),
        doctor_user=_login(clinic),
        invitation=invitations.invite(
            organisation, email="new@clinic.example", role=Role.ADMIN, actor=ADMIN, now=now
        ),
    )
    calendar_feed.issue(clinic.doctor, actor=DOCTOR, now=now)
    _fail_once(everything.webhook, now)
    _away_next_year(clinic, now)
    return everything


def _away_next_year(clinic: Clinic, now: datetime) -> None:
    """A closed date and time off, beyond what anybody can book."""
    away = {"organisation": clinic.organisation, "doctor": clinic.doctor}
    day = (now + 300 * DAY).date()
    AvailabilityOverride.objects.create(**away, date=day)
    TimeOff.objects.create(**away, start_date=day + DAY, end_date=day + 3 * DAY)


def absent(uid: str) -> str:
    """A uid like that one, of nothing."""
    return new_uid(uid.partition("-")[0])


def _login(clinic: Clinic) -> User:
    """The clinic's doctor signs in as that user."""
    user = make_user(name=clinic.doctor.display_name)
    clinic.doctor.user = user
    clinic.doctor.save()
    return user


def _rule(clinic: Clinic, now: datetime) -> ReminderRule:
    return rules.add_rule(
        clinic.kind,
        recipient_group="patient",
        minutes_before=60,
        send_email=True,
        send_sms=True,
        actor=ADMIN,
        now=now,
    )


def _key(clinic: Clinic, now: datetime) -> ApiKey:
    permissions = ["scheduling:read"]
    return api_keys.issue(
        clinic.organisation, name="Integration", permissions=permissions, actor=ADMIN, now=now
    )[0]


def _fail_once(delivery: Delivery, now: datetime) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(attempt_count=1)
    DeliveryAttempt.objects.create(
        delivery=delivery,
        number=1,
        started_at=now,
        finished_at=now,
        status_code=503,
        error="The target answered 503.",
        response_excerpt="<h1>Service unavailable</h1>",
    )


def _hour_of(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _in_every_state(clinic: Clinic, patient: Patient, now: datetime) -> tuple[Appointment, ...]:
    """One of each status and a moved one, around today, so that lists and the day have all their rows."""
    hour = _hour_of(now)
    moved = clinic.book(hour + 3 * DAY, patient=patient, now=now)
    cancelled = clinic.book(hour + 4 * DAY, patient=patient, now=now)
    past = {
        status: make_appointment(
            patient=patient,
            doctor=clinic.doctor,
            appointment_type=clinic.kind,
            starts_at=hour - days * DAY,
            status=status,
            now=now - 5 * DAY,
        )
        for days, status in ((1, Status.COMPLETED), (2, Status.NO_SHOW), (3, Status.EXPIRED))
    }
    return (
        clinic.hold(hour + 2 * DAY, patient=patient, now=now),
        lifecycle.rebook(moved, starts_at=hour + 5 * DAY, actor=PARTNER, now=now),
        lifecycle.cancel(cancelled, reason="Doctor is ill", actor=ADMIN, now=now),
        *past.values(),
    )
