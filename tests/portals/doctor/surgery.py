"""A doctor of an always open clinic at a browser, at the tests' NOW; and colleagues of the same clinic."""

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from organisations.models import AuditEntry, Doctor
from tests.appointments.clinic import Clinic, make_clinic
from tests.factories import NOW, make_user
from tests.portals.browsers import sign_in


@dataclass(frozen=True)
class Surgery:
    clinic: Clinic
    jane: Client
    monkeypatch: pytest.MonkeyPatch

    @property
    def doctor(self) -> Doctor:
        return self.clinic.doctor

    def at(self, now: datetime) -> None:
        """The pages' clock shows `now` from here on."""
        self.monkeypatch.setattr("portals.doctor.access.utc_now", lambda: now)

    def for_test(self, monkeypatch: pytest.MonkeyPatch) -> "Surgery":
        """A copy of the one that stands for the module, at NOW by the test's own clock."""
        surgery = replace(deepcopy(self), monkeypatch=monkeypatch)
        surgery.at(NOW)
        return surgery

    def audited(self, action: str) -> list[tuple[str, str]]:
        entries = AuditEntry.objects.of(self.clinic.organisation).filter(action=action)
        return list(entries.order_by("id").values_list("actor_label", "object_uid"))


def open_surgery(
    monkeypatch: pytest.MonkeyPatch, *, doctors: int = 1, **type_fields: object
) -> Surgery:
    clinic = make_clinic(doctors=doctors, **type_fields)  # type: ignore[arg-type]  # a type's columns
    surgery = Surgery(clinic, log_in(clinic.doctor), monkeypatch)
    surgery.at(NOW)
    return surgery


def log_in(doctor: Doctor) -> Client:
    """The doctor gets a user, and is at a browser."""
    doctor.user = make_user(name=doctor.display_name)
    doctor.save()
    return sign_in(doctor.user)


def url(name: str, *args: str) -> str:
    return reverse(f"doctor:{name}", args=args)
