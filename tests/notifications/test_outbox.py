"""publish: what is written, for whom, in how many statements, and that a dead broker costs nothing."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from types import SimpleNamespace

import pytest
from celery import Celery
from django.db import IntegrityError, connection, models, transaction
from django.db.transaction import TransactionManagementError
from pytest_django import DjangoCaptureOnCommitCallbacks

from notifications import outbox, rows, subscriptions, wake
from notifications.models import Channel, Delivery, DeliveryState, Event
from organisations.models import Organisation
from tests.factories import ADMIN, NOW, make_organisation, make_shop

from .world import make_event, make_message, subscribe

pytestmark = pytest.mark.django_db
TARGET = "https://partner.example/hook"


@contextmanager
def traced_statements() -> Iterator[list[str]]:
    """What really goes over the wire, COPY included, which Django's own counting does not see."""
    statements: list[str] = []
    connection.ensure_connection()
    pgconn = connection.connection.pgconn
    with TemporaryFile("r+") as protocol:
        pgconn.trace(protocol.fileno())
        try:
            yield statements
        finally:
            pgconn.untrace()
        protocol.seek(0)
        sent = re.compile(r"\tF\t\d+\t(Query|Execute)\t")
        statements += [line for line in protocol if sent.search(line)]


def test_events_are_recorded_and_owed_to_each_receiving_subscription(clinic: Organisation) -> None:
    full, _ = subscribe(clinic, TARGET, include_contact=True)
    bare, _ = subscribe(clinic, TARGET + "2")

    ids = outbox.publish(now=NOW, events=[event := make_event(clinic)])

    assert ids == {event.uid: Event.objects.get(uid=event.uid).pk}
    bodies = {row.subscription_id: json.loads(row.body) for row in Delivery.objects.all()}
    assert bodies[full.pk]["data"]["patient_display_name"] == "Paula Patient"
    assert bodies[bare.pk]["data"] == {
        "uid": "mtg-1",
        "patient_display_name": None,
        "join_url": None,
    }
    assert list(bodies[full.pk]) == ["event_type", "timestamp", "payload_version", "data"]


def test_nested_contact_paths_become_null_and_the_event_keeps_them(clinic: Organisation) -> None:
    subscribe(clinic, TARGET)
    data: dict[str, object] = {"uid": "mtg-1", "recipient": {"email": "a@b.example", "uid": "pp-1"}}

    outbox.publish(
        now=NOW,
        events=[make_event(clinic, data=data, contact_paths=("recipient.email", "gone.deep"))],
    )

    sent = json.loads(Delivery.objects.get().body)["data"]
    assert sent == {"uid": "mtg-1", "recipient": {"email": None, "uid": "pp-1"}}
    assert Event.objects.get().data == data


def test_shop_holds_disabled_and_foreign_subscriptions_filter(clinic: Organisation) -> None:
    shop, other_shop = make_shop(organisation=clinic), make_shop(organisation=clinic)
    stranger = make_organisation(name="Other")
    everything, _ = subscribe(clinic, TARGET + "all", include_holds=True)
    ours, _ = subscribe(clinic, TARGET + "ours")
    theirs, _ = subscribe(clinic, TARGET + "theirs")
    disabled, _ = subscribe(clinic, TARGET + "disabled")
    deleted, _ = subscribe(clinic, TARGET + "deleted")
    subscribe(stranger, TARGET)
    ours.shop, theirs.shop = shop, other_shop
    ours.save()
    theirs.save()
    subscriptions.disable(disabled, actor=ADMIN, now=NOW)
    subscriptions.delete(deleted, actor=ADMIN, now=NOW)

    outbox.publish(now=NOW, events=[make_event(clinic, "mtg-1", shop_id=shop.pk)])
    outbox.publish(now=NOW, events=[make_event(clinic, "mtg-2", is_hold_event=True)])

    by_subject = {
        subject: set(
            Delivery.objects.filter(subject_uid=subject).values_list("subscription_id", flat=True)
        )
        for subject in ("mtg-1", "mtg-2")
    }
    assert by_subject == {"mtg-1": {everything.pk, ours.pk}, "mtg-2": {everything.pk}}


def test_without_a_subscription_the_event_is_still_recorded(clinic: Organisation) -> None:
    outbox.publish(now=NOW, events=[make_event(clinic)])

    assert Event.objects.get().data["uid"] == "mtg-1"
    assert not Delivery.objects.exists()


