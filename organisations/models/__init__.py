from .access import ApiKey, Permission
from .people import (
    E164,
    Doctor,
    DoctorNotice,
    Invitation,
    Membership,
    Patient,
    Role,
    User,
    patient_search_text,
)
from .record import AuditEntry, MaintenanceRun
from .tenancy import UID_LENGTH, Organisation, OwnedQuerySet, Shop

__all__ = [
    "E164",
    "UID_LENGTH",
    "ApiKey",
    "AuditEntry",
    "Doctor",
    "DoctorNotice",
    "Invitation",
    "MaintenanceRun",
    "Membership",
    "Organisation",
    "OwnedQuerySet",
    "Patient",
    "Permission",
    "Role",
    "Shop",
    "User",
    "patient_search_text",
]
