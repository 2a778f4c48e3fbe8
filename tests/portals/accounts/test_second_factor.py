"""TOTP and recovery codes: encrypted for their user, asked for at sign-in, required where it is said."""

import base64
import time

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from common.crypto import DecryptionFailed
from organisations.models import Membership, Organisation, Role, User
from portals.accounts import second_factor
from rxscale import key_rotation
from tests.factories import make_doctor, make_member, make_organisation, make_user

from .people import PASSWORD, audited, code_of, give_second_factor, post, sign_in

pytestmark = pytest.mark.django_db

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def clinic() -> Organisation:
    return make_organisation()


@pytest.fixture
def ada(clinic: Organisation) -> User:
    return make_member(organisation=clinic).user


@pytest.fixture(autouse=True)
def in_the_middle_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes change every half minute; no test begins in one and ends in the next."""
    at = time.time() // 30 * 30 + 15
    monkeypatch.setattr(time, "time", lambda: at)


def _set_up(client: Client, user: User) -> str:
    """As a person does it: sign in, see the secret, type the first code. Returns the secret."""
    sign_in(client, user)
    page = client.get(reverse("mfa_activate_totp"))
    secret: str = page.context["form"].secret
    response = post(client, "mfa_activate_totp", code=code_of(secret))
    assert response["Location"] == reverse("mfa_view_recovery_codes")
    return secret


def _codes(client: Client) -> list[str]:
    codes: list[str] = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    return codes


def test_setting_it_up_needs_no_second_password_right_after_signing_in(
    client: Client, ada: User
) -> None:
    _set_up(client, ada)

    assert second_factor.SecondFactorAdapter().is_mfa_enabled(ada)


def test_the_picture_stands_in_the_page(client: Client, ada: User) -> None:
    sign_in(client, ada)

    page = client.get(reverse("mfa_activate_totp")).content.decode()

    assert "<svg" in page
    assert "data:image" not in page
    assert "<?xml" not in page


def test_a_wrong_first_code_switches_nothing_on_and_keeps_the_secret(
    client: Client, ada: User
) -> None:
    sign_in(client, ada)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret

    response = client.post(reverse("mfa_activate_totp"), {"code": "000000"})

    assert response.context["form"].secret == secret
    assert not Authenticator.objects.exists()


def test_neither_row_nor_session_holds_a_secret_in_clear(client: Client, ada: User) -> None:
    sign_in(client, ada)
    waiting = client.get(reverse("mfa_activate_totp")).context["form"].secret
    assert waiting not in str(dict(client.session.items()))

    post(client, "mfa_activate_totp", code=code_of(waiting))
    codes = _codes(client)

    rows = {row.type: row.data for row in Authenticator.objects.all()}
    assert set(rows) == {"totp", "recovery_codes"}
    assert waiting not in str(rows)
    assert not any(code in str(rows) for code in codes)
    assert second_factor.decrypt_text(rows["totp"]["secret"], ada.uid) == waiting


def test_a_secret_copied_into_another_users_row_does_not_decrypt(client: Client, ada: User) -> None:
    """An attacker who can write the table, but has no key, gives ada's row his own secret."""
    mallory = make_user(name="Mallory")
    secret = give_second_factor(mallory)
    give_second_factor(ada)
    stolen = Authenticator.objects.get(user=mallory).data
    Authenticator.objects.filter(user=ada).update(data=stolen)

    sign_in(client, ada)
    response = post(client, "mfa_authenticate", code=code_of(secret))

    assert "Incorrect code" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_texts_of_nobody_are_not_read() -> None:
    with pytest.raises(DecryptionFailed):
        second_factor.decrypt_text("not base64 at all", "usr-x")


def test_signing_in_asks_for_the_code(client: Client, ada: User, clinic: Organisation) -> None:
    secret = give_second_factor(ada)

    assert sign_in(client, ada)["Location"] == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session
    assert audited(clinic) == []

    assert post(client, "mfa_authenticate", code=code_of(secret))["Location"] == "/admin/"
    assert audited(clinic) == [("account.signed_in", "")]


