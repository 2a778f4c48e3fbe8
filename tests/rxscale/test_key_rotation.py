"""A new encryption key takes over every encrypted column, in steps that can be interrupted."""

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from booking_secrets import secrets
from booking_secrets.models import BookingSecret
from common import crypto
from common.clock import to_epoch, utc_now
from common.crypto import Place
from notifications.models import EventType, NotificationSubscription
from organisations.models import Organisation
from rxscale import key_rotation
from tests.booking_secrets.minting import documented_token
from tests.factories import ADMIN, NOW, make_organisation, make_shop

pytestmark = pytest.mark.django_db

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()
LOCK = 'FOR NO KEY UPDATE OF "booking_secrets_bookingsecret"'
TABLE = "notifications_notificationsubscription"


@pytest.fixture
def texts(settings: Settings) -> list[str]:
    """Five secrets and a subscription under the old key; the new one is first in the ring."""
    settings.ENCRYPTION_KEYS = [OLD]
    organisation = make_organisation()
    made = [secrets.create(organisation, name=f"{n}", actor=ADMIN, now=NOW)[1] for n in range(5)]
    _subscribe(organisation)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    return made


def _subscribe(organisation: Organisation) -> None:
    row = NotificationSubscription(
        organisation=organisation,
        notification_type=EventType.MEETING_UPDATED,
        target="https://partner.example/",
        include_contact=False,
        created_at=NOW,
    )
    row.signing_secret_ciphertext = crypto.encrypt(
        b"whsec_x", Place(TABLE, "signing_secret_ciphertext", organisation.uid, row.uid)
    )
    row.headers_ciphertext = crypto.encrypt(
        b"{}", Place(TABLE, "headers_ciphertext", organisation.uid, row.uid)
    )
    row.save()


def run(batch_size: int = 2) -> list[str]:
    output = StringIO()
    call_command("rotate_encryption_keys", batch_size=batch_size, stdout=output, stderr=StringIO())
    return output.getvalue().splitlines()


def revealed() -> list[str]:
    return [secrets.text_of(secret) for secret in BookingSecret.objects.order_by("id")]


def test_every_column_named_ciphertext_is_declared() -> None:
    named = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.BinaryField) and field.name.endswith("ciphertext")
    }

    assert named == {(model, column.name) for model, column in key_rotation.declared_columns()}


def test_everything_is_readable_with_the_new_key_alone(
    texts: list[str], settings: Settings
) -> None:
    assert run() == [
        "booking_secrets_bookingsecret.ciphertext: 5 re-encrypted, 0 already current, 0 unreadable",
        f"{TABLE}.headers_ciphertext: 1 re-encrypted, 0 already current, 0 unreadable",
        f"{TABLE}.signing_secret_ciphertext: 1 re-encrypted, 0 already current, 0 unreadable",
        f"{TABLE}.previous_secret_ciphertext: 0 re-encrypted, 0 already current, 0 unreadable",
        "mfa_authenticator.data: 0 re-encrypted, 0 already current, 0 unreadable",
    ]

    settings.ENCRYPTION_KEYS = [NEW]
    assert revealed() == texts
    row = NotificationSubscription.objects.get()
    place = Place(TABLE, "signing_secret_ciphertext", row.organisation.uid, row.uid)
    assert crypto.decrypt(row.signing_secret_ciphertext, place) == b"whsec_x"


@pytest.mark.parametrize("batch_size", [1, 4, 5, 100])
def test_the_size_of_the_batches_does_not_matter(texts: list[str], batch_size: int) -> None:
    assert run(batch_size)[0].startswith("booking_secrets_bookingsecret.ciphertext: 5 re-encrypted")


def test_a_second_run_writes_nothing(texts: list[str]) -> None:
    run()

    with CaptureQueriesContext(connection) as queries:
        lines = run()

    assert "0 re-encrypted, 5 already current" in lines[0]
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]


def test_an_interrupted_run_is_completed_by_the_next(
    texts: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt, calls = crypto.encrypt, iter(range(100))

    def dies_at_the_fourth(plaintext: bytes, place: Place) -> bytes:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return encrypt(plaintext, place)

    monkeypatch.setattr(crypto, "encrypt", dies_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.undo()
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    assert "3 re-encrypted, 2 already current" in run()[0]
    assert revealed() == texts


def test_a_value_nobody_can_read_is_reported_and_the_others_go_on(
    texts: list[str], settings: Settings
) -> None:
    broken = BookingSecret.objects.order_by("id")[1]
    BookingSecret.objects.filter(pk=broken.pk).update(ciphertext=b"garbage")
    errors = StringIO()

    with pytest.raises(CommandError, match="1 values could not be decrypted"):
        call_command("rotate_encryption_keys", stdout=StringIO(), stderr=errors)

    complaint = f"booking_secrets_bookingsecret.ciphertext of {broken.key_id} is unreadable\n"
    assert errors.getvalue() == complaint
    settings.ENCRYPTION_KEYS = [NEW]
    others = BookingSecret.objects.exclude(pk=broken.pk).order_by("id")
    assert [secrets.text_of(other) for other in others] == [texts[0], *texts[2:]]


def test_rows_are_locked_between_reading_and_writing(texts: list[str]) -> None:
    with CaptureQueriesContext(connection) as queries:
        run(batch_size=100)

    reads = [q["sql"] for q in queries if 'FROM "booking_secrets_bookingsecret"' in q["sql"]]
    assert [sql for sql in reads if LOCK not in sql] == []


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_of_nothing_is_refused(batch_size: int) -> None:
    with pytest.raises(CommandError, match="--batch-size must be at least 1"):
        run(batch_size)


@pytest.mark.django_db(transaction=True)
def test_tokens_and_reveals_are_served_all_the_while(settings: Settings) -> None:
    """Partners go on calling while every row is re-encrypted: nobody is refused, and nothing is lost."""
    settings.RATE_LIMIT = "off"
    settings.ENCRYPTION_KEYS = [OLD]
    shop = make_shop(organisation=make_organisation())
    made = [secrets.create(shop.organisation, name=f"{n}", actor=ADMIN, now=NOW) for n in range(20)]
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    is_done = threading.Event()

    def call() -> list[int]:
        statuses = []
        try:
            while not is_done.is_set():
                for secret, text in made:
                    token = documented_token(
                        secret.key_id, text, shop.identifier, now=to_epoch(utc_now())
                    )
                    headers = {"X-RxScale-Booking-Token": token}
                    answer = Client().get("/v1/scheduling/appointments", headers=headers)
                    statuses.append(answer.status_code)
        finally:
            connection.close()
        return statuses

    with ThreadPoolExecutor(2) as pool:
        callers = [pool.submit(call) for _ in range(2)]
        for _ in range(3):
            run(batch_size=1)
            settings.ENCRYPTION_KEYS = list(reversed(settings.ENCRYPTION_KEYS))
        is_done.set()
        statuses = [status for caller in callers for status in caller.result()]

    assert len(statuses) >= len(made)
    assert set(statuses) == {200}
