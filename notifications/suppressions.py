"""Addresses nothing is sent to any more: shown to the clinic, and lifted by it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from organisations import audit
from organisations.actors import Actor
from organisations.models import Organisation

from .models import Suppression


def of_addresses(organisation: Organisation, addresses: Iterable[str]) -> list[Suppression]:
    """The suppressions of these e-mail addresses and numbers; blanks have none. One query at most."""
    wanted = {address.lower() for address in addresses if address}
    if not wanted:
        return []
    return list(Suppression.objects.of(organisation).filter(address__in=wanted).order_by("pk"))


def lift(
    suppression: Suppression, *, about_uid: str = "", actor: Actor, now: datetime
) -> Suppression:
    """Send to the address again. What a provider refuses (a STOP, a dead mailbox) comes back by itself.

    Lifted already: nothing happens. Audited without the address, under `about_uid`, whose address it is.
    """
    with transaction.atomic():
        gone, _ = Suppression.objects.filter(pk=suppression.pk).delete()
        if gone:
            audit.record(
                suppression.organisation,
                "suppression.lifted",
                actor=actor,
                now=now,
                object_uid=about_uid,
                details={"channel": suppression.channel, "reason": suppression.reason},
            )
    return suppression
