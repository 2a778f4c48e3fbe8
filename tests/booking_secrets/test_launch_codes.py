"""A launch code opens the booking page for one patient, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection
from pytest_django import DjangoAssertNumQueries, Settings

from booking_secrets import launch_codes, secrets, tokens
from booking_secrets.launch_codes import LaunchCodeRefused
from booking_secrets.models import BookingLaunchCode
from organisations.models import Organisation, Shop
from tests.factories import ADMIN, NOW, make_organisation, make_patient, make_shop

from .conftest import make_partner
from .minting import Partner


@pytest.fixture
def partner(db: None) -> Partner:
    """Not the standing one of the others: some tests of this module really commit."""
    return make_partner()


@pytest.fixture
def code(partner: Partner) -> str:
    return issue(partner)


def issue(partner: Partner) -> str:
    token = tokens.verify(partner.documented(), now=NOW)
    return launch_codes.issue(token, make_patient(shop=partner.shop), now=NOW)[0]


def refused(code: str, *, seconds_later: int = 0) -> str:
    with pytest.raises(LaunchCodeRefused) as refusal:
        launch_codes.exchange(code, now=NOW + timedelta(seconds=seconds_later))
    return refusal.value.reason


def test_a_code_names_patient_shop_and_secret_and_is_stored_hashed(
    partner: Partner, code: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        row = launch_codes.exchange(code, now=NOW)
        assert row.patient.shop_id == row.shop.pk == partner.shop.pk
        assert (row.secret, row.organisation) == (partner.secret, partner.shop.organisation)

    assert len(code) == 43
    assert code not in str(BookingLaunchCode.objects.values().get())
    assert BookingLaunchCode.objects.get().used_at == NOW


def test_a_code_works_once(code: str) -> None:
    launch_codes.exchange(code, now=NOW)

    assert refused(code) == "used"


def test_a_code_runs_out_at_its_last_second(code: str) -> None:
    assert refused(code, seconds_later=600) == "expired"
    launch_codes.exchange(code, now=NOW + timedelta(seconds=599))


def test_a_setting_moves_the_life_of_a_code(partner: Partner, settings: Settings) -> None:
    settings.LAUNCH_CODE_SECONDS = 60

    assert refused(issue(partner), seconds_later=60) == "expired"


@pytest.mark.parametrize("garbage", ["", "nobody's", "\0", "\ud800", "ä" * 43, "x" * 9000])
def test_an_unknown_code_is_refused(code: str, garbage: str) -> None:
    assert refused(garbage) == "unknown"
    assert refused(code.swapcase()) == "unknown"


def test_revoking_the_secret_ends_unopened_codes(partner: Partner, code: str) -> None:
    secrets.revoke(partner.secret, actor=ADMIN, now=NOW)

    assert refused(code) == "revoked"


@pytest.mark.parametrize("model", [Shop, Organisation])
def test_a_code_of_a_withdrawn_shop_or_organisation_is_refused(
    code: str, model: type[Shop] | type[Organisation]
) -> None:
    model._default_manager.update(is_active=False)

    assert refused(code) == "revoked"


@pytest.mark.django_db(transaction=True)
def test_of_parallel_exchanges_exactly_one_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop(organisation=make_organisation())
    secret, text = secrets.create(shop.organisation, name="Backend", actor=ADMIN, now=NOW)
    code = issue(Partner(secret, text, shop))
    callers = 6
    all_have_read_it_unused = Barrier(callers)
    check = launch_codes._reason_against

    def check_together(row: BookingLaunchCode, now: object) -> object:
        reason = check(row, NOW)
        all_have_read_it_unused.wait()
        return reason

    monkeypatch.setattr(launch_codes, "_reason_against", check_together)

    def call(_: int) -> str:
        try:
            launch_codes.exchange(code, now=NOW)
        except LaunchCodeRefused as refusal:
            return refusal.reason
        finally:
            connection.close()
        return "opened"

    with ThreadPoolExecutor(callers) as pool:
        outcomes = sorted(pool.map(call, range(callers)))

    assert outcomes == ["opened", *["used"] * 5]


def test_a_code_cannot_name_a_secret_of_another_organisation(partner: Partner, code: str) -> None:
    foreign, _ = secrets.create(make_organisation(name="Other"), name="X", actor=ADMIN, now=NOW)
    BookingLaunchCode.objects.update(secret=foreign)

    with pytest.raises(IntegrityError, match="secret_id_same_org"):
        connection.check_constraints()
