"""Celery's doors to the delivery engine. They carry row numbers at most; the plan is in the database."""

from celery import shared_task

from common.clock import utc_now

from . import delivery


@shared_task(name="notifications.deliver", acks_late=True)
def deliver(ids: list[int]) -> None:
    """Send these deliveries, as far as they are due and free."""
    delivery.deliver(ids, utc_now())


@shared_task(name="notifications.deliver_due", acks_late=True)
def deliver_due() -> None:
    """Send what is due and free."""
    delivery.deliver_due(utc_now())
