from .appointment import Appointment, AppointmentQuerySet, AppointmentTransition, OnBehalfOf
from .configuration import (
    AppointmentType,
    AppointmentTypeDoctor,
    CalendarFeed,
    MeetingRoom,
    RebookingMode,
)

__all__ = [
    "Appointment",
    "AppointmentQuerySet",
    "AppointmentTransition",
    "AppointmentType",
    "AppointmentTypeDoctor",
    "CalendarFeed",
    "MeetingRoom",
    "OnBehalfOf",
    "RebookingMode",
]
