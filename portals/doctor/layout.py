"""What stands around every page of the doctor portal: its four rooms, and the way to the admin portal."""

from dataclasses import dataclass
from typing import ClassVar

from portals import layout
from portals.accounts.places import ADMIN_PORTAL, Place
from portals.layout import Link, Room

ROOMS = (
    Room("Today", "doctor:today", "today", "home"),
    Room("Appointments", "doctor:appointments", "appointments", "calendar-days"),
    Room("Availability", "doctor:availability", "availability", "clock"),
    Room("Settings", "doctor:settings", "settings", "cog-6-tooth"),
)


@dataclass(frozen=True, kw_only=True)
class Layout(layout.Layout):
    is_member: bool

    package: ClassVar[str] = "portals.doctor"
    home_route: ClassVar[str] = "doctor:today"
    switch_route: ClassVar[str] = "doctor:switch-organisation"
    account_route: ClassVar[str] = "doctor:settings"
    account_label: ClassVar[str] = "Settings"
    has_tab_bar: ClassVar[bool] = True

    @property
    def daily(self) -> list[Link]:
        return self.links(ROOMS)

    @property
    def role(self) -> str:
        return "Doctor"

    @property
    def other_portals(self) -> list[Place]:
        return [ADMIN_PORTAL] if self.is_member else []