def test_messages_are_pending_or_skipped_at_once(clinic: Organisation) -> None:
    event = make_event(clinic)
    wanted = make_message(clinic, Channel.EMAIL, "a@b.example")
    skipped = outbox.NewMessage(
        organisation_id=clinic.pk,
        channel=Channel.SMS,
        kind="test.note",
        subject_uid="mtg-1",
        about_uid="mtg-1",
        event_uid=event.uid,
        context={"minutes": 60},
        skip_reason="no number",
    )

    ids = outbox.publish(now=NOW, events=[event], messages=[wanted, skipped])

    mail, sms = Delivery.objects.order_by("pk")
    assert (mail.state, mail.next_attempt_at, mail.event_id) == (DeliveryState.PENDING, NOW, None)
    assert (sms.state, sms.reason, sms.settled_at) == (DeliveryState.SKIPPED, "no number", NOW)
    assert (sms.event_id, sms.context) == (ids[event.uid], {"minutes": 60})


@pytest.mark.parametrize("number", [1, 3, 1000])
def test_statements_do_not_grow_with_the_number(clinic: Organisation, number: int) -> None:
    subscribe(clinic, TARGET)
    events = [make_event(clinic, f"mtg-{i}") for i in range(number)]
    messages = [make_message(clinic, Channel.EMAIL, f"p{i}@x.example") for i in range(number)]

    with traced_statements() as statements:
        outbox.publish(now=NOW, events=events, messages=messages)

    assert len(statements) == 4, statements  # subscriptions, numbers, two COPYs
    assert Delivery.objects.count() == 2 * number


def test_the_same_triple_is_refused(clinic: Organisation) -> None:
    outbox.publish(now=NOW, events=[make_event(clinic)])

    with pytest.raises(IntegrityError, match="event_triple_is_unique"), transaction.atomic():
        outbox.publish(now=NOW, events=[make_event(clinic)])


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_can_be_published() -> None:
    organisation = make_organisation()

    with pytest.raises(TransactionManagementError):
        outbox.publish(now=NOW, events=[make_event(organisation)])


@pytest.mark.parametrize(("model", "row"), [(Event, rows.EventRow), (Delivery, rows.DeliveryRow)])
def test_copied_rows_name_every_column_that_must_have_a_value(
    model: type[models.Model], row: type[tuple[object, ...]]
) -> None:
    filled = set(row._fields)  # type: ignore[attr-defined]  # a NamedTuple
    columns = {field.column: field for field in model._meta.local_concrete_fields}

    assert filled <= set(columns)
    assert {name for name, field in columns.items() if not field.null} <= filled


def test_waking_sends_chunks_of_200_ids(
    clinic: Organisation,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, list[object]]] = []
    app = SimpleNamespace(send_task=lambda name, args, **_: sent.append((name, args)))
    monkeypatch.setattr(wake, "current_app", app)
    messages = [make_message(clinic, Channel.EMAIL, f"p{i}@x.example") for i in range(450)]

    with django_capture_on_commit_callbacks(execute=True):
        outbox.publish(now=NOW, messages=messages)

    assert [(name, len(args[0])) for name, args in sent] == [  # type: ignore[arg-type]  # lists
        ("notifications.deliver", 200),
        ("notifications.deliver", 200),
        ("notifications.deliver", 50),
    ]
    woken = [pk for _, args in sent for pk in args[0]]  # type: ignore[attr-defined]  # lists
    assert woken == list(Delivery.objects.order_by("pk").values_list("pk", flat=True))


@pytest.fixture
def dead_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Our app's settings with a broker that refuses connections."""
    app = Celery("dead", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(broker_url="redis://127.0.0.1:1/0")
    monkeypatch.setattr(wake, "current_app", app)
    monkeypatch.setattr(wake, "_quiet_until", 0.0)
    yield
    app.close()


@pytest.mark.usefixtures("dead_broker")
def test_a_dead_broker_neither_raises_nor_slows_the_caller(
    clinic: Organisation,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    caplog: pytest.LogCaptureFixture,
) -> None:
    messages = [make_message(clinic, Channel.EMAIL, f"p{i}@x.example") for i in range(1000)]

    started = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        outbox.publish(now=NOW, messages=messages)
    first = time.monotonic() - started
    started = time.monotonic()
    wake.deliveries([1])
    second = time.monotonic() - started

    assert first < 2
    assert second < 0.01  # it is not asked again for a while
    assert "no broker to wake" in caplog.text
    assert Delivery.objects.count() == 1000
