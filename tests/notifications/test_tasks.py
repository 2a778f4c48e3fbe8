"""Celery's doors, over the real broker: what is published on commit is what a worker takes up."""

from datetime import timedelta

import pytest
from celery import current_app
from django.db import transaction

from common.clock import utc_now
from notifications import outbox, tasks, wake
from notifications.models import Channel, Delivery, DeliveryState
from tests.factories import make_organisation

from .world import make_message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _queue_is_empty() -> None:
    """Of what other tests published; the keys are this session's own."""
    current_app.control.purge()


def waiting_task() -> tuple[str, list[object]] | None:
    """The next message of the broker's queue, as a worker would read it."""
    with current_app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        try:
            message = queue.get(block=False)
        except queue.Empty:
            return None
        message.ack()
        return message.headers["task"], message.payload[0]


def test_a_commit_wakes_a_worker_with_the_ids_and_it_delivers(mailoutbox: list[object]) -> None:
    organisation = make_organisation()
    message = make_message(organisation, Channel.EMAIL, "a@b.example")

    with transaction.atomic():
        outbox.publish(now=utc_now(), messages=[message])
    row = Delivery.objects.get()

    assert waiting_task() == ("notifications.deliver", [[row.pk]])
    tasks.deliver.run([row.pk])
    row.refresh_from_db()
    assert row.state == DeliveryState.SENT
    assert len(mailoutbox) == 1


def test_a_sweep_is_woken_for_what_nobody_was_told_of(mailoutbox: list[object]) -> None:
    organisation = make_organisation()
    now = utc_now() - timedelta(minutes=1)
    with transaction.atomic():
        outbox.publish(now=now, messages=[make_message(organisation, Channel.EMAIL, "a@b.example")])
    waiting_task()  # this wake-up is lost

    assert wake.due(utc_now()) == 1
    assert waiting_task() == ("notifications.deliver_due", [])
    tasks.deliver_due.run()
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert wake.due(utc_now()) == 0


def test_a_rollback_wakes_nobody_and_leaves_nothing() -> None:
    organisation = make_organisation()

    with transaction.atomic():
        outbox.publish(
            now=utc_now(), messages=[make_message(organisation, Channel.EMAIL, "a@b.example")]
        )
        transaction.set_rollback(True)

    assert not Delivery.objects.exists()
    assert waiting_task() is None
