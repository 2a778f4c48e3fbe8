"""The word and the tone of every state a person sees: never a colour alone."""

from dataclasses import dataclass

from appointments.status import Status
from notifications.models import DeliveryState


@dataclass(frozen=True, slots=True)
class Badge:
    """`tone` is a CSS class: is-good, is-warn, is-bad, is-info or "" (quiet)."""

    word: str
    tone: str = ""


BADGES: dict[str, Badge] = {
    Status.HELD: Badge("Held", "is-warn"),
    Status.CONFIRMED: Badge("Confirmed", "is-good"),
    Status.CANCELLED: Badge("Cancelled", "is-bad"),
    Status.EXPIRED: Badge("Expired"),
    Status.COMPLETED: Badge("Completed", "is-info"),
    Status.NO_SHOW: Badge("No-show", "is-bad"),
    DeliveryState.PENDING: Badge("Pending", "is-info"),
    DeliveryState.SENT: Badge("Sent", "is-good"),
    DeliveryState.DELIVERED: Badge("Delivered", "is-good"),
    DeliveryState.BOUNCED: Badge("Bounced", "is-bad"),
    DeliveryState.SKIPPED: Badge("Skipped"),
    DeliveryState.FAILED: Badge("Failed", "is-bad"),
    DeliveryState.UNKNOWN: Badge("Unknown", "is-warn"),
    "planned": Badge("Planned", "is-info"),
    "sending": Badge("Sending", "is-info"),
    "missed": Badge("Missed", "is-warn"),
    "active": Badge("Active", "is-good"),
    "failing": Badge("Failing", "is-bad"),
    "disabled": Badge("Disabled", "is-bad"),
    "inactive": Badge("Deactivated"),
    "revoked": Badge("Revoked"),
    "invited": Badge("Invited", "is-info"),
    "stopped": Badge("Stopped", "is-warn"),
}


def badge_of(state: str, tone: str = "") -> Badge:
    """The badge of a known state; any other text is its own word. `tone` (`good`, `bad` …) overrides."""
    badge = BADGES.get(state, Badge(str(state)))
    return Badge(badge.word, f"is-{tone}") if tone else badge
