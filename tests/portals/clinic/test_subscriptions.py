"""Notification subscriptions at a browser: subscribe, look, secret, disable, enable, delete; who may."""

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from common.clock import utc_now
from notifications import outbox, signing, subscriptions
from notifications.models import Delivery, EventType, NotificationSubscription
from organisations.models import AuditEntry, Membership, Organisation
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from portals.clinic.subscriptions.snippets import NODE, PYTHON
from tests import factories
from tests.factories import ADMIN
from tests.notifications.world import make_event, subscribe
from tests.portals.accounts import people

pytestmark = pytest.mark.django_db
LIST = "/admin/settings/notification-subscriptions/"
NEW = f"{LIST}new/"
FRAME = ACCESS_QUERIES + LAYOUT_QUERIES
TARGET = "https://partner.example/hook"
TYPED = {"notification_type": "PATIENT_DOCTOR_MEETING_UPDATED", "target": TARGET}


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings: Settings) -> None:
    settings.ALLOW_LOOPBACK_WEBHOOKS = True


@pytest.fixture
def fresh(admin_member: Membership) -> Client:
    """The admin, who has just typed the password."""
    client = Client()
    people.sign_in(client, admin_member.user)
    return client


@pytest.fixture
def subscription(clinic: Organisation) -> NotificationSubscription:
    return subscribe(clinic, TARGET, headers={"X-Gateway": "gateway-value"})[0]


def url(name: str, subscription: NotificationSubscription, *rest: str) -> str:
    return reverse(f"clinic:subscription{name}", args=[subscription.uid, *rest])


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def actions(organisation: Organisation) -> list[str]:
    return list(AuditEntry.objects.of(organisation).order_by("id").values_list("action", flat=True))


