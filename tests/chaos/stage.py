"""The stage: a clinic that is booked, a clinic whose visits come due, and who is told of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.clock import utc_now
from notifications import subscriptions
from notifications.models import EventType
from organisations.models import Organisation
from tests.api.world import make_clinic
from tests.factories import ADMIN, make_doctor, make_patient
from tests.reminders.world import DAY, HOUR, World

from .house import House
from .load import Ledger, Shop
from .outside import Outside

DOCTORS = 8
MAINTENANCE_SECONDS = 2.0


@dataclass
class Stage:
    house: House
    outside: Outside
    shop: Shop
    clinic: World
    ledger: Ledger = field(default_factory=Ledger)
    visits: int = 0

    def let_visits_come_due(self, count: int, over: timedelta) -> None:
        """Confirmed a day ago, an hour ahead of their start one after the other from now on."""
        now = utc_now()
        for number in range(count):
            self.visits += 1
            self.clinic.visit(
                now + HOUR + over * number / count,
                confirmed_at=now - DAY,
                doctor=make_doctor(organisation=self.clinic.organisation),
                patient=make_patient(
                    shop=self.clinic.shop, phone=f"+49151{1_000_000 + self.visits:08d}"
                ),
            )


def environment_of(house: House, outside: Outside) -> Mapping[str, str]:
    return {
        "DATABASE_URL": house.postgres.url,
        "REDIS_URL": house.valkey.url,
        "RXSCALE_ENV": "test",
        "RXSCALE_DATA_DIR": str(house.folder),
        "RXSCALE_CHAOS_CRASHES": str(house.crashes),
        "PORT": str(house.port),
        "WEB_CONCURRENCY": "2",
        "RATE_LIMIT": "off",
        "LOG_LEVEL": "INFO",
        "MAINTENANCE_INTERVAL_SECONDS": str(MAINTENANCE_SECONDS),
        "ALLOW_LOOPBACK_WEBHOOKS": "true",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(outside.mailbox.port),
        "TWILIO_ACCOUNT_SID": "AC" + "a" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+4930123456",
        "TWILIO_API_BASE": f"http://127.0.0.1:{outside.sms.port}",
    }


def arrange(house: House, outside: Outside) -> Stage:
    now = utc_now()
    clinic = make_clinic(name="Booked Clinic")
    for _ in range(DOCTORS - 1):
        clinic.second_doctor()
    world = World()
    world.rule(60, "patient", send_email=True, send_sms=True, now=now - 2 * DAY)
    world.rule(60, "doctor", send_email=True, now=now - 2 * DAY)
    _subscribe(clinic.organisation, EventType.MEETING_UPDATED, outside, now)
    _subscribe(world.organisation, EventType.REMINDER_DUE, outside, now)
    shop = Shop(
        house.port,
        clinic.secret.key_id,
        clinic.secret_text,
        clinic.shop.identifier,
        clinic.kind.uid,
    )
    return Stage(house, outside, shop, world)


def _subscribe(
    organisation: Organisation, kind: EventType, outside: Outside, now: datetime
) -> None:
    subscriptions.create(
        organisation, notification_type=kind, target=outside.partner.url, actor=ADMIN, now=now
    )
