"""Settings, API keys: created with permissions, shown once, revoked at once."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.clock import utc_now
from organisations import api_keys
from organisations.models import ApiKey, AuditEntry, Organisation, Permission
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.keys.forms import WHAT_IT_ALLOWS
from portals.clinic.layout import LAYOUT_QUERIES
from tests.api.world import KEY_HEADER
from tests.factories import ADMIN, make_organisation, make_shop

from .test_secrets import text_of

pytestmark = pytest.mark.django_db
LIST = "/admin/settings/api-keys/"
NEW = f"{LIST}new/"
LIST_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 1
READ = Permission.SCHEDULING_READ


def make_key(clinic: Organisation, name: str = "Data warehouse") -> tuple[ApiKey, str]:
    return api_keys.issue(clinic, name=name, permissions=[READ], actor=ADMIN, now=utc_now())


def is_accepted(text: str) -> bool:
    """Whether the API knows the key, whatever it then says about the call."""
    answer = Client().get("/v1/scheduling/appointments", headers={KEY_HEADER: text})
    assert answer.status_code in (400, 401, 403)
    return answer.status_code != 401


def revoke_url(key: ApiKey) -> str:
    return reverse("clinic:key-revoke", args=[key.uid])


def test_the_list_says_everything_but_the_key(admin: Client, clinic: Organisation) -> None:
    key, text = make_key(clinic)
    page = text_of(admin.get(LIST))
    for said in (key.name, f"{key.prefix}…", "scheduling:read", "Every shop", ADMIN.label, "never"):
        assert said in page
    assert text not in page
    assert key.digest not in page


def test_the_list_costs_the_same_whatever_its_length(admin: Client, clinic: Organisation) -> None:
    for more in (1, 2):
        for number in range(more):
            make_key(clinic, f"Key {number}")
        with CaptureQueriesContext(connection) as queries:
            page = text_of(admin.get(LIST))
        assert len(queries) == LIST_QUERIES
    assert page.count("Revoke …") == 3


def test_an_empty_list_says_what_to_do(admin: Client) -> None:
    assert "No API key yet" in text_of(admin.get(LIST))
    assert "Nothing has been revoked" in text_of(admin.get(f"{LIST}?state=revoked"))


def test_a_key_is_shown_once_with_a_call_to_try(admin: Client, clinic: Organisation) -> None:
    shop = make_shop(organisation=clinic)
    typed = {"name": "Importer", "permissions": [READ, "patient:write"], "shop": shop.uid}
    answer = admin.post(NEW, typed)
    page = text_of(answer)
    found = re.search(r'data-copy="(rxs_[^"]+)"', page)
    assert found
    key = ApiKey.objects.get()
    assert (key.name, key.permissions, key.shop) == (
        "Importer",
        ["patient:write", "scheduling:read"],
        shop,
    )
    assert answer["Cache-Control"] == "no-store"
    assert is_accepted(found[1])
    sample = re.search(r'"X-API-Key: \$RXSCALE_API_KEY" "http://[^/]+([^"]+)"', page)
    assert sample
    assert Client().get(sample[1], headers={KEY_HEADER: found[1]}).status_code == 200
    assert found[1] not in text_of(admin.get(LIST))
    assert found[1] not in text_of(admin.get("/admin/settings/audit-log/"))
    entry = AuditEntry.objects.get(action="api_key.created")
    assert (entry.actor_label, entry.object_uid) == ("Ada Admin", key.uid)


def test_every_permission_is_explained(admin: Client) -> None:
    page = text_of(admin.get(NEW))
    for permission in Permission:
        assert f"<code>{permission}</code> {WHAT_IT_ALLOWS[permission]}" in page


def test_a_key_needs_a_name_a_permission_and_a_shop_of_ones_own(admin: Client) -> None:
    theirs = make_shop(organisation=make_organisation(name="Southside Clinic"))
    good: dict[str, object] = {"name": "Importer", "permissions": [READ]}
    wrongs: list[dict[str, object]] = [
        {"name": " "},
        {"permissions": []},
        {"permissions": ["all"]},
        {"shop": theirs.uid},
    ]
    for wrong in wrongs:
        answer = admin.post(NEW, {**good, **wrong})
        assert answer.status_code == 422
        assert "field-error" in text_of(answer)
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_refused_with_the_next_call(admin: Client, clinic: Organisation) -> None:
    key, text = make_key(clinic)
    assert is_accepted(text)
    asked = text_of(admin.get(revoke_url(key)))
    assert "What uses it stops working" in asked
    assert is_accepted(text)
    for said in ("Calls with this key are refused", "This key is revoked already"):
        assert said in text_of(admin.post(revoke_url(key), follow=True))
    assert not is_accepted(text)
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1
    assert "Data warehouse" not in text_of(admin.get(LIST))
    assert "Data warehouse" in text_of(admin.get(f"{LIST}?state=revoked"))


def test_a_foreign_key_and_an_absent_one_are_the_same_404(
    stranger: Client, clinic: Organisation
) -> None:
    key, text = make_key(clinic)
    absent = reverse("clinic:key-revoke", args=["key-" + "2" * 22])
    for ask in (stranger.get, stranger.post):
        foreign = ask(revoke_url(key))
        assert foreign.status_code == 404
        assert foreign.content == ask(absent).content
    assert is_accepted(text)


def test_operations_see_no_keys(operations: Client, clinic: Organisation) -> None:
    key, _ = make_key(clinic)
    for address in (LIST, NEW, revoke_url(key)):
        assert operations.get(address).status_code == 403
    assert operations.post(revoke_url(key)).status_code == 403
    key.refresh_from_db()
    assert key.revoked_at is None
