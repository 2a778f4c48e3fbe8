"""What stands around every page of a portal: navigation, organisation, zone, banner.

Templates read it as `request.layout`; `templates/portals/page.html` draws it. Only `is_maintenance_overdue`
asks the database, when it is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from common.clock import utc_now
from common.clock import zone as zone_of
from common.local_time import zone_label
from organisations import maintenance
from organisations.models import Organisation, User

from .accounts.places import Place
from .addresses import route_or_blank

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


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A portal says which it is, where its rooms and pages are, and what the person is there."""

    user: User
    organisation: Organisation
    organisations: Sequence[Organisation]
    view_module: str
    zone: str
    now: datetime

    package: ClassVar[str]
    home_route: ClassVar[str]
    switch_route: ClassVar[str]
    search_route: ClassVar[str] = ""
    account_route: ClassVar[str] = ""
    account_label: ClassVar[str] = "My account"
    has_tab_bar: ClassVar[bool] = (
        False  # on a phone its few rooms are in reach of the thumb, not in a menu
    )

    @property
    def daily(self) -> list[Link]:
        raise NotImplementedError

    @property
    def settings(self) -> list[Link]:
        """A second group of rooms; most portals have none."""
        return []

    @property
    def role(self) -> str:
        """What the person is in the organisation, in a word."""
        raise NotImplementedError

    @property
    def other_portals(self) -> list[Place]:
        """Where somebody who belongs in several portals switches to."""
        return []

    @property
    def home(self) -> str:
        return route_or_blank(self.home_route) or "/"

    @property
    def switch_url(self) -> str:
        return route_or_blank(self.switch_route)

    @property
    def search_url(self) -> str:
        return route_or_blank(self.search_route)

    @property
    def account_url(self) -> str:
        return route_or_blank(self.account_route)

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

    def links(self, rooms: Sequence[Room]) -> list[Link]:
        """The rooms that are there."""
        return [
            Link(room.label, url, room.icon, self._is_open(room))
            for room in rooms
            if (url := route_or_blank(room.route))
        ]

    def _is_open(self, room: Room) -> bool:
        return f"{self.view_module}.".startswith(f"{self.package}.{room.package}.")
