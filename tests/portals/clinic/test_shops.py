"""Settings, Shops: facts to look up, nothing to change."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking_secrets import secrets
from common.clock import utc_now
from organisations import api_keys
from organisations.models import Organisation, Patient, Shop
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from portals.clinic.shops import queries
from tests.factories import ADMIN, make_organisation, make_patient, make_shop

from .test_secrets import text_of

pytestmark = pytest.mark.django_db
LIST = "/admin/settings/shops/"
LIST_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 1
PAGE_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 4  # it, secrets, keys, subscriptions


@pytest.fixture
def shop(clinic: Organisation) -> Shop:
    Organisation.objects.filter(pk=clinic.pk).update(support_contact="help@rxscale.example")
    made = make_shop(organisation=clinic, identifier="northside.example")
    made.privacy_notice_url = "https://northside.example/privacy"
    made.imprint_url = "https://northside.example/imprint"
    made.save()
    return made


def url(shop: Shop) -> str:
    return reverse("clinic:shop", args=[shop.uid])


def test_the_list_and_the_page_say_what_is_configured(admin: Client, shop: Shop) -> None:
    for address in (LIST, url(shop)):
        page = text_of(admin.get(address))
        for said in ("northside.example", "Northside Shop", "hello@shop.example", "DE", "RxScale"):
            assert said in page
        assert "help@rxscale.example" in page
    for said in ("/privacy", "/imprint", "https://shop.example/account", shop.uid):
        assert said in page
    assert '<form class="form"' not in page


def test_a_partner_who_tells_patients_is_named(admin: Client, shop: Shop) -> None:
    assert "We mail patients when" in text_of(admin.get(url(shop)))
    Shop.objects.filter(pk=shop.pk).update(partner_tells_patients=True)
    assert "only what a reminder rule orders" in text_of(admin.get(url(shop)))
    assert "Your partner" in text_of(admin.get(LIST))


def test_patients_are_counted_up_to_a_bound(
    admin: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST", 2)
    erased = make_patient(shop=shop)
    Patient.objects.filter(pk=erased.pk).update(erased_at=utc_now())
    for expected in ("0", "1", "2", "2+", "2+"):
        cell = f'<td data-label="Patients" class="is-number">{expected} </td>'
        assert cell in text_of(admin.get(LIST))
        make_patient(shop=shop)


def test_what_is_bound_to_the_shop_is_listed(
    admin: Client, clinic: Organisation, shop: Shop
) -> None:
    other = make_shop(organisation=clinic)
    now = utc_now()
    for bound_to, name in ((shop, "Here"), (None, "Everywhere"), (other, "Elsewhere")):
        secrets.create(clinic, name=f"{name} secret", shop=bound_to, actor=ADMIN, now=now)
        api_keys.issue(
            clinic,
            name=f"{name} key",
            permissions=["patient:read"],
            shop=bound_to,
            actor=ADMIN,
            now=now,
        )
    gone, _ = secrets.create(clinic, name="Revoked secret", shop=shop, actor=ADMIN, now=now)
    secrets.revoke(gone, actor=ADMIN, now=now)
    page = text_of(admin.get(url(shop)))
    for said in ("Here secret", "Here key", "Everywhere secret", "Everywhere key"):
        assert said in page
    for unsaid in ("Elsewhere", "Revoked secret"):
        assert unsaid not in page


def test_the_pages_cost_the_same_whatever_there_is(
    admin: Client, clinic: Organisation, shop: Shop
) -> None:
    for _ in range(2):
        for address, expected in ((LIST, LIST_QUERIES), (url(shop), PAGE_QUERIES)):
            with CaptureQueriesContext(connection) as captured:
                admin.get(address)
            assert len(captured) == expected
        for _ in range(2):
            make_patient(shop=make_shop(organisation=clinic))
            secrets.create(clinic, name="Secret", shop=shop, actor=ADMIN, now=utc_now())


def test_pages_of_shops_leave_none_out(
    admin: Client, clinic: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(53):
        make_shop(organisation=clinic, identifier=f"shop-{number}.test")  # all of one name
    first = admin.get(LIST)
    after = admin.get(f"{LIST}{first.context['shops'].next_url}")
    shown = [*first.context["shops"].rows, *after.context["shops"].rows]
    assert len(shown) == len(set(shown)) == 53


def test_a_foreign_shop_and_an_absent_one_are_the_same_404(stranger: Client, shop: Shop) -> None:
    foreign = stranger.get(url(shop))
    absent = stranger.get(reverse("clinic:shop", args=["shop-" + "2" * 22]))
    assert (foreign.status_code, foreign.content) == (404, absent.content)
    assert shop.identifier not in text_of(stranger.get(LIST))


def test_operations_see_no_shops(operations: Client, shop: Shop) -> None:
    assert operations.get(LIST).status_code == operations.get(url(shop)).status_code == 403


def test_without_a_shop_the_list_says_who_sets_one_up(admin: Client) -> None:
    make_shop(organisation=make_organisation(name="Southside Clinic"))
    assert "No shop yet" in text_of(admin.get(LIST))