def test_the_list_says_everything_but_values(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    failing, _ = subscribe(clinic, "https://failing.example/hook", include_contact=True)
    NotificationSubscription.objects.filter(pk=failing.pk).update(failing_since=utc_now())
    gone, _ = subscribe(clinic, "https://gone.example/hook")
    NotificationSubscription.objects.filter(pk=gone.pk).update(
        disabled_at=utc_now(), disabled_reason="The endpoint answered 410 Gone."
    )
    deleted, _ = subscribe(clinic, "https://deleted.example/hook")
    subscriptions.delete(deleted, actor=ADMIN, now=utc_now())

    text = text_of(admin, LIST)

    rows = re.findall(r"<tr>.*?</tr>", text, re.DOTALL)[1:]
    assert len(rows) == 3
    by_target = {re.findall(r"https://(\w+)\.", row)[0]: row for row in rows}
    assert ">Active<" in by_target["partner"]
    assert "<code>X-Gateway</code>" in by_target["partner"]
    assert "none yet" in by_target["partner"]
    assert "Every shop" in by_target["partner"]
    assert "stays here" in by_target["partner"]
    assert "gateway-value" not in text
    assert ">Failing<" in by_target["failing"]
    assert "goes along" in by_target["failing"]
    assert ">Disabled<" in by_target["gone"]
    assert "410 Gone" in by_target["gone"]


def test_an_empty_list_says_what_to_subscribe(admin: Client) -> None:
    assert "when a reminder is due" in text_of(admin, LIST)


def test_subscribing_stores_what_was_typed_and_shows_the_secret(
    admin: Client, clinic: Organisation
) -> None:
    shop = factories.make_shop(organisation=clinic)
    typed = {
        "notification_type": "APPOINTMENT_REMINDER_DUE",
        "target": TARGET,
        "shop": shop.uid,
        "include_contact": "no",
        "contact_email": "it@partner.example",
        "header_name_0": "X-Gateway",
        "header_value_0": "gateway-value",
        "header_name_1": "",
        "header_value_1": "",
    }

    answer = admin.post(NEW, typed)

    made = NotificationSubscription.objects.get()
    assert made.notification_type == EventType.REMINDER_DUE
    assert (made.target, made.shop, made.include_contact) == (TARGET, shop, False)
    assert made.contact_email == "it@partner.example"
    assert signing.custom_headers(made) == {"X-Gateway": "gateway-value"}
    text = answer.content.decode()
    assert f'data-copy="{signing.unseal(made, "signing_secret_ciphertext")}"' in text.replace(
        "&#x27;", "'"
    ).replace("&#x3D;", "=")
    assert "def is_from_rxscale" in text
    assert "createHmac" in text
    assert answer.headers["Cache-Control"] == "no-store"
    assert actions(clinic) == ["notification_subscription.created"]


@pytest.mark.parametrize(
    ("event", "choice", "goes_along"),
    [
        ("APPOINTMENT_REMINDER_DUE", "", True),
        ("PATIENT_DOCTOR_MEETING_UPDATED", "", False),
        ("PATIENT_DOCTOR_MEETING_UPDATED", "yes", True),
    ],
)
def test_patient_data_goes_along_as_usual_for_the_event_or_as_chosen(
    admin: Client, event: str, choice: str, goes_along: bool
) -> None:
    admin.post(NEW, {**TYPED, "notification_type": event, "include_contact": choice})

    assert NotificationSubscription.objects.get().include_contact is goes_along


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"target": "ftp://partner.example"}, "target", "Use an https:// address."),
        ({"target": "https://169.254.169.254/"}, "target", "does not lead to a public host"),
        ({"target": "https://a:b@partner.example/"}, "target", "user name or password"),
        ({"target": "https://partner.example/\0"}, "target", "Null characters"),
        ({"notification_type": "EVERYTHING"}, "notification_type", "Select a valid choice"),
        ({"contact_email": "nobody"}, "contact_email", "valid email"),
        ({"header_name_1": "Host", "header_value_1": "x"}, "header_name_1", "ours to set"),
        ({"header_name_0": "X-A", "header_value_0": "ä"}, "header_name_0", "visible ASCII"),
        ({"header_name_0": "", "header_value_0": "x"}, "header_name_0", "Give the header a name"),
        ({"shop": "shop-of-nobody"}, "shop", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(
    admin: Client, typed: dict[str, str], field: str, said: str
) -> None:
    answer = admin.post(NEW, {**TYPED, "header_name_0": "", "header_name_1": "", **typed})

    assert answer.status_code == 422
    text = answer.content.decode()
    [beside] = re.findall(rf'id="id_{field}_error">(.*?)</ul>', text, re.DOTALL)
    assert said in beside
    assert "PATIENT_DOCTOR_MEETING_UPDATED" in text
    assert NotificationSubscription.objects.count() == 0


def test_a_header_named_twice_is_refused_in_any_spelling(admin: Client) -> None:
    rows = {"header_name_0": "X-A", "header_value_0": "1", "header_name_1": "x-a"}

    answer = admin.post(NEW, {**TYPED, **rows, "header_value_1": "2"})

    assert "named twice" in answer.content.decode()


def test_the_same_event_and_target_twice_is_refused_beside_the_target(
    admin: Client, subscription: NotificationSubscription
) -> None:
    answer = admin.post(NEW, TYPED)

    assert answer.status_code == 422
    assert "already subscribed to this target" in answer.content.decode()


def test_another_shop_of_somebody_else_cannot_be_chosen(admin: Client) -> None:
    theirs = factories.make_shop(organisation=factories.make_organisation(name="Southside"))

    assert admin.post(NEW, {**TYPED, "shop": theirs.uid}).status_code == 422


def test_another_header_row_comes_with_everything_typed_kept(admin: Client) -> None:
    rows = {f"header_name_{n}": f"X-{n}" for n in range(4)}

    answer = admin.post(NEW, {**TYPED, **rows, "include_holds": "on", "add_header": "1"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="X-3"' in text
    assert 'name="header_name_4"' in text
    assert 'name="header_name_5"' not in text
    assert f'value="{TARGET}"' in text
    assert re.search(r'name="include_holds"[^>]*checked', text)
    assert "field-error" not in text
    assert NotificationSubscription.objects.count() == 0


def test_the_secret_is_shown_after_a_fresh_login_and_audited(
    fresh: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    secret = signing.unseal(subscription, "signing_secret_ciphertext")
    assert secret not in text_of(fresh, url("", subscription))

    answer = fresh.post(url("-secret", subscription))

    assert secret in answer.content.decode().replace("&#x3D;", "=")
    assert actions(clinic)[-1] == "notification_subscription.secret_revealed"


@pytest.mark.parametrize("name", ["-secret", "-renew"])
def test_an_older_login_asks_for_the_password_first(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription, name: str
) -> None:
    before = signing.unseal(subscription, "signing_secret_ciphertext")

    answer = admin.post(url(name, subscription))

    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    subscription.refresh_from_db()
    assert signing.unseal(subscription, "signing_secret_ciphertext") == before
    assert actions(clinic) == ["notification_subscription.created"]


def test_a_get_of_the_secret_shows_nothing(
    fresh: Client, subscription: NotificationSubscription
) -> None:
    answer = fresh.get(url("-secret", subscription))

    assert answer.headers["Location"] == url("", subscription) + "#secret"


def test_renewing_shows_the_new_secret_and_switching_signs_with_it(
    fresh: Client, subscription: NotificationSubscription
) -> None:
    old = signing.unseal(subscription, "signing_secret_ciphertext")
    assert "For 24 hours both are valid" in text_of(fresh, url("-renew", subscription))

    answer = fresh.post(url("-renew", subscription))

    subscription.refresh_from_db()
    new = signing.unseal(subscription, "signing_secret_ciphertext")
    assert new != old
    assert new in answer.content.decode().replace("&#x3D;", "=")
    assert "Switch to the new secret" in text_of(fresh, url("", subscription))

    fresh.post(url("-switch", subscription))

    assert "is made with the new one" in text_of(fresh, url("", subscription))
    subscription.refresh_from_db()
    assert not subscription.is_signing_with_previous


def test_disabling_asks_and_enabling_sends_what_was_missed(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    assert "Events go on being recorded" in text_of(admin, url("-disable", subscription))
    subscription.refresh_from_db()
    assert subscription.disabled_at is None

    admin.post(url("-disable", subscription))
    events = [make_event(clinic, f"mtg-{number}") for number in range(3)]
    outbox.publish(now=utc_now() + timedelta(seconds=1), events=events)

    assert "3 events missed since" in text_of(admin, url("", subscription))
    assert "Send the 3 events it missed" in text_of(admin, url("-enable", subscription))
    admin.post(url("-enable", subscription), {"send_missed": "on"})

    subscription.refresh_from_db()
    assert subscription.disabled_at is None
    assert Delivery.objects.filter(subscription=subscription).count() == 3


def test_enabling_without_the_missed_sends_none(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    admin.post(url("-disable", subscription))
    outbox.publish(now=utc_now() + timedelta(seconds=1), events=[make_event(clinic)])

    admin.post(url("-enable", subscription), {})

    subscription.refresh_from_db()
    assert subscription.disabled_at is None
    assert Delivery.objects.count() == 0


def test_deleting_asks_and_then_the_page_is_gone(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    assert "This cannot be taken back" in text_of(admin, url("-delete", subscription))

    answer = admin.post(url("-delete", subscription))

    assert answer.headers["Location"] == LIST
    assert admin.get(url("", subscription)).status_code == 404
    assert actions(clinic)[-1] == "notification_subscription.deleted"


def test_operations_is_refused_everywhere(
    operations: Client, subscription: NotificationSubscription
) -> None:
    names = ["", "-secret", "-renew", "-disable", "-enable", "-delete"]
    addresses = [LIST, NEW, *(url(name, subscription) for name in names)]

    assert {operations.get(address).status_code for address in addresses} == {403}
    assert operations.post(url("-test", subscription)).status_code == 403


def test_anothers_subscription_reads_as_one_that_is_not_there(
    stranger: Client, subscription: NotificationSubscription
) -> None:
    names = ["", "-disable", "-enable", "-delete", "-test", "-switch"]
    for name in names:
        foreign = url(name, subscription)
        absent = foreign.replace(subscription.uid, "ns-2222222222222222222222")
        for method in (stranger.get, stranger.post):
            ours, theirs = method(foreign), method(absent)
            assert ours.status_code == theirs.status_code
            assert ours.status_code in (404, 405)
            assert ours.content == theirs.content


def test_the_list_costs_the_same_for_one_and_three(
    admin: Client,
    clinic: Organisation,
    subscription: NotificationSubscription,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(FRAME + 1):
        admin.get(LIST)
    for number in range(2):
        subscribe(clinic, f"https://partner{number}.example/hook")
    with django_assert_num_queries(FRAME + 1):
        admin.get(LIST)


def test_the_python_snippet_knows_our_signature(
    monkeypatch: pytest.MonkeyPatch, subscription: NotificationSubscription
) -> None:
    secret, body = "whsec_c2VjcmV0", '{"event_type": "x", "name": "Zoë"}'
    monkeypatch.setenv("RXSCALE_SIGNING_SECRET", secret)
    receiver: dict[str, object] = {}
    exec(PYTHON, receiver)  # noqa: S102 -- what we tell partners to run
    check = receiver["is_from_rxscale"]
    assert callable(check)

    signature = signing.hex_signature(secret, body)

    assert check(body.encode(), signature)
    assert not check(body.encode() + b" ", signature)
    assert not check(body.encode(), "ä")


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js on this machine")
def test_the_node_snippet_knows_our_signature(tmp_path: Path) -> None:
    secret, body = "whsec_c2VjcmV0", '{"event_type": "x"}'
    signature = signing.hex_signature(secret, body)
    calls = f"console.log(isFromRxScale(Buffer.from({body!r}), {signature!r}),"
    calls += (
        f" isFromRxScale(Buffer.from('other'), {signature!r}), isFromRxScale(Buffer.from('a'), ''))"
    )
    script = tmp_path / "receiver.cjs"
    script.write_text(NODE + calls)

    ran = subprocess.run(
        ["node", str(script)],
        env={"RXSCALE_SIGNING_SECRET": secret, "PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.split() == ["true", "false", "false"]
