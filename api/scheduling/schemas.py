"""What the Scheduling API is asked, and the answers that are its own."""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, ValidationInfo, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from api.auth import TokenCaller
from api.filters import AppointmentFilters
from api.paging import PageQuery
from api.representations import Epoch, FieldWarning, Page
from api.strict import Instant, QueryInstant, Reference, Text


def _ignored_with_a_token(
    value: object, validate: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> object:
    """The token has said already who the patient is: whatever stands here does not count."""
    request = (info.context or {}).get("request")
    if isinstance(getattr(request, "auth", None), TokenCaller):
        return None
    return validate(value)


ForKeys = Annotated[Text | None, WrapValidator(_ignored_with_a_token)]
_FOR_KEYS = "With an API key only; ignored with a booking token."


class ShopQuery(PageQuery):
    shop_uid: Text


class DoctorsQuery(ShopQuery):
    appointment_type_uid: Text | None = None


class RangeQuery(Schema):
    from_: QueryInstant = Field(alias="from", description="Inclusive.")
    to: QueryInstant = Field(description="Exclusive; at most 31 days and 2 hours after `from`.")


class SlotsQuery(RangeQuery):
    shop_uid: Text
    appointment_type_uid: Text
    doctor_uid: Text | None = None


class AppointmentsQuery(AppointmentFilters):
    patient_profile_uid: ForKeys = Field(None, description=f"Required. {_FOR_KEYS}")


class HoldRequest(Schema):
    appointment_type_uid: Text
    starts_at: Instant
    doctor_uid: Text | None = Field(None, description="Without: any free doctor, fairly.")
    client_reference: Reference | None = Field(
        None, description="Your own number; never shown to patients."
    )
    patient_profile_uid: ForKeys = Field(None, description=f"Required. {_FOR_KEYS}")
    shop_uid: ForKeys = Field(None, description=f"The patient's. {_FOR_KEYS}")


class CancelRequest(Schema):
    reason: Text | None = None


class RebookRequest(Schema):
    starts_at: Instant
    doctor_uid: Text | None = None


class NoFields(Schema):
    """A JSON object or nothing; its keys are ignored."""


class AppointmentType(Schema):
    uid: str
    name: str
    description: str
    duration_minutes: int
    hold_ttl_seconds: int
    cancellation_notice_minutes: int
    rebooking_mode: Literal["same_doctor", "any_doctor"]
    rebooking_notice_minutes: int
    meeting_type: Literal["CONSULTATION"]


class AppointmentTypes(Page):
    data: list[AppointmentType]


class Doctor(Schema):
    uid: str
    display_name: str
    timezone: str


class Doctors(Page):
    data: list[Doctor]


class LaunchCode(Schema):
    booking_launch_code: str
    expires_at: Epoch
    booking_url: str
    warnings: list[FieldWarning] | None = None
