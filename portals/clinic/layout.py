"""What stands around every page of the admin portal: its rooms, and who may see which of them."""

from dataclasses import dataclass
from typing import ClassVar

from organisations.models import Membership
from portals import layout
from portals.accounts.places import DOCTOR_PORTAL, Place
from portals.layout import LAYOUT_QUERIES, Link, Room

__all__ = ["LAYOUT_QUERIES", "Layout"]

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


@dataclass(frozen=True, kw_only=True)
class Layout(layout.Layout):
    membership: Membership
    is_doctor: bool
    may_change_settings: bool
    may_export: bool

    package: ClassVar[str] = "portals.clinic"
    home_route: ClassVar[str] = "clinic:dashboard"
    switch_route: ClassVar[str] = "clinic:switch-organisation"
    search_route: ClassVar[str] = "clinic:search"
    account_route: ClassVar[str] = "clinic:account"

    @property
    def daily(self) -> list[Link]:
        return self.links(DAILY)

    @property
    def settings(self) -> list[Link]:
        return self.links(SETTINGS) if self.may_change_settings else []

    @property
    def role(self) -> str:
        return self.membership.get_role_display()

    @property
    def other_portals(self) -> list[Place]:
        return [DOCTOR_PORTAL] if self.is_doctor else []
