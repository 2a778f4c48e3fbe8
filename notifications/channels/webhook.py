"""Webhooks: one signed POST, acknowledged by any 2xx within five seconds in all."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings

from common.outbound import AddressRefused, Answer, CallFailed, Reach, call
from notifications.models import Delivery
from notifications.outcomes import Next, Outcome
from notifications.retries import parse_retry_after
from notifications.signing import attempt_headers

DEADLINE_SECONDS = 5.0
LEASE = timedelta(seconds=20)
EXCERPT_BYTES = 1_000
_GONE = 410


def prepare(delivery: Delivery, now: datetime) -> Callable[[], Outcome]:
    """Sign this attempt; what is returned makes the call and touches no database."""
    subscription, event = delivery.subscription, delivery.event
    if subscription is None or event is None:
        raise ValueError(f"{delivery} is no webhook")
    target, body = subscription.target, delivery.body
    headers = attempt_headers(
        subscription, event_uid=event.uid, event_type=event.event_type, body=body, now=now
    )
    loopback_too = settings.ALLOW_LOOPBACK_WEBHOOKS
    reach = Reach.PUBLIC_OR_LOOPBACK if loopback_too else Reach.PUBLIC

    def send() -> Outcome:
        try:
            answer = call(
                "POST",
                target,
                content=body.encode(),
                headers=headers,
                reach=reach,
                total_seconds=DEADLINE_SECONDS,
            )
        except AddressRefused as error:
            return Outcome(Next.RETRY, error=f"refused: {error}")
        except CallFailed as error:
            return Outcome(Next.RETRY, error=str(error), was_slow=error.is_timeout)
        return _judge(answer, now)

    return send


def _judge(answer: Answer, now: datetime) -> Outcome:
    code = answer.status_code
    excerpt = _as_text(answer.body)
    if 200 <= code < 300:
        return Outcome(Next.DELIVERED, status_code=code, excerpt=excerpt)
    if code == _GONE:
        return Outcome(
            Next.FAILED, status_code=code, excerpt=excerpt, reason="gone (410)", is_gone=True
        )
    error = "redirects are not followed" if 300 <= code < 400 else ""
    wait = parse_retry_after(answer.headers.get("retry-after", ""), now)
    return Outcome(Next.RETRY, status_code=code, excerpt=excerpt, error=error, retry_after=wait)


def _as_text(body: bytes) -> str:
    """The answer's beginning as text PostgreSQL can hold: no NUL, no broken character."""
    return body[:EXCERPT_BYTES].decode("utf-8", "replace").replace("\x00", "�")
