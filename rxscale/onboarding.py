"""Makes what a new customer needs to begin: organisation, first admin, shop, perhaps a doctor and a type.

What is there already is left alone, so the same plan may be carried out again.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from appointments.models import AppointmentType, AppointmentTypeDoctor, MeetingRoom
from organisations import doctors, inputs, members
from organisations.actors import SYSTEM
from organisations.errors import Invalid
from organisations.models import Doctor, Organisation, Role, User

_PASSWORD_BYTES = 15  # 120 bits, 20 characters


class Impossible(Exception):
    """The plan cannot be carried out; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Blank `doctor` or `appointment_type`: none. Blank `admin_password`: one is generated."""

    organisation: str
    timezone: str
    admin_email: str
    admin_name: str
    admin_password: str
    shop_identifier: str
    shop_name: str
    country: str
    doctor: str
    doctor_email: str
    doctor_timezone: str
    doctor_mobile_phone: str
    appointment_type: str
    duration_minutes: int


@dataclass(frozen=True, slots=True)
class Made:
    """One thing of the plan. `password` only when it was generated just now."""

    what: str
    uid: str
    name: str
    is_new: bool
    password: str | None = None


def carry_out(plan: Plan, *, now: datetime) -> list[Made]:
    """All of the plan in one transaction, audited. Raises Impossible."""
    if not plan.doctor and (plan.doctor_email or plan.doctor_timezone or plan.doctor_mobile_phone):
        raise Impossible("doctor: give the doctor's name with their e-mail, time zone or number.")
    with transaction.atomic():
        with _named("organisation"):
            organisation, is_new = members.create_organisation(
                name=plan.organisation, timezone=plan.timezone, actor=SYSTEM, now=now
            )
        made = [Made("organisation", organisation.uid, organisation.name, is_new)]
        made.append(_admin(organisation, plan, now))
        made.append(_shop(organisation, plan, now))
        doctor = _doctor(organisation, plan, made, now) if plan.doctor else None
        if plan.appointment_type:
            made.append(_type(organisation, plan, doctor))
    return made


def _admin(organisation: Organisation, plan: Plan, now: datetime) -> Made:
    generated = None if plan.admin_password else secrets.token_urlsafe(_PASSWORD_BYTES)
    with _named("admin"):
        user, is_new_user = members.add_user(
            email=plan.admin_email,
            name=plan.admin_name,
            password=plan.admin_password or generated,
        )
    _, is_new = members.add_member(organisation, user, role=Role.ADMIN, actor=SYSTEM, now=now)
    return Made("admin", user.uid, user.email, is_new, generated if is_new_user else None)


def _shop(organisation: Organisation, plan: Plan, now: datetime) -> Made:
    with _named("shop"):
        shop, is_new = members.add_shop(
            organisation,
            identifier=plan.shop_identifier,
            name=plan.shop_name or plan.shop_identifier,
            country=plan.country,
            actor=SYSTEM,
            now=now,
        )
    return Made("shop", shop.uid, shop.identifier, is_new)


def _doctor(organisation: Organisation, plan: Plan, made: list[Made], now: datetime) -> Doctor:
    with _named("doctor"):
        doctor, is_new = doctors.add_doctor(
            organisation,
            display_name=plan.doctor,
            timezone=plan.doctor_timezone or organisation.timezone,
            user=_doctors_user(plan),
            mobile_phone=plan.doctor_mobile_phone,
            actor=SYSTEM,
            now=now,
        )
    MeetingRoom.objects.get_or_create(doctor=doctor, defaults={"organisation": organisation})
    made.append(Made("doctor", doctor.uid, doctor.display_name, is_new))
    return doctor


def _doctors_user(plan: Plan) -> User | None:
    """Without a password: the doctor sets one by "forgot password"."""
    if not plan.doctor_email:
        return None
    return members.add_user(email=plan.doctor_email, name=plan.doctor)[0]


def _type(organisation: Organisation, plan: Plan, doctor: Doctor | None) -> Made:
    _, shortest, longest = AppointmentType.BOUNDS[0]
    with _named("appointment type"):
        name = inputs.required_name("name", plan.appointment_type)
        if not shortest <= plan.duration_minutes <= longest:
            raise Invalid("duration", f"Between {shortest} and {longest} minutes.")
    kind = AppointmentType.objects.of(organisation).filter(name=name).order_by("id").first()
    is_new = kind is None
    if kind is None:
        kind = AppointmentType(
            organisation=organisation, name=name, duration_minutes=plan.duration_minutes
        )
        kind.save()
    if doctor is not None:
        AppointmentTypeDoctor.objects.get_or_create(
            appointment_type=kind, doctor=doctor, defaults={"organisation": organisation}
        )
    return Made("appointment type", kind.uid, kind.name, is_new)


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except Invalid as invalid:
        raise Impossible(f"{what}, {invalid.field}: {invalid.message}") from None
