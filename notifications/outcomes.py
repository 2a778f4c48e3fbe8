"""What an attempt to send came to: made by a channel, recorded by the engine."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from .models import DeliveryState, SuppressionReason


class Next(Enum):
    """What follows: the delivery is settled in a state, or tried again."""

    RETRY = "retry"
    SENT = DeliveryState.SENT.value
    DELIVERED = DeliveryState.DELIVERED.value
    BOUNCED = DeliveryState.BOUNCED.value
    SKIPPED = DeliveryState.SKIPPED.value
    FAILED = DeliveryState.FAILED.value
    UNKNOWN = DeliveryState.UNKNOWN.value


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason` is stored with a settled delivery, `error` with the attempt.

    `was_slow`: the far end let the time run out, so the rest of what waits for it stands back.
    `is_gone`: the endpoint answered 410 and wants nothing more.
    """

    next: Next
    status_code: int | None = None
    reason: str = ""
    error: str = ""
    excerpt: str = ""
    provider_message_id: str = ""
    retry_after: timedelta | None = None
    suppress: SuppressionReason | None = None
    was_slow: bool = False
    is_gone: bool = False
