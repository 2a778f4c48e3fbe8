"""The objects both APIs show, as schemas of the OpenAPI document; domain code renders them."""

from typing import Literal

from ninja import Schema
from pydantic import Field

Status = Literal["held", "confirmed", "cancelled", "expired", "completed", "no_show"]
ActorName = Literal["patient", "partner", "admin", "doctor", "system"]
Epoch = int  # Unix seconds


class FieldWarning(Schema):
    field: str
    message: str


class Appointment(Schema):
    """The same wherever it appears; a nullable key is present, with null."""

    uid: str
    status: Status = Field(description="What holds now: a hold that ran out is `expired`.")
    doctor_uid: str
    doctor_display_name: str
    patient_uid: str = Field(description="The `patient_profile_uid`.")
    patient_display_name: str | None
    appointment_type_uid: str
    appointment_type_name: str
    meeting_type: Literal["CONSULTATION"]
    shop_uid: str
    shop_identifier: str
    shop_customer_id: str
    client_reference: str | None
    starts_at: Epoch
    ends_at: Epoch
    timezone: str = Field(description="The doctor's.")
    hold_expires_at: Epoch | None
    confirmed_at: Epoch | None
    cancelled_at: Epoch | None
    cancelled_by: ActorName | None
    cancellation_reason: str | None
    cancellation_message: str | None = Field(description="What the patient was told.")
    status_changed_by: ActorName
    previous_meeting_uid: str | None
    rebooked_to_uid: str | None
    rebooking_mode: Literal["same_doctor", "any_doctor"]
    cancellable_until: Epoch
    rebookable_until: Epoch
    join_url: str | None = Field(description="While confirmed.")
    created_at: Epoch
    updated_at: Epoch


class AnsweredAppointment(Appointment):
    """`warnings` is there when a field of the patient's profile could not be used."""

    warnings: list[FieldWarning] | None = None


class Page(Schema):
    totalRegistries: int  # noqa: N815  # the documented totals are the two keys in camel case
    totalPages: int  # noqa: N815


class AppointmentPage(Page):
    data: list[Appointment]


class Slot(Schema):
    starts_at: Epoch
    ends_at: Epoch
    doctor_uid: str


class Slots(Schema):
    data: list[Slot]
    next_available_at: Epoch | None = Field(
        description="When `data` is empty: the first bookable start at or after `to`, if any."
    )
