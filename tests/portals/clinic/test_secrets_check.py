"""Check a token: what is wrong with it in words, and no trace of it anywhere."""

import pytest
from django.test import Client
from django.urls import reverse

from booking_secrets import refusal_counts, secrets
from booking_secrets.models import BookingSecret
from common.clock import utc_now
from organisations.models import AuditEntry, Organisation, Patient
from portals.clinic.secrets.refusal_words import words_for
from tests.factories import ADMIN, make_shop

from .test_secrets import Backend, make_backend, text_of

pytestmark = pytest.mark.django_db
CHECK = "/admin/settings/booking-secrets/check-a-token/"


@pytest.fixture
def backend(clinic: Organisation) -> Backend:
    return make_backend(clinic, make_shop(organisation=clinic))


def verdict(client: Client, token: str, status: int = 200) -> str:
    answer = client.post(CHECK, {"token": token})
    assert answer.status_code == status
    return text_of(answer)


def test_a_good_token_is_read_out(admin: Client, backend: Backend) -> None:
    fields = [{"field": "first_name", "value": "Canary", "source": "shop"}]
    page = verdict(admin, backend.token(patient_profile_fields=fields))
    for said in (
        "This token is good",
        "Shop backend",
        backend.shop.name,
        "customer-1",
        "first_name",
    ):
        assert said in page
    assert "Canary" not in page


@pytest.mark.parametrize(
    ("claims", "title", "description"),
    [
        ({"aud": "else"}, "Made for somebody else", "aud: expected the string rxscale-scheduling."),
        ({"exp": 1}, "Expired", "missed by"),
        ({"exp": 1e9}, "The lifetime is too long", "not milliseconds"),
        ({"nbf": 4_000_000_000}, "Not valid yet", "missed by"),
        ({"shop_identifier": "else.example"}, "No shop of yours", "shop_identifier: expected"),
        ({"shop_customer_id": None}, "The customer number", "shop_customer_id: expected"),
        ({"patient_profile_fields": {}}, "The profile fields are malformed", "expected an array"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    admin: Client, backend: Backend, claims: dict[str, object], title: str, description: str
) -> None:
    page = verdict(admin, backend.token(**claims))
    assert title in page
    assert description in page
    assert "Shop backend" in page


def test_a_wrong_key_and_a_copied_half_are_told_apart(admin: Client, backend: Backend) -> None:
    wrong = Backend(backend.secret, "another-text-of-sufficient-length-for-HS256", backend.shop)
    assert "The signature does not hold" in verdict(admin, wrong.token())
    assert "Not a token in the expected form" in verdict(admin, backend.token()[:40])


def test_a_revoked_secret_is_named(admin: Client, backend: Backend) -> None:
    secrets.revoke(backend.secret, actor=ADMIN, now=utc_now())
    page = verdict(admin, backend.token())
    assert "unknown or revoked" in page
    assert "Shop backend</a>, revoked" in page


def test_another_clinics_token_reads_as_unknown(stranger: Client, backend: Backend) -> None:
    unknown = Backend(BookingSecret(key_id="bsk-nobody"), backend.text, backend.shop)
    foreign_page, absent_page = (
        verdict(stranger, one.token()).partition("</main>")[0].partition("<main")[2]
        for one in (backend, unknown)
    )
    assert "none of yours" in foreign_page
    assert "Shop backend" not in foreign_page
    assert _without_csrf(foreign_page) == _without_csrf(absent_page)


def test_spaces_and_line_ends_of_copying_do_not_matter(admin: Client, backend: Backend) -> None:
    token = backend.token()
    assert "This token is good" in verdict(admin, f" {token[:50]}\r\n{token[50:]} ")


def test_a_look_leaves_no_trace(
    admin: Client, clinic: Organisation, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    before = AuditEntry.objects.count()
    good, bad = backend.token(), backend.token(aud="else")
    for token in (good, bad):
        assert token not in verdict(admin, token)
    secret = BookingSecret.objects.get()
    assert (secret.last_used_at, secret.last_token_expires_at) == (None, None)
    assert refusal_counts.read(clinic.uid, now=utc_now()) == []
    assert not Patient.objects.exists()
    assert AuditEntry.objects.count() == before
    assert good not in caplog.text


def test_an_empty_field_and_a_novel_are_refused_kindly(admin: Client) -> None:
    assert "field-error" in verdict(admin, "  ", status=422)
    assert "field-error" in verdict(admin, "a" * 20_001, status=422)
    assert "at most 8192 characters" in verdict(admin, "a" * 9_000)


def test_htmx_gets_the_verdict_alone(admin: Client, backend: Backend) -> None:
    answer = admin.post(CHECK, {"token": backend.token()}, headers={"HX-Request": "true"})
    page = text_of(answer)
    assert "This token is good" in page
    assert "<html" not in page


def test_an_unlisted_reason_has_words_too() -> None:
    assert words_for("invalid_claims/something_new").title == "Malformed"


def test_the_page_is_linked_from_the_list(admin: Client) -> None:
    assert f'href="{CHECK}"' in text_of(admin.get(reverse("clinic:secrets")))


def _without_csrf(page: str) -> str:
    head, _, rest = page.partition('name="csrfmiddlewaretoken" value="')
    return head + rest.partition('"')[2]
