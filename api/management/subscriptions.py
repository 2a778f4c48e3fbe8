"""Notification subscriptions: made, deleted, tested."""

from ninja import Router

from organisations.models import Permission

from .acting import keyed

router = Router(tags=["Notification subscriptions"], auth=keyed(Permission.SUBSCRIPTION_READ))
