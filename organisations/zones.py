"""Whose clock a time is told by: every time a person sees is in their zone (behaviour 3)."""

from .models import Organisation, Patient, User


def zone_of_patient(patient: Patient) -> str:
    """The patient's own zone where it is known, else the organisation's."""
    return patient.timezone or patient.organisation.timezone


def zone_of_user(user: User, organisation: Organisation) -> str:
    """The zone from My account, else the organisation's."""
    return user.timezone or organisation.timezone
