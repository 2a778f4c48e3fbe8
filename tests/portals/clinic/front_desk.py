"""A clinic that is always open, at the tests' NOW, with people of it at browsers."""

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from re import sub
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appointments.models import Appointment
from organisations.models import AuditEntry, Role
from tests.appointments.clinic import Clinic, make_clinic
from tests.factories import NOW, make_member, make_user
from tests.portals.accounts.people import PASSWORD, post
from tests.portals.browsers import sign_in


@dataclass(frozen=True)
class FrontDesk:
    clinic: Clinic
    admin: Client
    operations: Client
    monkeypatch: pytest.MonkeyPatch

    def at(self, now: datetime) -> None:
        """The pages' clock shows `now` from here on."""
        self.monkeypatch.setattr("portals.clinic.access.utc_now", lambda: now)

    def for_test(self, monkeypatch: pytest.MonkeyPatch) -> "FrontDesk":
        """A copy of the one that stands for the module, at NOW by the test's own clock."""
        desk = replace(deepcopy(self), monkeypatch=monkeypatch)
        desk.at(NOW)
        return desk

    def audited(self, action: str) -> list[tuple[str, str]]:
        entries = AuditEntry.objects.of(self.clinic.organisation).filter(action=action)
        return list(entries.order_by("id").values_list("actor_label", "object_uid"))


def stand_up(
    monkeypatch: pytest.MonkeyPatch, *, doctors: int = 1, **type_fields: object
) -> FrontDesk:
    clinic = make_clinic(doctors=doctors, **type_fields)  # type: ignore[arg-type]  # a type's columns
    ada, olga = make_user(name="Ada Admin"), make_user(name="Olga Operations")
    make_member(organisation=clinic.organisation, user=ada, role=Role.ADMIN)
    make_member(organisation=clinic.organisation, user=olga, role=Role.OPERATIONS)
    desk = FrontDesk(clinic, sign_in(ada), sign_in(olga), monkeypatch)
    desk.at(NOW)
    return desk


def prove_again(client: Client) -> None:
    """Types the password once more."""
    post(client, "account_reauthenticate", password=PASSWORD)


def url(name: str, *args: str) -> str:
    return reverse(f"clinic:{name}", args=args)


def words(response: Any) -> str:
    """What a person reads: no tags, single blanks."""
    page = response.content.decode().replace("<wbr>", "")
    return " ".join(unescape(sub(r"<[^>]*>", " ", page)).split())


def actions(response: Any) -> list[str]:
    """The labels of what the page of an appointment offers."""
    page = response.context["page"]
    return [link.label for link in page.actions]


def fresh(visit: Appointment) -> Appointment:
    return Appointment.objects.for_display().get(pk=visit.pk)
