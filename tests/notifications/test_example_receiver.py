"""examples/webhook_receiver.py against the engine: one more verifier, and what a partner will copy."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from common.clock import to_epoch, utc_now
from notifications import delivery, outbox, subscriptions
from notifications.models import Delivery, EventType
from organisations.models import Organisation
from tests.factories import ADMIN

from .world import make_event, subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.process]
EXAMPLE = Path(__file__).parents[2] / "examples" / "webhook_receiver.py"


@pytest.fixture
def target() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


@contextmanager
def example(folder: Path, target: str, secret: str, *options: str) -> Iterator[list[str]]:
    """The example in a process of its own, told by demo.json where to listen and what to verify with.

    What it printed is in the list once it has ended.
    """
    demo = {"webhook": {"target": target, "signing_secret": secret}}
    (folder / "demo.json").write_text(json.dumps(demo))
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLE), *options],
        env={"RXSCALE_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    printed: list[str] = []
    try:
        assert process.stdout
        assert process.stdout.readline() == f"listening on {target}\n"
        yield printed
    finally:
        process.terminate()
        printed += process.communicate()[0].splitlines()


def answers() -> list[str]:
    """Status and text of every answer, in the order of the attempts."""
    attempts = Delivery.objects.order_by("pk", "attempts__number")
    rows = attempts.values_list("attempts__status_code", "attempts__response_excerpt")
    return [f"{status} {text}" for status, text in rows]


def test_it_accepts_the_retry_and_drops_a_repeat(
    clinic: Organisation, target: str, tmp_path: Path
) -> None:
    now = utc_now()
    subscription, secret = subscribe(clinic, target, notification_type=EventType.REMINDER_DUE)
    with example(tmp_path, target, secret, "--fail-first") as printed:
        row = subscriptions.send_test(subscription, actor=ADMIN, now=now)
        delivery.deliver_due(now)
        delivery.deliver_due(now + timedelta(minutes=1))
        subscriptions.resend(row, actor=ADMIN, now=now)
        delivery.deliver_due(now + timedelta(minutes=2))

    failed, accepted, repeated = answers()
    assert failed.startswith("500 failed on purpose")
    assert accepted.startswith("200 would remind the patient of mtg-")
    assert repeated == "200 dropped: seen before"
    # Status, id and fingerprint of the bytes: one who watches sees that the same came again.
    assert [line.split()[0] for line in printed] == ["500", "200", "200"]
    assert len({tuple(line.split()[1:3]) for line in printed}) == 1


def test_it_ignores_what_has_expired_and_refuses_another_secret(
    clinic: Organisation, target: str, tmp_path: Path
) -> None:
    now = utc_now()
    subscription, secret = subscribe(clinic, target)
    data: dict[str, object] = {"uid": "mtg-1", "expires_at": to_epoch(now) - 1}
    with example(tmp_path, target, secret):
        outbox.publish(now=now, events=[make_event(clinic, data=data)])
        delivery.deliver_due(now)
        subscriptions.renew_signing_secret(subscription, actor=ADMIN, now=now)
        subscriptions.switch_to_new_secret(subscription, actor=ADMIN, now=now)
        outbox.publish(now=now, events=[make_event(clinic, "mtg-2")])
        delivery.deliver_due(now)

    assert answers() == [
        "200 ignored: expired, the visit has begun",
        "401 a signature does not match",
    ]
