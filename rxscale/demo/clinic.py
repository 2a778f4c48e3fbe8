"""The standing parts of the demo: organisations, people, types, rules, a subscription. Safe to repeat."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from appointments.models import AppointmentType, AppointmentTypeDoctor, MeetingRoom
from availability.models import AvailabilityWindow
from notifications.models import EventType, NotificationSubscription
from organisations import patients
from organisations.actors import SYSTEM
from organisations.models import Doctor, Membership, Organisation, Patient, Role, Shop, User
from reminders import rules
from reminders.models import RecipientGroup, ReminderRule

from .clocks import zone_about_to_change
from .people import HARBOUR_DOCTORS, NORTHSIDE_DOCTORS, DoctorProfile, profile_fields

PASSWORD = "open-the-clinic-door"  # noqa: S105  # the demo's logins are printed for everyone to use


@dataclass(frozen=True)
class TypePlan:
    name: str
    duration_minutes: int
    fields: dict[str, object]
    reminders: tuple[tuple[RecipientGroup, int, bool, bool], ...]  # group, minutes, e-mail, SMS


@dataclass(frozen=True)
class ClinicPlan:
    name: str
    timezone: str
    shop_name: str
    shop_identifier: str
    country: str
    admin_email: str
    admin_name: str
    doctors: tuple[DoctorProfile, ...]
    types: tuple[TypePlan, ...]
    patient_count: int
    visits_per_doctor_and_day: int
    webhook_target: str
    colleagues: tuple[tuple[str, str], ...] = ()
    has_storefront: bool = False  # the demo plays this shop itself (shop_keys.py)


@dataclass(frozen=True)
class Clinic:
    """A plan as it stands in the database. `types[0]` and `doctors[0]` are the ones demo.json names."""

    plan: ClinicPlan
    organisation: Organisation
    shop: Shop
    doctors: list[Doctor]
    types: list[AppointmentType]
    patients: list[Patient]


# The type partners play with: its rules are what demo.json promises.
VIDEO_CONSULTATION = TypePlan(
    "Video consultation",
    30,
    {
        "description": "Half an hour with a doctor, by video.",
        "hold_ttl_seconds": 900,
        "cancellation_notice_minutes": 60,
        "rebooking_notice_minutes": 60,
        "rebooking_mode": "any_doctor",
        "booking_horizon_days": 60,
    },
    ((RecipientGroup.PATIENT, 60, True, False), (RecipientGroup.PATIENT, 15, True, True)),
)
FOLLOW_UP = TypePlan(
    "Follow-up",
    15,
    {
        "description": "A short call about how things are going.",
        "buffer_after_minutes": 5,
        "slot_interval_minutes": 20,
        "cancellation_notice_minutes": 240,
        "rebooking_mode": "same_doctor",
        "rebooking_notice_minutes": 240,
    },
    (
        (RecipientGroup.PATIENT, 1440, True, False),
        (RecipientGroup.DOCTOR, 15, True, True),
        (RecipientGroup.ADMIN, 30, False, False),
    ),
)
FIRST_VISIT = TypePlan(
    "First visit",
    45,
    {
        "description": "For new patients: history, questions, a plan.",
        "buffer_before_minutes": 5,
        "buffer_after_minutes": 10,
        "slot_interval_minutes": 60,
        "min_booking_notice_minutes": 120,
    },
    (
        (RecipientGroup.PATIENT, 1440, True, True),
        (RecipientGroup.PATIENT, 60, True, False),
        (RecipientGroup.DOCTOR, 1440, True, False),
    ),
)
# At any five minutes: whoever is on call takes it at once (on_call.py).
CHECK_IN = TypePlan(
    "Check-in call",
    15,
    {
        "description": "A doctor on call, within minutes.",
        "slot_interval_minutes": 5,
        "cancellation_notice_minutes": 0,
        "rebooking_mode": "any_doctor",
        "rebooking_notice_minutes": 0,
    },
    (
        (RecipientGroup.PATIENT, 1440, True, False),
        (RecipientGroup.PATIENT, 60, True, True),
        (RecipientGroup.PATIENT, 15, True, False),
        (RecipientGroup.DOCTOR, 15, True, True),
    ),
)

NORTHSIDE = ClinicPlan(
    name="Northside Telehealth",
    timezone="Europe/Berlin",
    shop_name="Northside Health Shop",
    shop_identifier="northside-health.example",
    country="DE",
    admin_email="ada@northside.example",
    admin_name="Ada Winter",
    doctors=NORTHSIDE_DOCTORS,
    types=(VIDEO_CONSULTATION, FOLLOW_UP, FIRST_VISIT, CHECK_IN),
    patient_count=200,
    visits_per_doctor_and_day=2,
    webhook_target="http://127.0.0.1:8899/",
    colleagues=(("olga.petersen@northside.example", "Olga Petersen"),),
    has_storefront=True,
)
HARBOUR = ClinicPlan(
    name="Harbour Clinic",
    timezone="Europe/London",
    shop_name="Harbour Pharmacy",
    shop_identifier="harbour-pharmacy.example",
    country="GB",
    admin_email="hugh@harbour.example",
    admin_name="Hugh Marsh",
    doctors=HARBOUR_DOCTORS,
    types=(VIDEO_CONSULTATION, FOLLOW_UP),
    patient_count=20,
    visits_per_doctor_and_day=1,
    webhook_target="http://127.0.0.1:8898/",
)


def stand_up(plan: ClinicPlan, *, since: datetime, now: datetime) -> Clinic:
    """Make what is missing of `plan`, as of `since`; leave what is there as its users changed it."""
    organisation, _ = Organisation.objects.get_or_create(
        name=plan.name,
        defaults={"timezone": plan.timezone, "support_contact": "support@rxscale.example"},
    )
    shop, _ = Shop.objects.get_or_create(
        organisation=organisation,
        identifier=plan.shop_identifier,
        defaults={
            "name": plan.shop_name,
            "country": plan.country,
            "contact_email": f"hello@{plan.shop_identifier}",
            **({} if plan.has_storefront else _pages_elsewhere(plan)),
        },
    )
    _member(organisation, plan.admin_email, plan.admin_name, Role.ADMIN)
    for email, name in plan.colleagues:
        _member(organisation, email, name, Role.OPERATIONS)
    doctors = [_doctor(organisation, profile, now=now) for profile in plan.doctors]
    types = [_type(organisation, type_plan, doctors, now=since) for type_plan in plan.types]
    people = [_patient(shop, number, now=since) for number in range(1, plan.patient_count + 1)]
    return Clinic(plan, organisation, shop, doctors, types, people)


def find_subscription(clinic: Clinic) -> NotificationSubscription | None:
    return (
        NotificationSubscription.objects.of(clinic.organisation)
        .filter(
            notification_type=EventType.REMINDER_DUE,
            target=clinic.plan.webhook_target,
            deleted_at=None,
        )
        .first()
    )


def _pages_elsewhere(plan: ClinicPlan) -> dict[str, str]:
    home = f"https://{plan.shop_identifier}"
    return {
        "return_url": f"{home}/account",
        "privacy_notice_url": f"{home}/privacy",
        "imprint_url": f"{home}/imprint",
    }


def _user(email: str, name: str) -> User:
    user = User.objects.filter(email=email).first()
    return user or User.objects.create_user(email, PASSWORD, name=name)


def _member(organisation: Organisation, email: str, name: str, role: Role) -> None:
    Membership.objects.get_or_create(
        organisation=organisation, user=_user(email, name), defaults={"role": role}
    )


def _doctor(organisation: Organisation, profile: DoctorProfile, *, now: datetime) -> Doctor:
    doctor, is_new = Doctor.objects.get_or_create(
        organisation=organisation,
        email=profile.email,
        defaults={
            "user": _user(profile.email, profile.name),
            "display_name": profile.name,
            "timezone": profile.timezone or zone_about_to_change(now),
            "mobile_phone": profile.mobile_phone,
        },
    )
    if is_new:
        MeetingRoom.objects.create(organisation=organisation, doctor=doctor)
        AvailabilityWindow.objects.bulk_create(
            _window(doctor, weekday, start, end)
            for weekday, hours in sorted(profile.hours.items())
            for start, end in hours
        )
    return doctor


def _window(doctor: Doctor, weekday: int, start: str, end: str) -> AvailabilityWindow:
    start_minute, end_minute = (int(t[:2]) * 60 + int(t[3:]) for t in (start, end))
    return AvailabilityWindow(
        organisation=doctor.organisation,
        doctor=doctor,
        weekday=weekday,
        start_minute=start_minute,
        end_minute=end_minute if end_minute > start_minute else end_minute + 1440,
    )


def _type(
    organisation: Organisation, plan: TypePlan, doctors: list[Doctor], *, now: datetime
) -> AppointmentType:
    kind, is_new = AppointmentType.objects.get_or_create(
        organisation=organisation,
        name=plan.name,
        defaults={
            "duration_minutes": plan.duration_minutes,
            "slot_interval_minutes": plan.duration_minutes,
            **plan.fields,
        },
    )
    if is_new:
        for doctor in doctors:
            AppointmentTypeDoctor.objects.create(
                organisation=organisation, appointment_type=kind, doctor=doctor
            )
    if not ReminderRule.objects.of(organisation).filter(appointment_type=kind).exists():
        for group, minutes_before, send_email, send_sms in plan.reminders:
            rules.add_rule(
                kind,
                recipient_group=group,
                minutes_before=minutes_before,
                send_email=send_email,
                send_sms=send_sms,
                actor=SYSTEM,
                now=now,
            )
    return kind


def _patient(shop: Shop, number: int, *, now: datetime) -> Patient:
    """Customer `number`, always the same person: the randomness is seeded by the number."""
    customer_id = f"customer-{number:04}"
    known = patients.find(shop, customer_id)
    if known is not None:
        return known
    fields = profile_fields(number, Random(f"{shop.identifier}/{number}"))
    return patients.upsert(shop, customer_id, fields, now=now).patient
