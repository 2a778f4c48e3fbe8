"""People at browsers: each role of a clinic, and a stranger from another one."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

import pytest
from django.test import Client

from organisations.maintenance import last_run
from organisations.models import MaintenanceRun, Membership, Organisation, Role
from tests import factories
from tests.portals.browsers import sign_in
from tests.standing import Stand, patched

from .front_desk import FrontDesk, stand_up


@dataclass(frozen=True)
class SignedIn:
    member: Membership
    client: Client


@pytest.fixture(scope="module")
def standing_desk(stand: Stand) -> FrontDesk:
    return stand(patched(stand_up))


@pytest.fixture
def desk(db: None, standing_desk: FrontDesk, monkeypatch: pytest.MonkeyPatch) -> FrontDesk:
    return standing_desk.for_test(monkeypatch)


@pytest.fixture(scope="module")
def standing_admin(stand: Stand) -> SignedIn:
    return stand(an_admin)


@pytest.fixture
def own_admin(db: None, standing_admin: SignedIn) -> SignedIn:
    return deepcopy(standing_admin)


def an_admin() -> SignedIn:
    member = factories.make_member(organisation=factories.make_organisation(), role=Role.ADMIN)
    return SignedIn(member, sign_in(member.user))


@pytest.fixture
def clinic(own_admin: SignedIn) -> Organisation:
    """It has an admin, whom a test need not ask for."""
    return own_admin.member.organisation


@pytest.fixture
def admin_member(own_admin: SignedIn) -> Membership:
    return own_admin.member


@pytest.fixture
def admin(own_admin: SignedIn) -> Client:
    """An admin of `clinic`, signed in."""
    return own_admin.client


@pytest.fixture
def operations(clinic: Organisation) -> Client:
    """Somebody of `clinic` with the operations role, signed in."""
    user = factories.make_user(name="Olga Operations")
    factories.make_member(organisation=clinic, role=Role.OPERATIONS, user=user)
    return sign_in(user)


@pytest.fixture
def doctor_only(clinic: Organisation) -> Client:
    """A doctor of `clinic` without a membership, signed in."""
    user = factories.make_user(name="Dr Jane Hill")
    factories.make_doctor(organisation=clinic, user=user)
    return sign_in(user)


@pytest.fixture
def stranger(db: None) -> Client:
    """An admin of another organisation, signed in."""
    other = factories.make_organisation(name="Southside Clinic")
    return sign_in(factories.make_member(organisation=other).user)


@pytest.fixture
def maintenance_ran(db: None) -> Callable[[datetime], MaintenanceRun]:
    """Says that a maintenance run ended at that time, and no later one."""

    def ran(at: datetime) -> MaintenanceRun:
        MaintenanceRun.objects.all().delete()
        run = MaintenanceRun.objects.create(started_at=at, finished_at=at)
        assert last_run() == run
        return run

    return ran
