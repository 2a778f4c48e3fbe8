"""Every URL of the doctor portal × method × caller. A doctor's pages are about that doctor, and nobody else."""

import pytest

from common.clock import utc_now
from organisations.models import Doctor, Organisation
from tests.factories import make_doctor, make_user

from .access_table import DOCTOR, Page
from .callers import CONFIRM, SIGN_IN, Caller, expected, foreign_and_absent, walk
from .everything import Everything, make_everything

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db]


@pytest.fixture
def ours() -> Everything:
    return make_everything(utc_now())


@pytest.fixture
def theirs() -> Everything:
    return make_everything(utc_now())


def test_a_doctor_gets_every_page_of_their_own(ours: Everything) -> None:
    jane = Caller(ours.doctor_user)

    assert walk(jane, DOCTOR, ours, lambda page, method: (expected(page, method), "")) == []


def test_nobody_and_a_disabled_user_are_sent_to_sign_in(ours: Everything) -> None:
    disabled = ours.doctor_user
    disabled.is_active = False
    disabled.save()

    for caller in (Caller(), Caller(disabled)):
        assert walk(caller, DOCTOR, ours, lambda page, method: (302, SIGN_IN)) == []


def test_the_office_is_refused_unless_it_treats(ours: Everything) -> None:
    for member in (ours.admin, ours.colleague):
        assert walk(Caller(member.user), DOCTOR, ours, lambda page, method: (403, "")) == []


def test_whose_profile_or_clinic_is_deactivated_is_refused(ours: Everything) -> None:
    refused = Caller(ours.doctor_user)
    Doctor.objects.filter(user=ours.doctor_user).update(is_active=False)
    assert walk(refused, DOCTOR, ours, lambda page, method: (403, "")) == []

    Doctor.objects.filter(user=ours.doctor_user).update(is_active=True)
    Organisation.objects.update(is_active=False)
    assert walk(refused, DOCTOR, ours, lambda page, method: (403, "")) == []


def test_another_clinics_things_and_absent_ones_are_the_same_404(
    ours: Everything, theirs: Everything
) -> None:
    wrong, _ = foreign_and_absent(Caller(ours.doctor_user), DOCTOR, ours, theirs)

    assert wrong == []


def test_a_colleagues_things_and_absent_ones_are_the_same_404(ours: Everything) -> None:
    """The same organisation, another doctor: nothing of the first one is theirs."""
    colleague = make_user(name="Dr Carl Colleague")
    make_doctor(organisation=ours.clinic.organisation, user=colleague)

    wrong, _ = foreign_and_absent(Caller(colleague), DOCTOR, ours, ours)

    assert wrong == []


def test_sensitive_acts_ask_for_the_password_again(ours: Everything) -> None:
    def want(page: Page, method: str) -> tuple[int, str]:
        return (302, CONFIRM) if page.is_fresh else (expected(page, method), "")

    jane = Caller(ours.doctor_user, is_fresh=False)

    assert walk(jane, DOCTOR, ours, want) == []
