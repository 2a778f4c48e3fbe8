"""Settings, Booking secrets: created, revealed, revoked; each token's fate follows at the API."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.status import Status
from booking_secrets import refusal_counts, secrets, tokens
from booking_secrets.models import BookingLaunchCode, BookingSecret
from booking_secrets.tokens import BookingToken
from common.clock import utc_now
from organisations.models import AuditEntry, Organisation, Shop
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from portals.clinic.secrets.minters import VARIABLE, minters
from tests.api.world import BASE, TOKEN_HEADER, mint
from tests.factories import (
    ADMIN,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
)
from tests.portals.clinic.front_desk import prove_again

from .conftest import SignedIn, an_admin

pytestmark = pytest.mark.django_db
NODE = shutil.which("node")
LIST = "/admin/settings/booking-secrets/"
NEW = f"{LIST}new/"
FRAME = ACCESS_QUERIES + LAYOUT_QUERIES
LIST_QUERIES = FRAME + 2  # the page of them; the active ones
PAGE_QUERIES = FRAME + 3  # it; the active ones; a shop for the code


@dataclass(frozen=True)
class Backend:
    """A partner's backend with a secret of the clinic."""

    secret: BookingSecret
    text: str
    shop: Shop

    def token(self, **claims: object) -> str:
        named = {"shop_identifier": self.shop.identifier, "shop_customer_id": "customer-1"}
        return mint(self.secret.key_id, self.text, **{**named, **claims})

    def call(self, **claims: object) -> int:
        """The API's answer to a call with a fresh token."""
        headers = {TOKEN_HEADER: self.token(**claims)}
        return Client().get(f"{BASE}/appointments", headers=headers).status_code

    def url(self, name: str = "secret") -> str:
        return reverse(f"clinic:{name}", args=[self.secret.key_id])


@pytest.fixture
def own_admin(db: None) -> SignedIn:
    """Not the standing one of the others: refusals are counted in Redis, by the organisation."""
    return an_admin()


@pytest.fixture
def backend(clinic: Organisation) -> Backend:
    return make_backend(clinic, make_shop(organisation=clinic))


@pytest.fixture
def ada(admin: Client) -> Client:
    """The admin, who has just typed the password."""
    prove_again(admin)
    return admin


def make_backend(
    clinic: Organisation, shop: Shop, *, name: str = "Shop backend", is_bound: bool = False
) -> Backend:
    bound = shop if is_bound else None
    secret, text = secrets.create(clinic, name=name, shop=bound, actor=ADMIN, now=utc_now())
    return Backend(secret, text, shop)


def text_of(answer: object) -> str:
    assert isinstance(answer, HttpResponse)
    return " ".join(unescape(answer.content.decode()).split())


def actions(clinic: Organisation) -> list[str]:
    rows = AuditEntry.objects.of(clinic).filter(action__startswith="booking_secret.")
    return list(rows.order_by("id").values_list("action", flat=True))


def test_the_list_says_everything_but_the_secret(admin: Client, backend: Backend) -> None:
    assert backend.call() == 200
    page = text_of(admin.get(LIST))
    for said in ("Shop backend", backend.secret.key_id, "Every shop", ADMIN.label, "Active"):
        assert said in page
    assert "no token yet" not in page
    assert backend.text not in page


def test_the_list_costs_the_same_whatever_its_length(
    admin: Client, clinic: Organisation, backend: Backend
) -> None:
    for more in (0, 2):
        for number in range(more):
            make_backend(clinic, backend.shop, name=f"More {number}")
        with CaptureQueriesContext(connection) as queries:
            page = text_of(admin.get(LIST))
        assert page.count('aria-label="Copy the key_id"') == 1 + more
        assert len(queries) == LIST_QUERIES


def test_a_secrets_page_costs_the_same_with_others_beside_it(
    admin: Client, clinic: Organisation, backend: Backend
) -> None:
    for more in (0, 2):
        for number in range(more):
            make_backend(clinic, backend.shop, name=f"More {number}")
        with CaptureQueriesContext(connection) as queries:
            admin.get(backend.url())
        assert len(queries) == PAGE_QUERIES


def test_an_empty_list_says_what_to_do(admin: Client) -> None:
    page = text_of(admin.get(LIST))
    assert "No booking secret yet" in page
    assert f'href="{NEW}"' in page


def test_a_secret_is_created_shown_with_its_minter_and_accepted(
    admin: Client, clinic: Organisation
) -> None:
    shop = make_shop(organisation=clinic)
    answer = admin.post(NEW, {"name": " Shopify  backend ", "shop": shop.uid})
    secret = BookingSecret.objects.get()
    text = secrets.text_of(secret)
    assert (secret.name, secret.shop, secret.created_by) == ("Shopify backend", shop, "Ada Admin")
    assert answer["Cache-Control"] == "no-store"
    page = text_of(answer)
    assert f'data-copy="{text}"' in page
    assert f'KEY_ID = "{secret.key_id}"' in page
    assert shop.identifier in page
    assert Backend(secret, text, shop).call() == 200
    assert actions(clinic) == ["booking_secret.created"]


