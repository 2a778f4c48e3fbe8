"""Fill or top up the demo's two clinics and write demo.json. `manage.py demo` runs this before the servers."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from appointments.models import Appointment
from common.clock import utc_now
from organisations.models import User
from rxscale.demo import handover, shop_keys, visits
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
        path = handover.write(northside, harbour, now=utc_now())
        shop_keys.hand_over(northside, handover.booking_secret(path), now=utc_now())
        self.stdout.write(handover.words(path))

    def _clinic(self, plan: ClinicPlan) -> Clinic:
        now = utc_now()
        since = now - timedelta(days=visits.PAST_DAYS)
        clinic = stand_up(plan, since=since, now=now)
        if Appointment.objects.of(clinic.organisation).exists():
            added = visits.top_up(clinic, now=now)
            self.stdout.write(f"{plan.name}: {added} visits added for the coming fortnight")
        else:
            visits.live_through(clinic, since=since, now=now)
            made = Appointment.objects.of(clinic.organisation).count()
            self.stdout.write(
                f"{plan.name}: {made} visits of {visits.PAST_DAYS} days past and the coming fortnight"
            )
        return clinic