@pytest.mark.parametrize(("steps", "is_accepted"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_telephones_may_be_half_a_minute_off(
    client: Client, ada: User, steps: int, is_accepted: bool
) -> None:
    secret = give_second_factor(ada)
    sign_in(client, ada)

    post(client, "mfa_authenticate", code=code_of(secret, steps=steps))

    assert ("_auth_user_id" in client.session) is is_accepted


def test_a_code_works_once_for_as_long_as_it_is_valid(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code of the next step is good for a minute and a half; allauth forgets it after half a minute."""
    code = code_of(give_second_factor(ada), steps=1)
    began = time.time()

    assert _with_code(ada, code).status_code == 302
    monkeypatch.setattr(time, "time", lambda: began + 45)
    assert "Incorrect code" in _with_code(ada, code).content.decode()


def _with_code(user: User, code: str) -> HttpResponse:
    client = Client()
    sign_in(client, user)
    return post(client, "mfa_authenticate", code=code)


def test_a_wrong_code_is_audited(client: Client, ada: User, clinic: Organisation) -> None:
    give_second_factor(ada)
    sign_in(client, ada)

    post(client, "mfa_authenticate", code="000000")

    assert audited(clinic) == [("account.sign_in_failed", "code")]


def test_codes_cannot_be_guessed_through(client: Client, ada: User) -> None:
    secret = give_second_factor(ada)
    sign_in(client, ada)
    for _ in range(5):
        post(client, "mfa_authenticate", code="000000")

    response = post(client, "mfa_authenticate", code=code_of(secret))

    assert "Too many failed" in response.content.decode()


def test_a_recovery_code_works_once(client: Client, ada: User) -> None:
    _set_up(client, ada)
    code = _codes(client)[3]
    post(client, "account_logout")

    assert _with_code(ada, code).status_code == 302
    assert "Incorrect code" in _with_code(ada, code).content.decode()


def test_recovery_codes_are_handed_out_as_a_file(client: Client, ada: User) -> None:
    _set_up(client, ada)

    response = client.get(reverse("mfa_download_recovery_codes"))

    assert response["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    assert response["Cache-Control"] == "no-store"
    assert all(code in response.content.decode() for code in _codes(client))


def test_new_recovery_codes_end_the_old_ones(client: Client, ada: User) -> None:
    _set_up(client, ada)
    old = _codes(client)

    post(client, "mfa_generate_recovery_codes")

    assert not set(old) & set(_codes(client))


def test_switching_it_off_takes_the_recovery_codes_along(client: Client, ada: User) -> None:
    _set_up(client, ada)

    assert post(client, "mfa_deactivate_totp")["Location"] == reverse("mfa_index")
    assert not Authenticator.objects.exists()


class TestWhereItIsRequired:
    @pytest.fixture(autouse=True)
    def required(self, settings: Settings) -> None:
        settings.MFA_REQUIRED_FOR_ADMINS = True

    @pytest.mark.parametrize("path", ["/admin/", "/admin/team/", "/staff/"])
    def test_an_admin_without_sets_it_up_before_anything_else(
        self, client: Client, ada: User, path: str
    ) -> None:
        sign_in(client, ada)

        assert client.get(path)["Location"] == reverse("mfa_activate_totp")
        assert client.get(reverse("mfa_activate_totp")).status_code == 200

    def test_htmx_is_led_there_as_well(self, client: Client, ada: User) -> None:
        sign_in(client, ada)

        response = client.get("/admin/", HTTP_HX_REQUEST="true")

        assert response["HX-Redirect"] == reverse("mfa_activate_totp")

    def test_once_it_is_set_up_the_portal_opens(self, client: Client, ada: User) -> None:
        _set_up(client, ada)

        assert not second_factor.is_due(ada)
        assert client.get("/admin/team/").status_code == 200

    def test_a_recovery_code_alone_is_no_second_factor(self, ada: User) -> None:
        Authenticator.objects.create(user=ada, type="recovery_codes", data={"used_mask": 0})

        assert second_factor.is_due(ada)

    def test_an_admin_may_not_switch_it_off(self, client: Client, ada: User) -> None:
        _set_up(client, ada)

        response = post(client, "mfa_deactivate_totp")

        assert "you need a second factor" in response.content.decode()
        assert Authenticator.objects.filter(type="totp").exists()

    def test_operations_and_doctors_may_do_without(self, clinic: Organisation) -> None:
        member = make_member(organisation=clinic, role=Role.OPERATIONS)
        doctor = make_doctor(organisation=clinic, user=make_user())

        assert doctor.user is not None
        assert not second_factor.is_due(member.user)
        assert not second_factor.is_due(doctor.user)

    def test_the_rxscale_team_needs_it(self) -> None:
        sam = User.objects.create_superuser("sam@rxscale.example", PASSWORD)

        assert second_factor.is_due(sam)

    def test_who_becomes_an_admin_needs_it_with_the_next_request(
        self, client: Client, clinic: Organisation
    ) -> None:
        member = make_member(organisation=clinic, role=Role.OPERATIONS)
        client.force_login(member.user)
        Membership.objects.filter(pk=member.pk).update(role=Role.ADMIN)

        assert client.get("/admin/team/")["Location"] == reverse("mfa_activate_totp")


class TestKeyRotation:
    def test_codes_go_on_working_under_the_new_key_alone(
        self, client: Client, ada: User, settings: Settings
    ) -> None:
        settings.ENCRYPTION_KEYS = [OLD]
        secret = _set_up(client, ada)
        recovery = _codes(client)[0]
        settings.ENCRYPTION_KEYS = [NEW, OLD]

        outcome = key_rotation.rotate_second_factors(batch_size=1)

        assert (outcome.re_encrypted, outcome.already_current, outcome.unreadable) == (2, 0, [])
        settings.ENCRYPTION_KEYS = [NEW]
        assert _with_code(ada, code_of(secret, steps=1)).status_code == 302
        assert _with_code(ada, recovery).status_code == 302

    def test_a_second_run_writes_nothing(self, ada: User) -> None:
        give_second_factor(ada)

        outcome = key_rotation.rotate_second_factors(batch_size=10)

        assert (outcome.re_encrypted, outcome.already_current) == (0, 1)

    def test_what_nobody_can_read_is_named_by_its_user(self, ada: User) -> None:
        Authenticator.objects.create(user=ada, type="totp", data={"secret": "in clear"})

        outcome = key_rotation.rotate_second_factors(batch_size=10)

        assert outcome.unreadable == [ada.uid]
