"""What stands around every page of the admin portal: navigation, organisation, zone, banner.

Templates read it as `request.layout`. Only `is_maintenance_overdue` asks the database, when it is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import NoReverseMatch, reverse

from common.clock import utc_now
from common.clock import zone as zone_of
from common.local_time import zone_label
from organisations import maintenance
from organisations.models import Membership, User
from portals.accounts.places import DOCTOR_PORTAL, is_there

STARTED_AT = utc_now()  # a fresh start has its first minutes, too
LAYOUT_QUERIES = 1  # the last maintenance run, on a whole page


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the navigation. `package` is the room's package, by which it knows it is open."""

    label: str
    route: str
    package: str
    icon: str


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    icon: str
    is_current: bool


DAILY = (
    Room("Dashboard", "clinic:dashboard", "dashboard", "home"),
    Room("Appointments", "clinic:appointments", "appointments", "calendar-days"),
    Room("Patients", "clinic:patients", "patients", "users"),
    Room("Doctors", "clinic:doctors", "doctors", "user-circle"),
    Room("Appointment types", "clinic:types", "types", "rectangle-stack"),
)
SETTINGS = (
    Room("Booking secrets", "clinic:secrets", "secrets", "lock-closed"),
    Room("Notification subscriptions", "clinic:subscriptions", "subscriptions", "bell"),
    Room("API keys", "clinic:keys", "keys", "key"),
    Room("Shops", "clinic:shops", "shops", "building-storefront"),
    Room("Team", "clinic:team", "team", "user-group"),
    Room("Audit log", "clinic:audit", "audit", "clipboard-document-list"),
)


@dataclass(frozen=True)
class Layout:
    user: User
    membership: Membership
    memberships: Sequence[Membership]
    is_doctor: bool
    may_change_settings: bool
    may_export: bool
    view_module: str
    zone: str
    now: datetime

    @property
    def daily(self) -> list[Link]:
        return self._links(DAILY)

    @property
    def settings(self) -> list[Link]:
        return self._links(SETTINGS) if self.may_change_settings else []

    @property
    def home(self) -> str:
        return route_or_blank("clinic:dashboard") or "/"

    @property
    def doctor_portal(self) -> str:
        """Where a member who is a doctor, too, switches to; "" for everybody else."""
        return DOCTOR_PORTAL if self.is_doctor and is_there(DOCTOR_PORTAL) else ""

    @property
    def search_url(self) -> str:
        return route_or_blank("clinic:search")

    @property
    def account_url(self) -> str:
        return route_or_blank("clinic:account")

    @property
    def sign_out_url(self) -> str:
        return route_or_blank("account_logout")

    @property
    def zone_in_words(self) -> str:
        """E.g. `Europe/Berlin, CET`."""
        return zone_label(self.now.astimezone(zone_of(self.zone)), self.zone)

    @cached_property
    def is_maintenance_overdue(self) -> bool:
        return maintenance.is_overdue(self.now, started_at=STARTED_AT)

    def _links(self, rooms: Sequence[Room]) -> list[Link]:
        return [
            Link(room.label, url, room.icon, self._is_open(room))
            for room in rooms
            if (url := route_or_blank(room.route))
        ]

    def _is_open(self, room: Room) -> bool:
        return f"{self.view_module}.".startswith(f"portals.clinic.{room.package}.")


def route_or_blank(name: str) -> str:
    """The route's address, or "" while there is no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
