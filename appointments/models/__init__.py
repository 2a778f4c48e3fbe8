from .appointment import Appointment, AppointmentQuerySet, AppointmentTransition, OnBehalfOf
from .configuration import AppointmentType, AppointmentTypeDoctor, MeetingRoom, RebookingMode

__all__ = [
    "Appointment",
    "AppointmentQuerySet",
    "AppointmentTransition",
    "AppointmentType",
    "AppointmentTypeDoctor",
    "MeetingRoom",
    "OnBehalfOf",
    "RebookingMode",
]
