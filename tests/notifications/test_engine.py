"""The engine: claimed once, survives kill -9, swept when a wake-up is lost, fair to fast receivers."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction

from notifications import delivery, leases, outbox, wake
from notifications.models import Channel, Delivery, DeliveryState, Suppression
from notifications.outcomes import Next, Outcome
from notifications.retries import RETRY_DELAYS, next_attempt_at, parse_retry_after
from organisations.models import Organisation
from tests.doubles.http import Receiver, Request, answer, hang, slowly
from tests.factories import NOW, make_organisation

from . import world
from .world import make_event, make_message, publish_event, publish_message, run, subscribe

pytestmark = pytest.mark.django_db


def test_what_nobody_was_woken_for_is_swept(
    clinic: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake, "deliveries", lambda ids: None)
    with Receiver() as receiver:
        subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        run(after=timedelta(seconds=60))

    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED


def test_a_sweep_wakes_as_many_tasks_as_there_are_chunks(
    clinic: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(
        wake, "_send", lambda task, arguments, expires: sent.extend([task] * len(arguments))
    )
    assert wake.due(NOW) == 0
    messages = [make_message(clinic, Channel.EMAIL, f"p{i}@x.example") for i in range(201)]
    outbox.publish(now=NOW, messages=messages)

    assert wake.due(NOW) == 201
    assert sent == ["notifications.deliver_due"] * 2


def test_a_leased_delivery_is_nobody_elses_until_the_lease_runs_out(clinic: Organisation) -> None:
    with Receiver() as receiver:
        subscribe(clinic, receiver.url)
        publish_event(clinic)
        [row] = leases.claim(NOW, limit=10)

        assert leases.claim(NOW + leases.CLAIM_LEASE - timedelta(seconds=1), limit=10) == []
        [again] = leases.claim(NOW + leases.CLAIM_LEASE, limit=10)

    assert leases.begin(row, NOW + leases.CLAIM_LEASE, timedelta(seconds=20)) is None
    assert leases.begin(again, NOW + leases.CLAIM_LEASE, timedelta(seconds=20)) is not None


def test_who_comes_when_the_claim_has_run_out_does_not_begin(clinic: Organisation) -> None:
    publish_message(make_message(clinic, Channel.SMS, "+4915100000000"))
    [row] = leases.claim(NOW, limit=1)

    assert leases.begin(row, NOW + leases.CLAIM_LEASE, timedelta(seconds=20)) is None
    assert Delivery.objects.get().call_began_at is None


def test_a_worker_that_was_given_up_cannot_record_over_its_successor(clinic: Organisation) -> None:
    subscribe(clinic, "https://partner.example/")
    publish_event(clinic)
    [slow] = leases.claim(NOW, limit=1)
    attempt = leases.begin(slow, NOW, timedelta(seconds=20))
    [successor] = leases.claim(NOW + timedelta(seconds=20), limit=1)
    assert attempt

    outcome = Outcome(Next.RETRY, error="too late")

    assert not leases.record(slow, attempt, outcome, NOW + timedelta(seconds=25))
    row = Delivery.objects.get()
    assert (row.lease_token, row.next_attempt_at) == (successor.lease_token, NOW)


def test_one_bad_message_does_not_stop_the_batch(
    clinic: Organisation, mailoutbox: list[object]
) -> None:
    broken = outbox.NewMessage(
        organisation_id=clinic.pk,
        channel=Channel.EMAIL,
        kind=world.KIND,
        subject_uid="broken",
        about_uid="",
        address="a@b.example",
    )
    unknown = outbox.NewMessage(
        organisation_id=clinic.pk,
        channel=Channel.EMAIL,
        kind="nobody.registered",
        subject_uid="mtg-1",
        about_uid="",
        address="a@b.example",
    )
    good = make_message(clinic, Channel.EMAIL, "c@d.example")
    outbox.publish(now=NOW, messages=[broken, unknown, good])

    run()

    states = list(Delivery.objects.order_by("pk").values_list("state", "attempt_count"))
    assert states == [
        (DeliveryState.PENDING, 1),
        (DeliveryState.PENDING, 1),
        (DeliveryState.SENT, 1),
    ]
    assert len(mailoutbox) == 1


def test_what_is_no_longer_wanted_is_skipped_with_the_reason(
    clinic: Organisation, mailoutbox: list[object]
) -> None:
    row = publish_message(make_message(clinic, Channel.EMAIL, "a@b.example"))
    world.unwanted["mtg-1"] = "the visit was cancelled"

    run()

    row.refresh_from_db()
    assert (row.state, row.reason) == (DeliveryState.SKIPPED, "the visit was cancelled")
    assert mailoutbox == []


@pytest.mark.parametrize("address", ["", "Gone@X.example"])
def test_nobody_is_written_to_without_or_at_a_suppressed_address(
    clinic: Organisation, mailoutbox: list[object], address: str
) -> None:
    Suppression.objects.create(
        organisation=clinic,
        channel=Channel.EMAIL,
        address="gone@x.example",
        reason="bounced",
        created_at=NOW,
    )
    row = publish_message(make_message(clinic, Channel.EMAIL, address))
    stranger = make_organisation(name="Other")
    publish_message(make_message(stranger, Channel.EMAIL, "gone@x.example"))

    run()

    row.refresh_from_db()
    assert (row.state, row.reason) == (
        DeliveryState.SKIPPED,
        "bounced" if address else "no address",
    )
    assert len(mailoutbox) == 1  # the other organisation's


def test_a_receiver_that_hangs_does_not_hold_up_the_others(
    clinic: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.channels.webhook.DEADLINE_SECONDS", 1.0)
    with Receiver(then=hang(2)) as dead, Receiver() as alive:
        subscribe(clinic, dead.url)
        outbox.publish(now=NOW, events=[make_event(clinic, f"mtg-{i}") for i in range(200)])
        subscription, _ = subscribe(clinic, alive.url)
        outbox.publish(now=NOW, events=[make_event(clinic, f"mtg+{i}") for i in range(20)])
        started = time.monotonic()
        run()
        took = time.monotonic() - started

    assert took < 4  # 200 × 1 s / 4 at a time would be 50
    assert len(alive.requests) == 20
    assert len(dead.requests) == dead.most_at_once == delivery.LANE_WIDTH
    delivered = Delivery.objects.filter(state=DeliveryState.DELIVERED)
    assert set(delivered.values_list("subscription", flat=True)) == {subscription.pk}
    waiting = Delivery.objects.filter(state=DeliveryState.PENDING, attempt_count=0)
    assert waiting.count() == 220 - delivery.LANE_WIDTH
    assert not Delivery.objects.due(NOW + timedelta(seconds=5)).exists()
    assert Delivery.objects.due(NOW + timedelta(minutes=2)).count() >= waiting.count()


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_is_just_claiming_is_passed_over() -> None:
    clinic = make_organisation()
    with transaction.atomic():
        theirs = publish_message(make_message(clinic, Channel.EMAIL, "a@x.example"))
        ours = publish_message(make_message(clinic, Channel.EMAIL, "b@x.example"))
    claimed: list[int] = []

    def work() -> None:
        claimed.extend(row.pk for row in leases.claim(NOW, limit=10))
        connection.close()

    worker = threading.Thread(target=work)
    with transaction.atomic():
        Delivery.objects.select_for_update(no_key=True).get(pk=theirs.pk)
        worker.start()
        worker.join(timeout=5)
        assert not worker.is_alive()  # it did not wait
    assert claimed == [ours.pk]


@pytest.mark.django_db(transaction=True)
def test_parallel_workers_send_each_delivery_once() -> None:
    clinic = make_organisation()
    with Receiver(then=slowly(answer(), 0.05)) as receiver:  # each is in flight while others look
        subscribe(clinic, receiver.url)
        with_events = [make_event(clinic, f"mtg-{i}") for i in range(60)]
        with transaction.atomic():
            outbox.publish(now=NOW, events=with_events)

        def work() -> None:
            delivery.deliver_due(NOW)
            connection.close()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert len(ids) == len(set(ids)) == 60
    assert Delivery.objects.filter(state=DeliveryState.DELIVERED, attempt_count=1).count() == 60


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_killed_after_the_post_it_is_sent_again_under_the_same_id() -> None:
    clinic = make_organisation()
    pids: list[int] = []

    def kill_the_sender(client: socket.socket, request: Request) -> None:
        os.kill(pids[0], signal.SIGKILL)

    with Receiver([kill_the_sender]) as receiver:
        subscribe(clinic, receiver.url)
        with transaction.atomic():
            row = publish_event(clinic)
        worker = _worker_process()
        pids.append(worker.pid)
        assert worker.stdin
        worker.stdin.close()  # it waits for this before it begins
        assert worker.wait(60) == -signal.SIGKILL
        row.refresh_from_db()
        assert (row.state, row.attempt_count) == (DeliveryState.PENDING, 1)
        run(after=timedelta(seconds=120))

    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED


def _worker_process() -> "subprocess.Popen[bytes]":
    """A process of its own that runs one sweep at the tests' `now`, on the tests' database."""
    path = f"/{connection.settings_dict['NAME']}"
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=path).geturl()
    code = (
        "import sys, django; django.setup(); sys.stdin.read();"
        "from notifications.delivery import deliver_due; from tests.factories import NOW;"
        "deliver_due(NOW)"
    )
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "rxscale.settings",
        "ALLOW_LOOPBACK_WEBHOOKS": "true",
    }
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE)


def test_the_delays_last_about_three_days_and_rise() -> None:
    assert timedelta(days=2.5) < sum(RETRY_DELAYS, timedelta(0)) < timedelta(days=3.5)
    assert list(RETRY_DELAYS) == sorted(RETRY_DELAYS)


@pytest.mark.parametrize(("spread", "factor"), [(0.0, 0.9), (0.5, 1.0), (1.0, 1.1)])
def test_jitter_spreads_a_delay_by_a_tenth(spread: float, factor: float) -> None:
    assert next_attempt_at(3, now=NOW, spread=spread) == NOW + RETRY_DELAYS[2] * factor


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("9" * 5_000, 3_600),
        ("Mon, 01 Mar 2027 08:10:00 GMT", 600),
        ("Mon, 01 Mar 2027 07:00:00 GMT", None),
        ("Mon, 01 Mar 2027 08:10:00", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(value: str, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert parse_retry_after(value, NOW) == expected
