"""What a shop's pages show before anybody signs in: types, doctors, slots. Nothing private."""

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from api.auth import Anyone
from api.errors import found
from api.openapi import public_responses
from api.paging import page_of
from api.rendering import json_answer
from api.representations import Slots
from appointments.models import AppointmentType
from appointments.openings import openings
from common.clock import utc_now
from organisations.models import Doctor, Organisation, Shop

from . import schemas
from .ranges import checked_range, slots_answer

router = Router(tags=["Discovery"], auth=[Anyone()])


@router.get("/appointment-types", response=public_responses(schemas.AppointmentTypes))
def appointment_types(request: HttpRequest, query: Query[schemas.ShopQuery]) -> HttpResponse:
    """What can be booked in the shop."""
    types = AppointmentType.objects.of(_organisation(query.shop_uid)).filter(is_active=True)
    rows, totals = page_of(types.order_by("name", "uid"), query)
    return json_answer({"data": [_type(kind) for kind in rows], **totals})


@router.get("/doctors", response=public_responses(schemas.Doctors))
def doctors(request: HttpRequest, query: Query[schemas.DoctorsQuery]) -> HttpResponse:
    """Who can be booked, for one type or at all."""
    organisation = _organisation(query.shop_uid)
    rows = Doctor.objects.of(organisation).filter(is_active=True)
    if query.appointment_type_uid is not None:
        types = AppointmentType.objects.of(organisation)
        kind = found(types.filter(uid=query.appointment_type_uid).one_or_none())
        rows = rows.filter(offers__appointment_type=kind) if kind.is_active else rows.none()
    page, totals = page_of(rows.order_by("display_name", "uid"), query)
    data = [
        {"uid": doctor.uid, "display_name": doctor.display_name, "timezone": doctor.timezone}
        for doctor in page
    ]
    return json_answer({"data": data, **totals})


@router.get("/slots", response=public_responses(Slots))
def slots(request: HttpRequest, query: Query[schemas.SlotsQuery]) -> HttpResponse:
    """Bookable slots with `from <= starts_at < to`, sorted by start, then doctor."""
    start, end = checked_range(query)
    # Type, shop and organisation in one statement: what is absent of them makes no difference.
    types = AppointmentType.objects.filter(
        organisation__is_active=True,
        organisation__shops__uid=query.shop_uid,
        organisation__shops__is_active=True,
    ).select_related("organisation")
    kind = found(types.filter(uid=query.appointment_type_uid).one_or_none())
    opened = openings(kind, start=start, end=end, now=utc_now(), doctor_uid=query.doctor_uid)
    if query.doctor_uid is not None and not opened.is_offered:
        found(Doctor.objects.of(kind.organisation).filter(uid=query.doctor_uid).one_or_none())
    return slots_answer(opened)


def _organisation(shop_uid: str) -> Organisation:
    shops = Shop.objects.filter(is_active=True, organisation__is_active=True)
    return found(
        shops.select_related("organisation").filter(uid=shop_uid).one_or_none()
    ).organisation


def _type(kind: AppointmentType) -> dict[str, object]:
    return {
        "uid": kind.uid,
        "name": kind.name,
        "description": kind.description,
        "duration_minutes": kind.duration_minutes,
        "hold_ttl_seconds": kind.hold_ttl_seconds,
        "cancellation_notice_minutes": kind.cancellation_notice_minutes,
        "rebooking_mode": kind.rebooking_mode,
        "rebooking_notice_minutes": kind.rebooking_notice_minutes,
        "meeting_type": "CONSULTATION",
    }