def test_a_secret_needs_a_name_and_a_shop_of_ones_own(admin: Client, clinic: Organisation) -> None:
    theirs = make_shop(organisation=make_organisation(name="Southside Clinic"))
    for typed in ({"name": "  "}, {"name": "x" * 201}, {"name": "Backend", "shop": theirs.uid}):
        answer = admin.post(NEW, typed)
        assert answer.status_code == 422
        assert "field-error" in text_of(answer)
    assert not BookingSecret.objects.of(clinic).exists()


def test_revealing_asks_for_the_password_when_the_login_is_not_fresh(
    admin: Client, clinic: Organisation, backend: Backend
) -> None:
    answer = admin.post(backend.url("secret-reveal"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/confirm/?next=")
    assert actions(clinic) == ["booking_secret.created"]


def test_revealing_shows_the_secret_and_is_in_the_audit_log(
    ada: Client, clinic: Organisation, backend: Backend
) -> None:
    assert backend.text not in text_of(ada.get(backend.url()))
    answer = ada.post(backend.url("secret-reveal"))
    assert f'data-copy="{backend.text}"' in text_of(answer)
    assert actions(clinic)[-1] == "booking_secret.revealed"
    assert backend.text not in text_of(ada.get("/admin/settings/audit-log/"))
    assert backend.text not in text_of(ada.get(backend.url()))


def test_looking_at_the_address_of_a_reveal_reveals_nothing(ada: Client, backend: Backend) -> None:
    assert ada.get(backend.url("secret-reveal")).status_code == 405


def test_nothing_is_shown_that_could_not_be_audited(
    ada: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("booking_secrets.secrets.audit.record", away)
    ada.raise_request_exception = False
    answer = ada.post(backend.url("secret-reveal"))
    assert answer.status_code == 500
    assert backend.text not in text_of(answer)


def test_a_revoked_secret_is_not_revealed(ada: Client, backend: Backend) -> None:
    secrets.revoke(backend.secret, actor=ADMIN, now=utc_now())
    answer = ada.post(backend.url("secret-reveal"), follow=True)
    assert "This secret is revoked" in text_of(answer)
    assert backend.text not in text_of(answer)


def test_after_revoking_the_next_call_is_refused(
    admin: Client, clinic: Organisation, backend: Backend
) -> None:
    make_backend(clinic, backend.shop, name="Another")
    assert backend.call() == 200
    answer = admin.post(backend.url("secret-revoke"), follow=True)
    assert "Tokens signed with it are refused" in text_of(answer)
    assert backend.call() == 401
    assert actions(clinic)[-1] == "booking_secret.revoked"
    assert "Shop backend" in text_of(admin.get(f"{LIST}?state=revoked"))


def test_the_only_active_secret_asks_for_its_name(admin: Client, backend: Backend) -> None:
    form = text_of(admin.get(backend.url("secret-revoke")))
    assert "This is the only active secret" in form
    for typed in ({}, {"name": "Something else"}):
        assert admin.post(backend.url("secret-revoke"), typed).status_code == 422
    assert backend.call() == 200
    assert admin.post(backend.url("secret-revoke"), {"name": "Shop backend"}).status_code == 302
    assert backend.call() == 401


def test_a_secret_of_another_shop_is_no_substitute(
    admin: Client, clinic: Organisation, backend: Backend
) -> None:
    make_backend(clinic, make_shop(organisation=clinic), name="Other shop", is_bound=True)
    assert "This is the only active secret" in text_of(admin.get(backend.url("secret-revoke")))
    bound = make_backend(clinic, backend.shop, name="Bound", is_bound=True)
    assert "only active secret" not in text_of(admin.get(bound.url("secret-revoke")))


def test_revoking_twice_says_so_and_is_audited_once(
    admin: Client, clinic: Organisation, backend: Backend
) -> None:
    for _ in range(2):
        answer = admin.post(backend.url("secret-revoke"), {"name": "Shop backend"}, follow=True)
    assert "revoked already" in text_of(answer)
    assert actions(clinic).count("booking_secret.revoked") == 1


def test_revoking_says_who_is_booking_right_now(
    admin: Client, clinic: Organisation, backend: Backend
) -> None:
    now = utc_now()
    calm = text_of(admin.get(backend.url("secret-revoke")))
    assert "None was ever accepted" in calm
    assert "Nobody holds a time right now" in calm
    token = tokens.verify(backend.token(), now=now)
    patient = make_patient(shop=backend.shop)
    just_now, long_ago = now - timedelta(minutes=2), now - timedelta(minutes=40)
    lives_and_uses = [(5, None), (6, None), (-1, None), (1, just_now), (1, long_ago)]
    codes = [
        BookingLaunchCode(
            organisation=clinic,
            shop=token.shop,
            patient=patient,
            secret=token.secret,
            digest=str(number),
            created_at=now - timedelta(minutes=50),
            expires_at=now + timedelta(minutes=lives),
            used_at=used_at,
        )
        for number, (lives, used_at) in enumerate(lives_and_uses)
    ]
    BookingLaunchCode.objects.bulk_create(codes)
    doctor = make_doctor(organisation=clinic)
    kind = make_type(organisation=clinic, doctors=[doctor])
    make_appointment(
        patient=patient,
        doctor=doctor,
        appointment_type=kind,
        starts_at=now + timedelta(days=1),
        status=Status.HELD,
        hold_expires_at=now + timedelta(minutes=9),
        now=now,
    )
    page = text_of(admin.get(backend.url("secret-revoke")))
    assert "The last accepted one would be valid until" in page
    assert "2 booking links that are not opened yet stop working" in page
    assert "1 booking page opened in the last 30 minutes ends" in page
    assert "1 patient of your shops holds a time and is booking right now" in page


def test_refusals_are_shown_by_reason_and_secret(admin: Client, backend: Backend) -> None:
    assert "No token was refused" in text_of(admin.get(LIST))
    for _ in range(3):
        assert backend.call(aud="somebody-else") == 401
    assert backend.call(exp=1) == 401
    page = text_of(admin.get(LIST))
    assert page.index("Made for somebody else") < page.index("Expired")
    assert '<td data-label="Refused" class="is-number">3</td>' in page


def test_without_redis_the_list_says_that_the_counts_are_away(
    admin: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusal_counts, "read", lambda *_, **__: None)
    page = text_of(admin.get(LIST))
    assert "The counts are not at hand" in page
    assert "Shop backend" in page


def test_a_foreign_secret_and_an_absent_one_are_the_same_404(
    stranger: Client, backend: Backend
) -> None:
    prove_again(stranger)
    for name in ("secret", "secret-reveal", "secret-revoke"):
        absent = reverse(f"clinic:{name}", args=["bsk-" + "2" * 22])
        for ask in (stranger.get, stranger.post):
            foreign = ask(backend.url(name))
            assert foreign.status_code in (404, 405)
            assert foreign.content == ask(absent).content
    assert backend.call() == 200


def test_operations_see_no_settings(operations: Client, backend: Backend) -> None:
    for address in (LIST, NEW, backend.url(), backend.url("secret-revoke")):
        answer = operations.get(address)
        assert answer.status_code == 403
        assert backend.secret.key_id not in text_of(answer)


JSONWEBTOKEN = """
const { createHmac } = require("crypto");
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
exports.sign = (payload, secret, { algorithm, keyid }) => {
  const signed = `${part({ alg: algorithm, typ: "JWT", kid: keyid })}.${part(payload)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
};
"""


def minted(backend: Backend, program: str, script: Path) -> BookingToken:
    """What `verify` makes of the token the script prints."""
    ran = subprocess.run(  # our own code in a folder of this test
        [program, script], env={VARIABLE: backend.text}, capture_output=True, text=True, check=True
    )
    return tokens.verify(ran.stdout.strip(), now=utc_now())


def test_the_python_minter_signs_what_we_accept(backend: Backend, tmp_path: Path) -> None:
    code = minters(backend.secret.key_id, backend.shop.identifier)[0].text
    script = tmp_path / "minter.py"
    script.write_text(f"{code}\nprint(booking_token('customer-1', {{'first_name': 'Paula'}}))\n")
    token = minted(backend, sys.executable, script)
    assert token.profile_fields == (("first_name", "Paula"),)
    assert token.expires_at - utc_now() < timedelta(seconds=301)


@pytest.mark.skipif(NODE is None, reason="there is no Node.js on this machine")
def test_the_node_minter_signs_what_we_accept(backend: Backend, tmp_path: Path) -> None:
    library = tmp_path / "node_modules" / "jsonwebtoken"
    library.mkdir(parents=True)
    (library / "index.js").write_text(JSONWEBTOKEN)
    code = minters(backend.secret.key_id, backend.shop.identifier)[1].text
    script = tmp_path / "minter.js"
    script.write_text(
        f'{code}\nconsole.log(bookingToken("customer-1", {{ first_name: "Paula" }}));\n'
    )
    token = minted(backend, str(NODE), script)
    assert (token.shop, token.profile_fields) == (backend.shop, (("first_name", "Paula"),))
