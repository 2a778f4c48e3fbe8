"""The verbs of subscriptions: what is refused, encrypted, audited, and sent again."""

import pytest

from common.crypto import DecryptionFailed
from notifications import signing, subscriptions
from notifications.errors import AlreadyExists, Invalid, Refused
from notifications.models import Channel, Delivery, DeliveryState, EventType
from organisations.models import AuditEntry, Organisation
from tests.doubles.http import Receiver
from tests.factories import ADMIN, NOW, make_organisation, make_shop

from .world import make_message, publish_event, publish_message, run, subscribe

pytestmark = pytest.mark.django_db
TARGET = "https://partner.example/hook"


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_the_secret_is_standard_and_encrypted_for_its_row_only(clinic: Organisation) -> None:
    first, secret = subscribe(clinic, TARGET)
    second, _ = subscribe(clinic, TARGET + "2")

    assert secret.startswith("whsec_")
    assert secret.encode() not in bytes(first.signing_secret_ciphertext)
    assert signing.unseal(first, "signing_secret_ciphertext") == secret
    second.signing_secret_ciphertext = first.signing_secret_ciphertext
    with pytest.raises(DecryptionFailed):
        signing.unseal(second, "signing_secret_ciphertext")


def test_the_same_type_and_target_twice_already_exists(clinic: Organisation) -> None:
    first, _ = subscribe(clinic, TARGET)
    with pytest.raises(AlreadyExists):
        subscribe(clinic, TARGET)

    subscribe(clinic, TARGET, notification_type=EventType.REMINDER_DUE)
    subscribe(make_organisation(name="Other"), TARGET)
    subscriptions.delete(first, actor=ADMIN, now=NOW)
    subscribe(clinic, TARGET)


def test_contact_goes_along_with_orders_but_not_with_notices_unless_asked(
    clinic: Organisation,
) -> None:
    order, _ = subscribe(clinic, TARGET, notification_type=EventType.REMINDER_DUE)
    notice, _ = subscribe(clinic, TARGET)
    asked, _ = subscribe(clinic, TARGET + "2", include_contact=True)

    assert (order.include_contact, notice.include_contact, asked.include_contact) == (
        True,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("field", "target", "options"),
    [
        ("target", "https://127.0.0.1.example.com:22/", {}),
        ("target", "http://partner.example/", {}),
        ("headers", TARGET, {"headers": {"X-Webhook-Signature": "mine"}}),
        ("contact_email", TARGET, {"contact_email": "nobody"}),
        ("payload_version", TARGET, {"payload_version": "2"}),
    ],
)
def test_bad_input_names_its_field(
    clinic: Organisation, field: str, target: str, options: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as refused:
        subscribe(clinic, target, **options)  # type: ignore[arg-type]  # a test's own keywords

    assert refused.value.field == field
    assert actions() == []


def test_a_shop_of_another_organisation_is_refused(clinic: Organisation) -> None:
    shop = make_shop(organisation=make_organisation(name="Other"))

    with pytest.raises(Invalid, match="another organisation"):
        subscriptions.create(
            clinic,
            notification_type=EventType.MEETING_UPDATED,
            target=TARGET,
            shop=shop,
            actor=ADMIN,
            now=NOW,
        )


def test_every_verb_is_audited_and_repeating_one_changes_nothing(clinic: Organisation) -> None:
    subscription, _ = subscribe(clinic, TARGET)
    renewed = subscriptions.renew_signing_secret(subscription, actor=ADMIN, now=NOW)
    assert subscriptions.reveal_signing_secret(subscription, actor=ADMIN, now=NOW) == renewed
    for _ in range(2):
        subscriptions.switch_to_new_secret(subscription, actor=ADMIN, now=NOW)
    for _ in range(2):
        subscriptions.disable(subscription, actor=ADMIN, now=NOW)
    for _ in range(2):
        subscriptions.enable(subscription, send_missed=True, actor=ADMIN, now=NOW)
    subscriptions.send_test(subscription, actor=ADMIN, now=NOW)
    for _ in range(2):
        subscriptions.delete(subscription, actor=ADMIN, now=NOW)

    prefix = "notification_subscription."
    assert [action.removeprefix(prefix) for action in actions()] == [
        "created",
        "secret_renewed",
        "secret_revealed",
        "secret_switched",
        "disabled",
        "enabled",
        "tested",
        "deleted",
    ]
    assert renewed not in str(list(AuditEntry.objects.values()))


def test_a_deleted_subscription_gets_nothing_and_can_do_nothing(clinic: Organisation) -> None:
    with Receiver() as receiver:
        subscription, _ = subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        subscriptions.delete(subscription, actor=ADMIN, now=NOW)
        run()

    row.refresh_from_db()
    assert row.state == DeliveryState.SKIPPED
    assert receiver.requests == []
    with pytest.raises(Refused):
        subscriptions.send_test(subscription, actor=ADMIN, now=NOW)
    with pytest.raises(Refused):
        subscriptions.renew_signing_secret(subscription, actor=ADMIN, now=NOW)


def test_a_webhook_sent_again_by_hand_keeps_its_bytes_and_id(clinic: Organisation) -> None:
    with Receiver() as receiver:
        subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        run()
        again = subscriptions.resend(row, actor=ADMIN, now=NOW)
        run()

    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert again.pk != row.pk
    assert again.context == {"resent_from": row.uid}
    assert actions()[-1] == "delivery.resent"


def test_a_mail_sent_again_by_hand_is_a_new_mail(
    clinic: Organisation, mailoutbox: list[object]
) -> None:
    row = publish_message(make_message(clinic, Channel.EMAIL, "a@b.example"))
    run()
    subscriptions.resend(row, actor=ADMIN, now=NOW)
    run()

    ids = {mail.extra_headers["Message-ID"] for mail in mailoutbox}  # type: ignore[attr-defined]  # mails
    assert len(ids) == 2


def test_a_waiting_delivery_is_sent_at_once_instead_of_twice(clinic: Organisation) -> None:
    row = publish_message(make_message(clinic, Channel.EMAIL, "a@b.example"))
    later = NOW.replace(hour=20)
    Delivery.objects.update(next_attempt_at=later)

    again = subscriptions.resend(row, actor=ADMIN, now=NOW)

    assert again.pk == row.pk
    assert again.next_attempt_at == NOW
    assert Delivery.objects.count() == 1


def test_nothing_is_sent_again_to_a_disabled_subscription(clinic: Organisation) -> None:
    subscription, _ = subscribe(clinic, TARGET)
    row = publish_event(clinic)
    subscriptions.disable(subscription, actor=ADMIN, now=NOW)

    with pytest.raises(Refused, match="enable it first"):
        subscriptions.resend(
            Delivery.objects.select_related("subscription").get(pk=row.pk), actor=ADMIN, now=NOW
        )
