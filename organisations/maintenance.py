"""Whether the maintenance manager keeps its minute, as `/readyz` and the portals say it."""

from datetime import datetime

from django.conf import settings

from .models import MaintenanceRun


def last_run() -> MaintenanceRun | None:
    """The last run that came to its end."""
    return MaintenanceRun.objects.exclude(finished_at=None).order_by("-started_at").first()


def is_overdue(now: datetime, *, started_at: datetime) -> bool:
    """Whether no run has ended lately, counted from `started_at` (this process's) where that is later."""
    last = last_run()
    ended_at = last.finished_at if last else None
    since = max(ended_at, started_at) if ended_at else started_at
    overdue: bool = now - since > settings.MAINTENANCE_OVERDUE_AFTER
    return overdue
