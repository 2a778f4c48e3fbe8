"""People at browsers: each role of a clinic, and a stranger from another one."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    user_logged_in,
)
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import Client

from organisations.maintenance import last_run
from organisations.models import MaintenanceRun, Membership, Organisation, Role, User
from portals.accounts.sessions import SEEN_AT
from tests import factories


def sign_in(user: User) -> Client:
    """As `force_login` leaves it, but by five statements instead of seventeen: a thousand tests begin so."""
    request = HttpRequest()
    request.session = SessionStore()
    request.session[SESSION_KEY] = str(user.pk)
    request.session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    user_logged_in.send(sender=User, request=request, user=user)
    # Seen an hour ahead: a browser may stand for a module, whose tests count no stamp of its minutes.
    request.session[SEEN_AT] += 3600
    request.session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""
    return client


@pytest.fixture
def clinic(db: None) -> Organisation:
    return factories.make_organisation()


@pytest.fixture
def admin_member(clinic: Organisation) -> Membership:
    return factories.make_member(organisation=clinic, role=Role.ADMIN)


@pytest.fixture
def admin(admin_member: Membership) -> Client:
    """An admin of `clinic`, signed in."""
    return sign_in(admin_member.user)


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
