"""Fill or top up the demo's two clinics and write demo.json. `manage.py demo` runs this before the servers."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from appointments.models import Appointment
from common.clock import utc_now
from organisations.models import User
from rxscale.demo import handover, on_call, partners, set_pieces, shop_keys, visits
from rxscale.demo.clinic import HARBOUR, NORTHSIDE, PASSWORD, Clinic, ClinicPlan, stand_up


class Command(BaseCommand):
    help = "Fill or top up the demo's clinics, dated relative to now."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError(
                "The demo's clinics have no place in production (RXSCALE_ENV=production)."
            )
        if not User.objects.filter(email=handover.STAFF_EMAIL).exists():
            User.objects.create_superuser(handover.STAFF_EMAIL, PASSWORD, name="RxScale team")
        northside, harbour = (self._clinic(plan) for plan in (NORTHSIDE, HARBOUR))
        # The stories first: what happens in them is long past when anybody subscribes.
        set_pieces.tell(northside, now=utc_now())
        self._tell_of_partners(northside, int(os.environ.get("PORT", "8000")))
        path = handover.write(northside, harbour, now=utc_now())
        shop_keys.hand_over(northside, handover.booking_secret(path), now=utc_now())
        on_call.bring_to_life(northside, now=utc_now())
        self.stdout.write(handover.words(path))

    def _tell_of_partners(self, clinic: Clinic, port: int) -> None:
        try:
            partners.tell(clinic, port=port, now=utc_now())
        except OSError as error:
            raise CommandError(f"Port {port}: {error.strerror}. Set PORT to another.") from None

    def _clinic(self, plan: ClinicPlan) -> Clinic:
        now = utc_now()
        clinic = stand_up(plan, since=visits.life_begins(now), now=now)
        if Appointment.objects.of(clinic.organisation).exists():
            added = visits.top_up(clinic, now=now)
            self.stdout.write(f"{plan.name}: {added} visits added for the coming fortnight")
        else:
            visits.live_through(clinic, now=now)
            made = Appointment.objects.of(clinic.organisation).count()
            self.stdout.write(f"{plan.name}: {made} visits, past and to come")
        return clinic
