"""Plain keyword-only factories: rows straight into the database, with believable defaults.

They bypass the verbs on purpose: a test of a verb arranges its world here and acts through the verb.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count

from appointments.models import Appointment, AppointmentType, AppointmentTypeDoctor, MeetingRoom
from appointments.status import Status
from availability.models import AvailabilityWindow, Weekday
from organisations.actors import Actor, ActorKind
from organisations.models import Doctor, Membership, Organisation, Patient, Role, Shop, User

_number = count(1)

# A Monday, 08:00 UTC: the `now` of tests that need one.
NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
ADMIN = Actor(kind=ActorKind.ADMIN, uid="usr-admin", label="Ada Admin")
PARTNER = Actor(kind=ActorKind.PARTNER, uid="key-partner", label="Partner key")
PATIENT = Actor(kind=ActorKind.PATIENT, uid="pp-patient", label="Patient")
DOCTOR = Actor(kind=ActorKind.DOCTOR, uid="usr-doctor", label="Dr Doctor")


def make_organisation(
    *, name: str = "Northside Clinic", timezone: str = "Europe/Berlin"
) -> Organisation:
    return Organisation.objects.create(name=name, timezone=timezone)


def make_shop(
    *, organisation: Organisation, identifier: str = "", country: str = "DE", is_active: bool = True
) -> Shop:
    return Shop.objects.create(
        organisation=organisation,
        identifier=identifier or f"shop-{next(_number)}.example",
        name="Northside Shop",
        country=country,
        contact_email="hello@shop.example",
        return_url="https://shop.example/account",
        is_active=is_active,
    )


def make_user(*, email: str = "", name: str = "Ada Admin", is_active: bool = True) -> User:
    email = email or f"user{next(_number)}@clinic.example"
    return User.objects.create_user(email, "correct horse battery", name=name, is_active=is_active)


def make_member(
    *, organisation: Organisation, role: Role = Role.ADMIN, user: User | None = None
) -> Membership:
    return Membership.objects.create(organisation=organisation, user=user or make_user(), role=role)


def make_doctor(
    *,
    organisation: Organisation,
    display_name: str = "Dr Jane Hill",
    timezone: str = "Europe/Berlin",
    email: str = "jane.hill@clinic.example",
    mobile_phone: str = "",
    user: User | None = None,
    is_active: bool = True,
    with_room: bool = True,
) -> Doctor:
    doctor = Doctor.objects.create(
        organisation=organisation,
        display_name=display_name,
        timezone=timezone,
        email=email,
        mobile_phone=mobile_phone,
        user=user,
        is_active=is_active,
    )
    if with_room:
        MeetingRoom.objects.create(organisation=organisation, doctor=doctor)
    return doctor


def make_patient(
    *,
    shop: Shop,
    shop_customer_id: str = "",
    first_name: str = "Paula",
    last_name: str = "Patient",
    email: str = "paula@patients.example",
    phone: str = "",
    timezone: str = "",
    language: str = "",
) -> Patient:
    return Patient.objects.create(
        organisation=shop.organisation,
        shop=shop,
        shop_customer_id=shop_customer_id or f"customer-{next(_number)}",
        first_name=first_name,
        last_name=last_name,
        email=email,
        phone=phone,
        timezone=timezone,
        language=language,
    )


def make_type(
    *,
    organisation: Organisation,
    doctors: Iterable[Doctor] = (),
    duration_minutes: int = 30,
    **fields: object,
) -> AppointmentType:
    """A type without notices, any doctor, 60 days ahead; `fields` sets any other column."""
    defaults: dict[str, object] = {
        "name": "Consultation",
        "rebooking_mode": "any_doctor",
        "cancellation_notice_minutes": 60,
        "rebooking_notice_minutes": 60,
        "slot_interval_minutes": duration_minutes,
    }
    appointment_type = AppointmentType(
        organisation=organisation, duration_minutes=duration_minutes, **{**defaults, **fields}
    )
    appointment_type.save()
    for doctor in doctors:
        AppointmentTypeDoctor.objects.create(
            organisation=organisation, appointment_type=appointment_type, doctor=doctor
        )
    return appointment_type


def make_window(
    *,
    doctor: Doctor,
    weekday: int = Weekday.MONDAY,
    start: str = "09:00",
    end: str = "17:00",
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> AvailabilityWindow:
    """`end` before `start` means the next day; `24:00` is midnight."""
    start_minute, end_minute = _minutes(start), _minutes(end)
    if end_minute < start_minute:
        end_minute += 1440
    return AvailabilityWindow.objects.create(
        organisation=doctor.organisation,
        doctor=doctor,
        weekday=weekday,
        start_minute=start_minute,
        end_minute=end_minute,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def open_all_week(doctor: Doctor) -> None:
    """In one statement: many a test's world begins with it."""
    AvailabilityWindow.objects.bulk_create(
        AvailabilityWindow(
            organisation=doctor.organisation,
            doctor=doctor,
            weekday=weekday,
            start_minute=0,
            end_minute=1440,
        )
        for weekday in range(7)
    )


def make_appointment(
    *,
    patient: Patient,
    doctor: Doctor,
    appointment_type: AppointmentType,
    starts_at: datetime,
    status: Status = Status.CONFIRMED,
    now: datetime = NOW,
    hold_expires_at: datetime | None = None,
    confirmed_at: datetime | None = None,
    **fields: object,
) -> Appointment:
    """A row as the verbs would have left it, without history, events or messages."""
    if status in (Status.HELD, Status.EXPIRED) and hold_expires_at is None:
        hold_expires_at = min(now + timedelta(minutes=15), starts_at)
    if status in (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW):
        confirmed_at = confirmed_at or now
    if status == Status.CANCELLED:
        fields = {"cancelled_at": now, "cancelled_by": ActorKind.PATIENT, **fields}
    kind = appointment_type
    ends_at = starts_at + timedelta(minutes=kind.duration_minutes)
    return Appointment.objects.create(
        organisation=patient.organisation,
        shop=patient.shop,
        patient=patient,
        doctor=doctor,
        appointment_type=kind,
        status=status,
        starts_at=starts_at,
        ends_at=ends_at,
        blocked_from=starts_at - timedelta(minutes=kind.buffer_before_minutes),
        blocked_until=ends_at + timedelta(minutes=kind.buffer_after_minutes),
        buffer_before_minutes=kind.buffer_before_minutes,
        buffer_after_minutes=kind.buffer_after_minutes,
        cancellation_notice_minutes=kind.cancellation_notice_minutes,
        rebooking_notice_minutes=kind.rebooking_notice_minutes,
        rebooking_mode=kind.rebooking_mode,
        hold_expires_at=hold_expires_at,
        confirmed_at=confirmed_at,
        status_changed_by=ActorKind.PATIENT,
        status_changed_at=now,
        created_at=now,
        updated_at=now,
        **fields,
    )


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
